"""Time, which tests set by hand."""

from typing import Protocol


class Clock(Protocol):
    """Time. ``now`` is seconds since 1970; ``monotonic`` never jumps."""

    def now(self) -> float: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...
