"""One process of a server that is not shared, started before anyone asks, so that the next editor finds it running."""

import asyncio
from collections.abc import Awaitable, Callable

from .commands import NotInstalled
from .server_process import ServerProcess


class SpareProcess:
    """Keeps one process ready. ``run`` is its life, to be owned by a task; the rest does not wait."""

    def __init__(
        self, start: Callable[[], Awaitable[ServerProcess]], *, keep_sec: float, changed: Callable[[], None]
    ) -> None:
        """A process that nobody took for ``keep_sec`` is ended, 0 is never. ``changed`` hears of ``is_ready``."""
        self._start = start
        self._keep_sec = keep_sec
        self._changed = changed
        self._wanted = asyncio.Event()
        self._ahead = False
        """Set once one was wanted ahead of need: before, nobody shall wait for its start."""
        self._taken = asyncio.Event()
        self._process: ServerProcess | None = None

    @property
    def is_ready(self) -> bool:
        """Whether there is one to take."""
        return self._process is not None and self._process.is_running

    def want(self) -> None:
        """Have one ready from now on, and the next when it is taken, until one was not needed for long."""
        self._ahead = True
        self._wanted.set()

    def take(self) -> ServerProcess | None:
        """The process, which is the caller's from now on; None when there is none."""
        process, self._process = self._process, None
        self._taken.set()
        if self._ahead:
            self.want()
        return process if process is not None and process.is_running else None

    async def run(self) -> None:
        """Live until cancelled."""
        try:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                self._taken.clear()
                try:
                    self._process = await self._start()
                except (NotInstalled, OSError):
                    continue  # who needs one is told why there is none
                self._changed()
                try:
                    async with asyncio.timeout(self._keep_sec or None):
                        await self._taken.wait()
                except TimeoutError:
                    await self._end()
                    self._changed()
        finally:
            await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.kill()
