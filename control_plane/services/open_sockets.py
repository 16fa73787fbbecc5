"""The sockets that are open, by person and by project, so that they can be closed from outside with a reason."""

import asyncio
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from control_plane.domain.access import Share
from control_plane.domain.errors import TooMany
from sandbox_image.wire.closing import CloseCode

MAX_PER_PERSON: Final = 500
"""Where nothing else is said: some fifty open projects."""


@dataclass(eq=False, slots=True)
class OpenSocket:
    """One socket. ``closing`` is resolved with the code that whoever serves it shall close it with."""

    person_id: str
    project_id: str
    kind: str
    via: str = ""
    """Session or token that the person came by."""
    share: Share | None = None
    """What they were in the project when it opened, as far as anybody looked."""
    closing: asyncio.Future[CloseCode] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class OpenSockets:
    """All open sockets of this process."""

    def __init__(self, most: int = MAX_PER_PERSON) -> None:
        """``most`` is how many one person may have."""
        self._most = most
        self._sockets: set[OpenSocket] = set()

    def __len__(self) -> int:
        return len(self._sockets)

    @contextmanager
    def register(
        self, person_id: str, project_id: str, kind: str, via: str = "", share: Share | None = None
    ) -> Generator[OpenSocket]:
        """Count a socket in for as long as it is served. Raises ``TooMany``."""
        if sum(socket.person_id == person_id for socket in self._sockets) >= self._most:
            raise TooMany(f"You have {self._most} sockets open: close some tabs.")
        socket = OpenSocket(person_id, project_id, kind, via, share)
        self._sockets.add(socket)
        try:
            yield socket
        finally:
            self._sockets.discard(socket)
            socket.closing.cancel()

    def counts(self) -> Counter[str]:
        """Count sockets by kind."""
        return Counter(socket.kind for socket in self._sockets)

    def close_where(self, code_for: Callable[[OpenSocket], CloseCode | None]) -> int:
        """Close the sockets for which there is a code; how many."""
        closed = 0
        for socket in self._sockets:
            if not socket.closing.done() and (code := code_for(socket)) is not None:
                socket.closing.set_result(code)
                closed += 1
        return closed

    def close_project(self, project_id: str, code: CloseCode) -> int:
        """Close a project's sockets; how many."""
        return self.close_where(lambda socket: code if socket.project_id == project_id else None)
