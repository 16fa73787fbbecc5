"""Drops rows without measurements and gives the columns units that people think in."""

import pandas as pd


def main(penguins, *, drop_unsexed: bool = True) -> pd.DataFrame:
    required = ["bill_length_mm", "flipper_length_mm", "body_mass_g"]
    if drop_unsexed:
        required.append("sex")
    clean = penguins.dropna(subset=required).copy()
    clean["mass_kg"] = clean["body_mass_g"] / 1000
    print(f"kept {len(clean)} of {len(penguins)} rows")
    return clean
