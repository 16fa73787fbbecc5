"""Which names a project, a node or a flow may have: what lists can show and files can be called after. The same on both sides."""

import unicodedata
from enum import Enum, auto
from typing import Final

from .limits import MAX_NAME


class NameFault(Enum):
    """What is wrong with a name."""

    NOT_TEXT = auto()
    """It has lone surrogates, which JSON can smuggle in and no file name can hold."""
    EMPTY = auto()
    TOO_LONG = auto()
    CONTROLS = auto()
    """It has line breaks or control characters."""
    TURNS = auto()
    """It has characters that have what follows them read the other way round."""
    UNSEEN = auto()
    """Nothing of it can be seen."""
    PATH = auto()
    """It has parts of a path, such as slashes."""


_CONTROLS: Final = frozenset({"Cc", "Zl", "Zp"})
"""Unicode's categories of them. What joins the parts of an emoji, or keeps letters of some scripts apart, is none of them."""
_TURNS_DIRECTION: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def normal_name(value: str) -> str:
    """``value`` without spaces around it, and with one way of writing each character."""
    return unicodedata.normalize("NFC", value.strip())


def fault_of_name(name: str) -> NameFault | None:
    """What is wrong with a normal name; None: nothing. It may have up to ``MAX_NAME`` characters."""
    found = {
        NameFault.NOT_TEXT: any(unicodedata.category(character) == "Cs" for character in name),
        NameFault.EMPTY: not name,
        NameFault.TOO_LONG: len(name) > MAX_NAME,
        NameFault.CONTROLS: any(unicodedata.category(character) in _CONTROLS for character in name),
        NameFault.TURNS: any(unicodedata.bidirectional(character) in _TURNS_DIRECTION for character in name),
        NameFault.UNSEEN: not any(character.isprintable() and not character.isspace() for character in name),
        NameFault.PATH: "/" in name or "\\" in name or name in {".", ".."},
    }
    return next((fault for fault, there in found.items() if there), None)
