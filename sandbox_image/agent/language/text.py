"""Edits as the Language Server Protocol describes them: ranges of lines and UTF-16 code units."""

import re
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")
_LAST_OF_BASIC_PLANE: Final = "\uffff"


class Position(msgspec.Struct, frozen=True):
    """``character`` counts UTF-16 code units."""

    line: Count
    character: Count


class Range(msgspec.Struct, frozen=True):
    """From ``start`` up to, not including, ``end``."""

    start: Position
    end: Position


class ContentChange(msgspec.Struct, frozen=True):
    """An edit, or the whole new text where there is no range."""

    text: str
    range: Range | None = None


class Edited(msgspec.Struct, frozen=True):
    """A text after edits.

    ``exact`` is false when a position lay outside of the text, inside a character or after the range's end: servers
    disagree on what such an edit means, so it must reach them as a whole text.
    """

    text: str
    exact: bool


def apply_changes(text: str, changes: Sequence[ContentChange]) -> Edited:
    """Apply edits one after the other, each to the result of the one before."""
    exact = True
    for change in changes:
        if change.range is None:
            text = change.text
            continue
        start, start_exact = _offset(text, change.range.start)
        end, end_exact = _offset(text, change.range.end)
        exact = exact and start_exact and end_exact and start <= end
        if start > end:
            start, end = end, start
        text = text[:start] + change.text + text[end:]
    return Edited(text, exact)


def _offset(text: str, position: Position) -> tuple[int, bool]:
    """Index of a position in the string, clamped, and whether it needed no clamping."""
    # Most texts have no carriage return, and str.find is several times faster than the pattern.
    bounds = _bounds_of_any(text, position.line) if "\r" in text else _bounds(text, position.line)
    if bounds is None:
        return len(text), False
    start, end = bounds
    index, exact = _column(text[start:end], position.character)
    return start + index, exact


def _bounds(text: str, line: int) -> tuple[int, int] | None:
    start = 0
    for _ in range(line):
        start = text.find("\n", start) + 1
        if not start:
            return None
    end = text.find("\n", start)
    return start, len(text) if end < 0 else end


def _bounds_of_any(text: str, line: int) -> tuple[int, int] | None:
    start = 0
    for _ in range(line):
        found = _LINE_BREAK.search(text, start)
        if found is None:
            return None
        start = found.end()
    found = _LINE_BREAK.search(text, start)
    return start, found.start() if found else len(text)


def _column(line: str, units: int) -> tuple[int, bool]:
    if units <= len(line) and line[:units].isascii():
        return units, True
    count = 0
    for index, character in enumerate(line):
        if count >= units:
            return index, count == units
        count += 2 if character > _LAST_OF_BASIC_PLANE else 1
    return len(line), count == units
