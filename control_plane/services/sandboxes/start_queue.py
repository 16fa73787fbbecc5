"""The queue before the engine: a bounded number of starts at once, in turn by line and owner, with visible positions.

``services.start_turns`` says whose turn it is. Who comes later waits for at most one start of each of the others.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from control_plane.domain.errors import TooMany
from control_plane.services.sandboxes.start_turns import Place, StartTurns


class _Ticket:
    """One start that waits or runs."""

    __slots__ = ("admitted", "number", "on_position", "place")

    def __init__(self, place: Place, number: int, on_position: Callable[[int], None]) -> None:
        self.admitted = asyncio.Event()
        self.place = place
        self.number = number
        self.on_position = on_position


class StartQueue:
    """Admits starts while fewer than ``concurrency`` run and there is no ``obstacle`` to one more sandbox."""

    def __init__(self, concurrency: int, length: int, obstacle: Callable[[], str]) -> None:
        """``obstacle`` says why nobody may start now, or is empty. It is asked before each admission; ``pump`` must be
        called when its answer may have changed.
        """
        self._concurrency = concurrency
        self._length = length
        self._obstacle = obstacle
        self._waiting: list[_Ticket] = []
        self._turns = StartTurns()
        self._running = 0
        self._numbers = 0
        self.reason = ""
        """Why those who wait do, where it is not that others are being started."""

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many have been admitted and have not left."""
        return self._running

    @asynccontextmanager
    async def slot(self, place: Place, on_position: Callable[[int], None]) -> AsyncGenerator[None, None]:
        """Wait for a turn and hold it. ``on_position`` is told 1, 2 … while waiting. Raises ``TooMany`` when full."""
        if len(self._waiting) >= self._length:
            raise TooMany("Too many sandboxes wait to be started. Try again in a minute.", waiting=len(self._waiting))
        self._numbers += 1
        ticket = _Ticket(place, self._numbers, on_position)
        self._waiting.append(ticket)
        try:
            self.pump()
            if not ticket.admitted.is_set():
                self._tell_positions()
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
        """Admit those who may go now, and tell the others their new position, or why they wait."""
        admitted, reason = False, ""
        while self._waiting and self._running < self._concurrency:
            reason = self._obstacle()
            if reason:
                break
            ticket = self._turns.serve_next(self._waiting)
            self._waiting.remove(ticket)
            ticket.admitted.set()
            self._running += 1
            admitted = True
        if admitted or reason != self.reason:
            self.reason = reason
            self._tell_positions()

    def _tell_positions(self) -> None:
        for position, ticket in enumerate(self._turns.order(self._waiting), start=1):
            ticket.on_position(position)
