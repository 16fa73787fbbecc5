"""Tells when the names in a folder change: by inotify, or by looking every two seconds where that is deaf."""

import asyncio
import ctypes
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

SCAN_SEC: Final = 2.0

_IN_CLOSE_WRITE: Final = 0x008
_IN_MOVED_FROM: Final = 0x040
_IN_MOVED_TO: Final = 0x080
_IN_CREATE: Final = 0x100
_IN_DELETE: Final = 0x200
_IN_DELETE_SELF: Final = 0x400
_IN_MOVE_SELF: Final = 0x800
_IN_ONLYDIR: Final = 0x0100_0000
_MASK: Final = (
    _IN_CLOSE_WRITE | _IN_MOVED_FROM | _IN_MOVED_TO | _IN_CREATE | _IN_DELETE | _IN_DELETE_SELF | _IN_MOVE_SELF
) | _IN_ONLYDIR


class FolderWatch:
    """Watches folders, not what is below them. Use as a context manager on a running loop."""

    def __init__(self, *, deaf: bool = False) -> None:
        self._deaf = deaf
        self._descriptor = -1
        self._changed = asyncio.Event()

    def __enter__(self) -> "FolderWatch":
        if not self._deaf:
            self._descriptor = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            if self._descriptor < 0:
                self._fall_back()
            else:
                asyncio.get_running_loop().add_reader(self._descriptor, self._drain)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._close()

    def watch(self, folders: Iterable[Path]) -> None:
        """Watch these folders too; one that is watched already stays so, one that is gone is left out."""
        for folder in folders:
            if self._descriptor < 0:
                return
            added = _libc.inotify_add_watch(self._descriptor, os.fsencode(folder), _MASK)
            if added < 0 and folder.is_dir():
                self._fall_back()

    async def changed(self) -> None:
        """Wait until something changed, or, where that cannot be seen, until it is time to look."""
        if self._descriptor < 0:
            await asyncio.sleep(SCAN_SEC)
            return
        await self._changed.wait()
        self._changed.clear()

    async def changed_within(self, seconds: float) -> bool:
        """Wait for a change, but no longer than ``seconds``; whether there was one."""
        try:
            async with asyncio.timeout(seconds):
                await self.changed()
        except TimeoutError:
            return False
        return True

    async def settled(self, quiet_sec: float, at_most_sec: float) -> None:
        """Wait until nothing changed for ``quiet_sec``, but no longer than ``at_most_sec``."""
        loop = asyncio.get_running_loop()
        end = loop.time() + at_most_sec
        while self._descriptor >= 0 and (left := min(quiet_sec, end - loop.time())) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._changed.wait()
            except TimeoutError:
                return
            self._changed.clear()

    def _drain(self) -> None:
        try:
            os.read(self._descriptor, 65536)
        except BlockingIOError:
            return
        self._changed.set()

    def _fall_back(self) -> None:
        """The kernel has no watch left for us, or cannot watch this file system."""
        number = ctypes.get_errno()
        logger.warning("packages are looked at every %g s: inotify says %s", SCAN_SEC, os.strerror(number))
        self._close()
        self._changed.set()

    def _close(self) -> None:
        if self._descriptor >= 0:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1


_libc: Final = ctypes.CDLL(None, use_errno=True)
