"""Reads the measurements that lie in the project's data folder."""

import pandas as pd


def main() -> pd.DataFrame:
    penguins = pd.read_csv("data/penguins.csv")
    print(f"{len(penguins)} penguins, {penguins['species'].nunique()} species")
    return penguins
