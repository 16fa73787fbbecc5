"""A clock that stands still until a test moves it."""

import asyncio


class FakeClock:
    """``ports.Clock``; ``advance`` wakes sleepers in the order of their times."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self._now = now
        self._ahead = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        """Seconds since 1970, as the test wants it."""
        return self._now + self._ahead

    def monotonic(self) -> float:
        """It only ever goes forward, whatever jumps."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Sleep until the test has moved the clock far enough."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sleeper = (self._now + seconds, woken)
        self._sleepers.append(sleeper)
        try:
            await woken
        finally:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)

    def jump(self, seconds: float) -> None:
        """Set the wall clock, forward or back, as somebody does who corrects it."""
        self._ahead += seconds

    @property
    def sleepers(self) -> int:
        """How many sleep."""
        return len(self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Move on, waking each sleeper at its own time, and let everybody do what they then can."""
        end = self._now + seconds
        await settle()
        while due := [sleeper for sleeper in self._sleepers if sleeper[0] <= end]:
            time, woken = min(due, key=lambda sleeper: sleeper[0])
            self._now = max(self._now, time)
            self._sleepers.remove((time, woken))
            if not woken.done():
                woken.set_result(None)
            await settle()
        self._now = end
        await settle()


async def settle(turns: int = 50) -> None:
    """Let all tasks run until they wait for something that no task of this loop will bring."""
    for _ in range(turns):
        await asyncio.sleep(0)
