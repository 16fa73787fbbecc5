"""stdout and stderr of a run: read as they come, told in pieces, kept within limits."""

import asyncio
import codecs
import os
from collections.abc import Callable
from typing import Final

from sandbox_image.wire.limits import KIB, MAX_STREAM

READ: Final = 64 * KIB
PIECE: Final = 16 * KIB
"""Characters after which text is told at once."""
DELAY: Final = 0.02
"""Seconds that text waits for more of it."""
LATE_DELAY: Final = 0.25
"""The same once ``MAX_STREAM`` was told: then only the newest ``PIECE`` is, and offsets show the gap."""
DRAIN: Final = 4 * MAX_STREAM
"""Bytes read at a run's end from a stream that something else still writes to."""


class BoundedText:
    """The head and the tail of a stream, at most ``MAX_STREAM`` bytes in all."""

    def __init__(self, limit: int = MAX_STREAM) -> None:
        self._half = limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        room = self._half - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if len(self._tail) > 2 * self._half:
            self._trim()

    def text(self) -> str:
        """Return what was kept, with a note where something was left out."""
        self._trim()
        if not self._left_out:
            return (self._head + self._tail).decode("utf-8", "replace")
        note = f"\n… {self._left_out} bytes left out …\n"
        return self._head.decode("utf-8", "ignore") + note + self._tail.decode("utf-8", "ignore")

    def _trim(self) -> None:
        surplus = len(self._tail) - self._half
        if surplus > 0:
            self._left_out += surplus
            del self._tail[:surplus]


class StreamReader:
    """Reads one pipe until it ends. ``tell(text, offset)`` gets pieces; ``offset`` counts characters."""

    def __init__(self, descriptor: int, tell: Callable[[str, int], None]) -> None:
        self._descriptor = descriptor
        self._tell = tell
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._kept = BoundedText()
        self._pending: list[str] = []
        self._pending_size = 0
        self._offset = 0
        self._timer: asyncio.TimerHandle | None = None
        self._open = True
        self._loop = asyncio.get_running_loop()
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._readable)

    def text(self) -> str:
        """Return what is kept of the stream so far."""
        return self._kept.text()

    def close(self) -> None:
        """Read what is in the pipe now, tell the rest, and stop reading."""
        left = DRAIN
        while self._open and left > 0:
            left -= self._read() or left
        self._add(self._decoder.decode(b"", final=True))
        self._flush()
        self._end()

    def _readable(self) -> None:
        self._read()

    def _read(self) -> int:
        """Read once; 0 when there is nothing to read at present or any more."""
        try:
            data = os.read(self._descriptor, READ)
        except BlockingIOError:
            return 0
        if not data:
            self._end()
            return 0
        self._kept.add(data)
        self._add(self._decoder.decode(data))
        return len(data)

    def _end(self) -> None:
        if self._open:
            self._open = False
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)

    def _add(self, text: str) -> None:
        if not text:
            return
        self._pending.append(text)
        self._pending_size += len(text)
        late = self._offset > MAX_STREAM
        if late:
            if self._pending_size > 4 * PIECE:
                self._skip()
        elif self._pending_size >= PIECE:
            self._flush()
            return
        if self._timer is None:
            self._timer = self._loop.call_later(LATE_DELAY if late else DELAY, self._flush)

    def _skip(self) -> None:
        text = "".join(self._pending)
        self._offset += len(text) - PIECE
        self._pending = [text[-PIECE:]]
        self._pending_size = PIECE

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pending:
            return
        text = "".join(self._pending)
        self._pending.clear()
        self._pending_size = 0
        for start in range(0, len(text), 4 * PIECE):
            piece = text[start : start + 4 * PIECE]
            self._tell(piece, self._offset)
            self._offset += len(piece)
