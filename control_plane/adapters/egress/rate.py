"""Token buckets: how much passes in a second, whoever of a sandbox's connections it is for."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

LONGEST_NAP_SEC: Final = 0.5
"""A rate may be changed while somebody waits: look again this often."""


class Rate:
    """A bucket that holds one second's worth, and may be overdrawn by one piece of each who takes from it. 0: no limit."""

    def __init__(self, per_sec: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._per_sec = per_sec
        self._left = per_sec
        self._at = clock()

    @property
    def per_sec(self) -> float:
        """What passes in a second."""
        return self._per_sec

    @per_sec.setter
    def per_sec(self, value: float) -> None:
        self._refill()
        if value != self._per_sec:
            self._per_sec = value
            # A debt from a higher rate would take for ever to pay back at a lower one.
            self._left = max(min(self._left, value), -value)

    def spend(self, amount: float) -> None:
        """Take from the bucket, at once."""
        self._refill()
        if self._per_sec:
            self._left -= amount

    def wait_sec(self) -> float:
        """How long until the bucket is no longer overdrawn."""
        self._refill()
        return max(0.0, -self._left / self._per_sec) if self._per_sec else 0.0

    async def take(self, amount: float) -> None:
        """Take from the bucket, and wait while it is overdrawn."""
        self.spend(amount)
        while wait := self.wait_sec():  # noqa: ASYNC110  time tells nobody
            await asyncio.sleep(min(wait, LONGEST_NAP_SEC))

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(self._per_sec, self._left + (now - self._at) * self._per_sec)
        self._at = now
