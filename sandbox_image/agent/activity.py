"""When somebody last did something here, and what is running: by which the control plane decides that a sandbox is idle."""

import time
from collections.abc import Callable, Iterable

from sandbox_image.wire import agent as wire

BusySource = Callable[[], Iterable[str]]
"""Says what is running, as short phrases for people: ``run of clean``, ``python in terminal 1``."""


class Activity:
    """Collects the user's input and the reasons for which the sandbox is busy."""

    def __init__(self) -> None:
        self._touched = time.monotonic()
        self._sources: list[BusySource] = []

    def touch(self) -> None:
        """Somebody typed, saved or started something now."""
        self._touched = time.monotonic()

    def add_source(self, source: BusySource) -> None:
        """Ask ``source`` for its reasons with each reading."""
        self._sources.append(source)

    def read(self) -> wire.Activity:
        """Answer of ``GET /activity``."""
        busy = [reason for source in self._sources for reason in source()]
        return wire.Activity(idle_sec=time.monotonic() - self._touched, busy=busy)
