"""Draws every penguin; those of the species in the table are in colour."""

import matplotlib.pyplot as plt

COLOURS = {"Adelie": "#ff8c1a", "Chinstrap": "#a347d1", "Gentoo": "#0d7d87"}


def main(penguins, species):
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, group in penguins.groupby("species"):
        shown = name in species.index
        axes.scatter(
            group["flipper_length_mm"],
            group["mass_kg"],
            s=26,
            alpha=0.75 if shown else 0.35,
            color=COLOURS[name] if shown else "#b8b8b8",
            edgecolors="none",
            label=name if shown else f"{name} (too light)",
        )
    axes.set_xlabel("Flipper length (mm)")
    axes.set_ylabel("Body mass (kg)")
    axes.set_title("Longer flippers, heavier penguins", loc="left", weight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.2)
    axes.legend(frameon=False)
    return figure
