"""When a language server that ended by itself is started again."""

from typing import Final

FIRST_DELAY: Final = 2.0
LONGEST_DELAY: Final = 30.0


class RestartPolicy:
    """Counts crashes since the server last ran for ``window`` seconds, and gives up at ``limit`` of them.

    Counting crashes in a time span instead would never give up: the growing delays keep them apart.
    """

    def __init__(self, limit: int, window: float, first_delay: float = FIRST_DELAY) -> None:
        """``window`` and ``first_delay`` are seconds; the delay doubles with each crash, up to ``LONGEST_DELAY``."""
        self._limit = limit
        self._window = window
        self._first_delay = first_delay
        self._crashes = 0

    def crashes(self, healthy_for: float) -> int:
        """Crashes that count, when the server has been ready for so many seconds."""
        return 0 if healthy_for >= self._window else self._crashes

    def crashed(self, healthy_for: float) -> float | None:
        """The server ended after being ready for so long: seconds until it is started again, or None to give up."""
        self._crashes = self.crashes(healthy_for) + 1
        if self._crashes >= self._limit:
            return None
        return min(self._first_delay * 2 ** (self._crashes - 1), LONGEST_DELAY)

    def forgive(self) -> None:
        """Somebody restarted it by hand: count anew."""
        self._crashes = 0
