"""The real clock."""

import asyncio
import time


class SystemClock:
    """Time of this machine; passes as ``ports.Clock``."""

    def now(self) -> float:
        """Return seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait; ends early only by cancellation."""
        await asyncio.sleep(seconds)
