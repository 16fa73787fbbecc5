"""The queue before the engine: a bounded number of starts at once, in turn by owner, with visible positions.

Owners take turns: somebody who starts thirty sandboxes is served first, then everybody else who waits, then the second of
the thirty. Who comes later waits for at most one start of each of the others.
"""

import asyncio
from bisect import insort
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from control_plane.domain.errors import TooMany


class _Ticket:
    """One start that waits or runs. Those of a lower ``turn`` go first, and within one those who came first."""

    __slots__ = ("admitted", "number", "on_position", "owner", "turn")

    def __init__(self, owner: str, turn: int, number: int, on_position: Callable[[int], None]) -> None:
        self.admitted = asyncio.Event()
        self.owner = owner
        self.turn = turn
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
        self._running = 0
        self._turn = 0
        """Turn of the last that was admitted."""
        self._last_turns: dict[str, int] = {}
        """The last turn that each owner waits for; those of the past are forgotten."""
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
    async def slot(self, owner: str, on_position: Callable[[int], None]) -> AsyncGenerator[None, None]:
        """Wait for a turn and hold it. ``on_position`` is told 1, 2 … while waiting. Raises ``TooMany`` when full."""
        if len(self._waiting) >= self._length:
            raise TooMany("Too many sandboxes wait to be started. Try again in a minute.", waiting=len(self._waiting))
        ticket = self._join(owner, on_position)
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
                self._leave(ticket)
                self._tell_positions()
            self.pump()

    def pump(self) -> None:
        """Admit those who may go now, and tell the others their new position, or why they wait."""
        admitted, reason = False, ""
        while self._waiting and self._running < self._concurrency:
            reason = self._obstacle()
            if reason:
                break
            ticket = self._waiting.pop(0)
            self._turn = ticket.turn
            self._last_turns = {owner: turn for owner, turn in self._last_turns.items() if turn >= self._turn}
            ticket.admitted.set()
            self._running += 1
            admitted = True
        if admitted or reason != self.reason:
            self.reason = reason
            self._tell_positions()

    def _join(self, owner: str, on_position: Callable[[int], None]) -> _Ticket:
        self._numbers += 1
        turn = max(self._turn, self._last_turns.get(owner, 0) + 1)
        self._last_turns[owner] = turn
        ticket = _Ticket(owner, turn, self._numbers, on_position)
        insort(self._waiting, ticket, key=lambda each: (each.turn, each.number))
        return ticket

    def _leave(self, ticket: _Ticket) -> None:
        """Forget one that was called off; its owner's next start takes its turn if it was the last."""
        self._waiting.remove(ticket)
        turns = [each.turn for each in self._waiting if each.owner == ticket.owner]
        self._last_turns[ticket.owner] = max(turns, default=self._turn)

    def _tell_positions(self) -> None:
        for position, ticket in enumerate(self._waiting, start=1):
            ticket.on_position(position)
