"""Work on what came at once, in slices: whoever sends very much has half of the loop's time, and the others come between."""

import asyncio
from time import monotonic
from typing import Final

SLICE_SEC: Final = 0.005


class Slices:
    """The slices of one piece of work, which begins now."""

    def __init__(self) -> None:
        self._began = monotonic()

    async def turn(self) -> None:
        """Go on at once, or rest as long as a slice when one is over."""
        if monotonic() - self._began > SLICE_SEC:
            await asyncio.sleep(SLICE_SEC)
            self._began = monotonic()
