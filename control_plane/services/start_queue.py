"""The queue before the engine: a bounded number of starts at once, first come first served, with visible positions."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from control_plane.domain.errors import TooMany


class _Ticket:
    """One start that waits or runs."""

    __slots__ = ("admitted", "on_position")

    def __init__(self, on_position: Callable[[int], None]) -> None:
        self.admitted = asyncio.Event()
        self.on_position = on_position


class StartQueue:
    """Admits starts while fewer than ``concurrency`` run and ``has_room`` says that one more sandbox fits."""

    def __init__(self, concurrency: int, length: int, has_room: Callable[[], bool]) -> None:
        """``has_room`` is asked before each admission; ``pump`` must be called when its answer may have changed."""
        self._concurrency = concurrency
        self._length = length
        self._has_room = has_room
        self._waiting: deque[_Ticket] = deque()
        self._running = 0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many have been admitted and have not left."""
        return self._running

    @asynccontextmanager
    async def slot(self, on_position: Callable[[int], None]) -> AsyncGenerator[None, None]:
        """Wait for a turn and hold it. ``on_position`` is told 1, 2 … while waiting. Raises ``TooMany`` when full."""
        if len(self._waiting) >= self._length:
            raise TooMany("Too many sandboxes wait to be started. Try again in a minute.", waiting=len(self._waiting))
        ticket = _Ticket(on_position)
        self._waiting.append(ticket)
        try:
            self.pump()
            if not ticket.admitted.is_set():
                on_position(self._waiting.index(ticket) + 1)
                await ticket.admitted.wait()
            yield
        finally:
            if ticket.admitted.is_set():
                self._running -= 1
            else:
                self._waiting.remove(ticket)
                self._tell_positions()
            self.pump()

    def pump(self) -> None:
        """Admit those who may go now, and tell the others their new position."""
        admitted = False
        while self._waiting and self._running < self._concurrency and self._has_room():
            ticket = self._waiting.popleft()
            ticket.admitted.set()
            self._running += 1
            admitted = True
        if admitted:
            self._tell_positions()

    def _tell_positions(self) -> None:
        for position, ticket in enumerate(self._waiting, start=1):
            ticket.on_position(position)
