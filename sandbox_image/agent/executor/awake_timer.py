"""A time limit that a pause of the sandbox does not use up."""

import asyncio
from collections.abc import Callable
from typing import Final

TICK: Final = 1.0
ASLEEP: Final = 3.0
"""A tick that comes so many seconds late was slept through: even a busy sandbox is not that late."""


class AwakeTimer:
    """Calls ``callback`` once ``seconds`` have passed, but for those in which nothing ran here. ``cancel`` ends it."""

    def __init__(self, seconds: float, callback: Callable[[], None]) -> None:
        self._left = seconds
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._begin_tick()

    def cancel(self) -> None:
        """Call nobody."""
        self._timer.cancel()

    def _begin_tick(self) -> None:
        self._began = self._loop.time()
        self._step = min(TICK, self._left)
        self._timer = self._loop.call_later(self._step, self._end_tick)

    def _end_tick(self) -> None:
        # The clock goes on while the engine holds all processes of a sandbox still.
        passed = self._loop.time() - self._began
        if passed < self._step + ASLEEP:
            self._left -= passed
        if self._left > 0:
            self._begin_tick()
        else:
            self._callback()
