"""The table that one would put into a report."""

import pandas as pd


def main(species) -> pd.DataFrame:
    names = {
        "penguins": "Penguins",
        "mass_kg": "Mass (kg)",
        "flipper_mm": "Flipper (mm)",
        "bill_mm": "Bill (mm)",
        "correlation": "Bill to mass",
    }
    return species.rename(columns=names).rename_axis("Species").reset_index()
