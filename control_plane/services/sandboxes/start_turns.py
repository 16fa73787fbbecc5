"""Who is served next: lines take turns, and within a line its people do.

A line is a course, or a person whose project belongs to none. A class of two hundred that begins at once is served first, then
whoever else waits, then the second of the two hundred; in the class the same holds for somebody who starts thirty sandboxes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar


@dataclass(frozen=True, slots=True)
class Place:
    """Where a start stands: its line, and its owner in it."""

    line: str
    owner: str


class Waiting(Protocol):
    """What waits. ``number`` counts up as they come."""

    place: Place
    number: int


W = TypeVar("W", bound=Waiting)


class Turns:
    """Round robin over keys, for ever: the turn that is being served, and the last turn that each key had."""

    def __init__(self) -> None:
        self._now = 0
        self._had: dict[str, int] = {}

    @property
    def remembered(self) -> frozenset[str]:
        """Keys whose last turn still counts."""
        return frozenset(self._had)

    def order(self, waiting: Sequence[W], key: Callable[[W], str]) -> list[tuple[int, W]]:
        """Return those that wait with the turn of each, the next first. Those of one key stay in the order that is given."""
        latest: dict[str, int] = {}
        turns: list[tuple[int, W]] = []
        for each in waiting:
            name = key(each)
            latest[name] = latest[name] + 1 if name in latest else max(self._now, self._had.get(name, -1) + 1)
            turns.append((latest[name], each))
        return sorted(turns, key=lambda turn: (turn[0], turn[1].number))

    def serve(self, name: str, turn: int) -> None:
        """Note that a key had its turn; turns of the past are forgotten."""
        self._now = turn
        self._had = {each: had for each, had in self._had.items() if had >= turn} | {name: turn}


class StartTurns:
    """The turns of lines, and in each line those of its owners."""

    def __init__(self) -> None:
        self._lines = Turns()
        self._owners: dict[str, Turns] = {}

    def order(self, waiting: Sequence[W]) -> list[W]:
        """Return those that wait, the next first."""
        return [each for _, each in self._ordered(waiting)]

    def serve_next(self, waiting: Sequence[W]) -> W:
        """Return the next of those that wait, which has had its turn then."""
        turn, served = self._ordered(waiting)[0]
        line, owner = served.place.line, served.place.owner
        owners = self._owners.setdefault(line, Turns())
        own_turn = next(t for t, each in self._in_line(line, waiting) if each is served)
        owners.serve(owner, own_turn)
        self._lines.serve(line, turn)
        still = {each.place.line for each in waiting} | self._lines.remembered
        self._owners = {name: turns for name, turns in self._owners.items() if name in still}
        return served

    def _ordered(self, waiting: Sequence[W]) -> list[tuple[int, W]]:
        lines = dict.fromkeys(each.place.line for each in waiting)
        in_lines = [each for line in lines for _, each in self._in_line(line, waiting)]
        return self._lines.order(in_lines, lambda each: each.place.line)

    def _in_line(self, line: str, waiting: Sequence[W]) -> list[tuple[int, W]]:
        owners = self._owners.get(line) or Turns()
        mine = [each for each in waiting if each.place.line == line]
        return owners.order(mine, lambda each: each.place.owner)
