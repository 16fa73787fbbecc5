"""Names: which titles are allowed, and the file names made of them."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_NAME
from sandbox_image.wire.names import NameFault, fault_of_name, normal_name

from .flow_file import NODE_FOLDER

MAX_SLUG_BYTES: Final = 100
"""Bytes of a file name's stem: file systems allow 255 for the whole name."""
MAX_ID: Final = 100
_ID: Final = re.compile(rf"[A-Za-z0-9_.:-]{{1,{MAX_ID}}}")
_NO_WORD: Final = re.compile(r"[^\w]+")
_WHY: Final = {
    NameFault.NOT_TEXT: "must be valid text",
    NameFault.EMPTY: "must not be empty",
    NameFault.CONTROLS: "must not hold line breaks or control characters",
    NameFault.TURNS: "must not hold characters that change the direction of reading",
    NameFault.UNSEEN: "must hold something that can be seen",
    NameFault.PATH: "must not hold parts of a path, such as / or \\",
}


def checked_name(value: str, what: str) -> str:
    """``value`` without spaces around it. Raises INVALID naming ``what`` for a name that no list or file could show."""
    if _is_plain(value):
        return value
    name = normal_name(value)
    fault = fault_of_name(name)
    if fault is None:
        return name
    raise _refused(
        what, f"has {len(name)} characters; the limit is {MAX_NAME}" if fault is NameFault.TOO_LONG else _WHY[fault]
    )


def checked_id(value: str, what: str) -> str:
    """``value``, when it can be an identity. Raises INVALID otherwise."""
    if not _ID.fullmatch(value):
        raise _refused(what, f"must be 1 to {MAX_ID} of the characters A-Z a-z 0-9 _ . : -")
    return value


class Taken:
    """Names that must not be given again, also where case does not count. Those that it gives are taken from then on."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {name.casefold() for name in names}
        self._numbers: dict[str, int] = {}

    def first_free(self, stem: str, numbered: Callable[[int], str]) -> str:
        """The first of ``numbered(1)``, ``numbered(2)`` … that is free; equal stems number alike."""
        number = self._numbers.get(stem, 1)
        while (name := numbered(number)).casefold() in self._names:
            number += 1
        self._numbers[stem] = number
        self._names.add(name.casefold())
        return name


def file_for(title: str, taken: Taken) -> str:
    """A path for the source of a node with this title."""
    stem = slug(title)
    return taken.first_free(stem, lambda number: f"{NODE_FOLDER}/{stem if number == 1 else f'{stem}_{number}'}.py")


def unique_title(title: str, taken: Taken) -> str:
    """``title``, or with a number behind it when it is taken."""

    def numbered(number: int) -> str:
        suffix = "" if number == 1 else f" {number}"
        return title[: MAX_NAME - len(suffix)] + suffix

    return taken.first_free(title, numbered)


def slug(title: str) -> str:
    """A stem that is an importable module's name: letters and digits of any script, the rest as underscores."""
    text = _NO_WORD.sub("_", unicodedata.normalize("NFKC", title).lower()).strip("_")
    while len(text.encode()) > MAX_SLUG_BYTES:
        text = text[:-1]
    text = text.strip("_")
    if not text:
        return "node"
    return text if text.isidentifier() else f"n_{text}"


def _is_plain(value: str) -> bool:
    """Whether a name passes every check, as most do: each save looks at all titles of a graph, which may be thousands."""
    return (
        value.isascii()
        and value.isprintable()
        and 0 < len(value) <= MAX_NAME
        and not value.startswith((" ", "."))
        and not value.endswith(" ")
        and not ("/" in value or "\\" in value)
    )


def _refused(what: str, why: str) -> AgentError:
    return AgentError(ErrorCode.INVALID, f"The {what} {why}.", field=what)
