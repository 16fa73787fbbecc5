"""When an installation that somebody else runs is over, so that it is told once and not a package at a time."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Final

from .distributions import installed
from .folder_watch import FolderWatch
from .installers import is_installing

SETTLE_SEC: Final = 0.4
"""Packages are looked at once nothing has changed for this time: installers write many names."""
MAX_SETTLE_SEC: Final = 5.0
"""For names that keep changing, and for a distribution that is half-way in or out."""
MAX_INSTALL_SEC: Final = 60.0
"""For an installer that runs. Between two large packages the folder may be quiet for seconds."""
_POLL_SEC: Final = 0.1


async def installation_over(watch: FolderWatch, folder: Path, leftovers: Collection[Path]) -> None:
    """Wait until nobody seems to be installing into ``folder``; ``leftovers`` lay half-way there before."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    await watch.settled(SETTLE_SEC, MAX_SETTLE_SEC)
    while (left := begin + _patience(folder, leftovers) - loop.time()) > 0:
        if await watch.changed_within(_POLL_SEC):
            await watch.settled(SETTLE_SEC, min(left, MAX_SETTLE_SEC))


def _patience(folder: Path, leftovers: Collection[Path]) -> float:
    """For how long an installation as it stands is waited for, in seconds; 0 when it is over."""
    if is_installing():
        return MAX_INSTALL_SEC
    unfinished = set(installed(folder).unfinished) - set(leftovers)
    return MAX_SETTLE_SEC if unfinished else 0.0
