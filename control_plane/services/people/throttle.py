"""Throttling of guesses: a bucket of attempts for each key, which fills again by and by."""

import math
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final

from control_plane.domain.errors import TooMany
from control_plane.domain.refusals import Refusal
from control_plane.ports import Clock

MAX_KEYS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``burst`` attempts at once, and one more every ``every_sec``."""

    burst: int
    every_sec: float


class Throttle:
    """Counts attempts by key. The least recently used keys are forgotten, so memory is bounded."""

    def __init__(self, rate: Rate, clock: Clock, max_keys: int = MAX_KEYS) -> None:
        self._rate = rate
        self._clock = clock
        self._max_keys = max_keys
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Count an attempt. Raises ``TooMany`` with ``retry_after`` in seconds when there is none left."""
        used = self._current(key)
        if used > self._rate.burst - 1:
            wait = max(1, math.ceil((used - self._rate.burst + 1) * self._rate.every_sec))
            raise TooMany(
                f"Too many attempts: wait {wait} seconds and try again.",
                retry_after=wait,
                reason=Refusal.TOO_MANY_ATTEMPTS,
            )
        self._put(key, used + 1)

    @contextmanager
    def attempt(self, key: str) -> Generator[None]:
        """Count an attempt; one that ends without an error was a good one and is not counted. Raises ``TooMany``."""
        self.take(key)
        yield
        self._put(key, max(0.0, self._current(key) - 1))

    def __len__(self) -> int:
        return len(self._used)

    def _current(self, key: str) -> float:
        used, at = self._used.get(key, (0.0, 0.0))
        return max(0.0, used - (self._clock.monotonic() - at) / self._rate.every_sec)

    def _put(self, key: str, used: float) -> None:
        self._used[key] = (used, self._clock.monotonic())
        self._used.move_to_end(key)
        while len(self._used) > self._max_keys:
            self._used.popitem(last=False)


def address_key(address: str) -> str:
    """Return what attempts from an address are counted under: of IPv6, the network that one customer has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return parsed.exploded[:19]
    return str(parsed)
