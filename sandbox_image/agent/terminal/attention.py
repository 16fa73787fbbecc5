"""In which terminal somebody types: the others' floods are slowed meanwhile, so that its echo need not wait for the processor."""

import time
from typing import Final

LASTS_SEC: Final = 1.0
"""Of attention after a key."""


class Attention:
    """Shared by the terminals of a project."""

    def __init__(self) -> None:
        self._at = 0.0
        self._place: object = None

    def give(self, place: object) -> None:
        """Somebody typed in the terminal ``place``."""
        self._at = time.monotonic()
        self._place = place

    def is_elsewhere(self, place: object) -> bool:
        """Tell whether somebody types in another terminal than ``place``."""
        return self._place is not place and time.monotonic() - self._at < LASTS_SEC
