"""Waits until a core of the machine has nothing to do.

Work that is only done ahead of need would otherwise take the cores from those who wait: where thirty people open their projects
at once, thirty language servers that nobody asked for yet cost several times what the openings themselves do.
"""

import asyncio
import os
import random
from pathlib import Path
from typing import Final

LOAD: Final = Path("/proc/loadavg")
"""Of the whole machine, also inside a container. Its fourth field is ``runnable/all``, in threads."""
LOOK_SEC: Final = 0.1
LOOKS: Final = 3
"""How often in a row a core must be free: one look may hit the moment between two programs."""
SPREAD_SEC: Final = 0.5
"""Sandboxes that wait for the same core look at different moments within so long, so that not all of them take it."""


async def spare_core(within_sec: float, *, load: Path = LOAD, cores: int | None = None) -> bool:
    """Return whether a core became free; False after ``within_sec`` seconds without. Where nothing is known, one is."""
    count = cores or os.cpu_count() or 1
    free = 0
    for _ in range(max(LOOKS + 1, round(within_sec / LOOK_SEC))):
        # The one that looks is running, so it counts itself.
        free = free + 1 if _runnable(load) - 1 < count else 0
        if free > LOOKS:
            return True
        # Not by a clock that all of them share; the last look of each comes at a moment of its own.
        await asyncio.sleep(random.uniform(0, SPREAD_SEC) if free == LOOKS else LOOK_SEC)  # noqa: S311
    return False


def _runnable(load: Path) -> int:
    try:
        return int(load.read_text().split()[3].partition("/")[0])
    except (OSError, IndexError, ValueError):
        return 0
