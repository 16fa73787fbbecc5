"""Large bodies of requests and answers in memory: a few at a time for each person and each project."""

import asyncio
from typing import Final
from weakref import WeakValueDictionary

FREE: Final = 256 * 1024
"""Bytes that need no turn."""
AT_ONCE: Final = 4
"""As the largest have 16 MiB, one's bodies take at most 64 MiB, and the others of that one wait to be read."""


class LargeBodies:
    """Turns to hold a large body, by owner."""

    def __init__(self) -> None:
        self._turns = WeakValueDictionary[str, asyncio.Semaphore]()

    def hold(self) -> "Held":
        """Return what one request will hold. Call its ``release`` at the end."""
        return Held(self)

    def turns_of(self, owner: str) -> asyncio.Semaphore:
        """Return an owner's turns."""
        return self._turns.setdefault(owner, asyncio.Semaphore(AT_ONCE))


class Held:
    """The turns that one request has, until its answer has been sent: a client that does not read it holds up nobody else."""

    def __init__(self, bodies: LargeBodies) -> None:
        self._bodies = bodies
        self._taken: dict[str, asyncio.Semaphore] = {}

    async def admit(self, owner: str, size: int) -> None:
        """Return once a body that has ``size`` bytes so far may be read on."""
        if size <= FREE or owner in self._taken:
            return
        turns = self._bodies.turns_of(owner)
        await turns.acquire()
        self._taken[owner] = turns

    def release(self) -> None:
        """Let others have the turns."""
        for turns in self._taken.values():
            turns.release()
        self._taken.clear()
