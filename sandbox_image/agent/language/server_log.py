"""What the language servers said lately: their own lines, and the beginnings of the messages to and from them."""

import time
from collections import deque
from enum import StrEnum
from typing import Final

from msgspec import Struct

from sandbox_image.wire.language import LanguageServerKind

MAX_LINES: Final = 1000
MAX_MESSAGES: Final = 200
MAX_LINE: Final = 2000
"""Characters kept of one line."""
SHOWN: Final = 400
"""Bytes kept of one message."""


class Stream(StrEnum):
    """A standard stream of a server."""

    STDIN = "stdin"
    STDOUT = "stdout"
    STDERR = "stderr"


class LogLine(Struct, frozen=True):
    """One line. ``at`` is seconds since 1970."""

    at: float
    kind: LanguageServerKind
    line: str


class ServerLog:
    """The last lines and messages of all servers of a sandbox, bounded in number and size."""

    def __init__(self) -> None:
        self._lines: deque[LogLine] = deque(maxlen=MAX_LINES)
        self._messages: dict[tuple[LanguageServerKind, Stream], deque[bytes]] = {
            (kind, stream): deque(maxlen=MAX_MESSAGES) for kind in LanguageServerKind for stream in Stream
        }

    def add(self, kind: LanguageServerKind, line: str) -> None:
        """Keep a line about a server."""
        self._lines.append(LogLine(time.time(), kind, line[:MAX_LINE]))

    def add_error(self, kind: LanguageServerKind, line: str) -> None:
        """Keep a line that a server wrote to its standard error."""
        self.add(kind, line)
        self._messages[kind, Stream.STDERR].append(line[:MAX_LINE].encode(errors="replace"))

    def traffic(self, kind: LanguageServerKind, stream: Stream) -> deque[bytes]:
        """Where messages on a stream are noted; those who append cut them to ``SHOWN`` bytes."""
        return self._messages[kind, stream]

    def last(self, count: int) -> list[LogLine]:
        """The last lines, oldest first."""
        return list(self._lines)[-count:] if count > 0 else []

    def text(self, kind: LanguageServerKind, stream: Stream) -> str:
        """What was noted of a stream, one message a line."""
        return "".join(f"{noted.decode(errors='replace')}\n" for noted in self._messages[kind, stream])
