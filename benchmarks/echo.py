"""The time between a key and its echo."""

import time
from collections.abc import Callable
from typing import Protocol

PACE_SEC = 0.01
"""Between two keys: a fast typist's are ten times as far apart, and a burst would measure the queue."""


class Typed(Protocol):
    """Something that echoes."""

    def type(self, data: bytes) -> None: ...
    def output(self) -> bytes: ...


def key(terminal: Typed) -> float:
    """Type a key after a pause, and return how many milliseconds its echo takes."""
    time.sleep(PACE_SEC)
    start = time.perf_counter()
    terminal.type(b"k")
    while b"k" not in terminal.output():
        pass
    return (time.perf_counter() - start) * 1000


def keys(terminal: Typed, count: int, between: Callable[[], None] = lambda: None) -> list[float]:
    """Type keys; ``between`` is called after each hundred."""
    for _ in range(10):
        key(terminal)
    found: list[float] = []
    for number in range(count):
        found.append(key(terminal))
        if number % 100 == 99:
            between()
    return found
