"""Brings both analyses together and keeps the species that are heavy enough."""

import pandas as pd


def main(size, shape, least_mass) -> pd.DataFrame:
    species = size.join(shape)
    heavy = species[species["mass_kg"] >= float(least_mass)]
    print(f"{len(heavy)} of {len(species)} species weigh at least {least_mass} kg on average")
    return heavy.sort_values("mass_kg", ascending=False)
