"""First analysis: how large are the penguins of each species?"""

import pandas as pd


def main(penguins) -> pd.DataFrame:
    groups = penguins.groupby("species")
    return groups.agg(
        penguins=("species", "size"),
        mass_kg=("mass_kg", "mean"),
        flipper_mm=("flipper_length_mm", "mean"),
    ).round(2)
