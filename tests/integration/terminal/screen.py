"""What a terminal shows, as an emulator library makes it of the bytes that came."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from copy import copy
from typing import Any, Final

import pyte
from pyte.screens import Char, Cursor, StaticDefaultDict

from .served import DEADLINE, Page

ALTERNATE: Final = frozenset({47, 1047, 1049})
"""Private modes in which a program draws on a screen of its own; the shell's comes back when it ends."""

Buffer = dict[int, StaticDefaultDict[int, Char]]


class _Emulated(pyte.Screen):
    """With the alternate screen, which the library leaves out."""

    _shells: tuple[Buffer, Cursor] | None = None

    def set_mode(self, *modes: int, **more: Any) -> None:
        super().set_mode(*modes, **more)
        if more.get("private") and ALTERNATE.intersection(modes) and self._shells is None:
            self._shells = self.buffer, copy(self.cursor)
            self.buffer = defaultdict(lambda: StaticDefaultDict(self.default_char))

    def reset_mode(self, *modes: int, **more: Any) -> None:
        super().reset_mode(*modes, **more)
        if more.get("private") and ALTERNATE.intersection(modes) and self._shells is not None:
            (self.buffer, self.cursor), self._shells = self._shells, None

    def select_graphic_rendition(self, *attributes: int, **more: Any) -> None:
        # With a question mark it is one, which the library does not tell from an order.
        if not more.get("private"):
            super().select_graphic_rendition(*attributes)


class Screen:
    """A screen; its first ``skipped`` rows are not compared. ``changed`` is set with each change."""

    def __init__(self, changed: asyncio.Event, skipped: int = 0) -> None:
        self._skipped = skipped
        self._screen = _Emulated(80, 24)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = changed

    def feed(self, data: bytes) -> None:
        self._stream.feed(data)
        self._changed.set()

    def resize(self, cols: int, rows: int) -> None:
        self._screen.resize(rows, cols)
        self._changed.set()

    @property
    def lines(self) -> list[str]:
        return self._screen.display[self._skipped :]

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row, from 0."""
        return self._screen.cursor.x, self._screen.cursor.y

    @property
    def is_alternate(self) -> bool:
        """True while a program draws on a screen of its own."""
        return self._screen._shells is not None

    def shows(self, text: str) -> bool:
        return any(text in line for line in self._screen.display)

    async def follow(self, page: Page) -> None:
        """Show what a page is sent until its socket ends."""
        known = 0
        while await page.step():
            for message in page.messages[known:]:
                if message["type"] in {"attached", "resized"}:
                    size = message.get("terminal", message)
                    self.resize(size["cols"], size["rows"])
            known = len(page.messages)
            if page.output:
                self.feed(bytes(page.output))
                page.output.clear()


def side_by_side(one: Screen, other: Screen) -> str:
    """Both screens, for whoever reads why a test failed."""
    rows = zip(one.lines, other.lines, strict=False)
    return f"cursors {one.cursor} and {other.cursor}\n" + "\n".join(f"{left} ‖ {right}" for left, right in rows)


async def until(changed: asyncio.Event, condition: Callable[[], bool]) -> None:
    """Wait for what only a change of a screen can bring about."""
    while not condition():
        changed.clear()
        await asyncio.wait_for(changed.wait(), DEADLINE)
