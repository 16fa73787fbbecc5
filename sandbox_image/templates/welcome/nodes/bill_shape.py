"""Second analysis: how strongly do two measurements go together within a species?

Runs at the same time as "Body size": neither needs the other.
"""

import pandas as pd


def main(penguins, *, measure: str = "bill_length_mm", against: str = "mass_kg") -> pd.DataFrame:
    rows = []
    for species, group in penguins.groupby("species"):
        rows.append({
            "species": species,
            "bill_mm": round(group["bill_length_mm"].mean(), 1),
            "correlation": round(group[measure].corr(group[against]), 2),
        })
    return pd.DataFrame(rows).set_index("species")
