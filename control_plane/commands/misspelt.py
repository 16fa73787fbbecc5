"""Environment variables that look like a setting with a slip: without a word, a server would run with the default."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

PREFIX: Final = "AIMFORGE_"
ALIKE: Final = 0.8
"""Share of letters that two names have in common; names that only the scripts and compose.yaml read have fewer."""


def misspelt(variables: Collection[str], settings: Collection[str]) -> dict[str, str]:
    """Map each variable that is no setting, and was probably meant to be one, to that setting."""
    known = {name.removeprefix(PREFIX) for name in settings}
    meant: dict[str, str] = {}
    for variable in sorted(variables):
        name = variable.removeprefix(PREFIX)
        if name == variable or name in known:
            continue
        anagrams = [other for other in known if sorted(other) == sorted(name)]
        if found := anagrams or get_close_matches(name, known, n=1, cutoff=ALIKE):
            meant[variable] = PREFIX + found[0]
    return meant
