"""The events of one run: numbered from 1, bounded, followed by any number of clients while the run goes on."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from sandbox_image.agent.events.oversize import shrink
from sandbox_image.wire.events import TYPE_NAMES
from sandbox_image.wire.limits import EVENT_RING, MAX_EVENT, MAX_EVENT_FRAME, MIB

MAX_BYTES: Final = 16 * MIB
"""Bytes of events that a run keeps; the oldest go first."""


class Journal:
    """Events as lines of JSON, without the line ends."""

    def __init__(self, lines: Sequence[bytes] = (), *, closed: bool = False) -> None:
        self._lines = deque(lines)
        self._bytes = sum(map(len, lines))
        self._first = _seq(lines[0]) if lines else 1
        self._closed = closed
        self._news = asyncio.Event()

    def append(self, data: Any) -> None:
        """Add an event with ``data``, a struct of ``wire/events.py``."""
        line = self._encoded(data)
        if len(line) > MAX_EVENT:
            smaller = shrink(data)
            if smaller is not None:
                line = self._encoded(smaller)
        self._lines.append(line)
        self._bytes += len(line)
        while len(self._lines) > EVENT_RING or (self._bytes > MAX_BYTES and len(self._lines) > 1):
            self._bytes -= len(self._lines.popleft())
            self._first += 1
        self._wake()

    def close(self) -> None:
        """Say that the run is over: who follows comes to an end."""
        self._closed = True
        self._wake()

    def lines(self) -> list[bytes]:
        """Return the events that are kept."""
        return list(self._lines)

    async def follow(self, after: int, *, follow: bool) -> AsyncIterator[bytes]:
        """Yield blocks of lines after number ``after``; with ``follow`` until the run is over, else those there are."""
        while True:
            news = self._news
            skip = max(0, after + 1 - self._first)
            if skip < len(self._lines):
                block = self._block(skip)
                after = max(after, self._first - 1) + len(block)
                yield b"\n".join(block) + b"\n"
            elif self._closed or not follow:
                return
            else:
                await news.wait()

    def _block(self, skip: int) -> list[bytes]:
        """Lines from the ``skip``-th on, about ``MAX_EVENT_FRAME`` bytes of them."""
        block: list[bytes] = []
        size = 0
        for line in islice(self._lines, skip, None):
            block.append(line)
            size += len(line)
            if size >= MAX_EVENT_FRAME:
                break
        return block

    def _encoded(self, data: Any) -> bytes:
        seq = self._first + len(self._lines)
        return msgspec.json.encode({"seq": seq, "at": time.time(), "type": TYPE_NAMES[type(data)], "data": data})

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def _seq(line: bytes) -> int:
    class Numbered(msgspec.Struct):
        seq: int

    return msgspec.json.decode(line, type=Numbered).seq
