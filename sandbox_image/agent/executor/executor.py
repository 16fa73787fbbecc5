"""The executor: keeps a zygote of the project's environment warm, and runs nodes in processes forked from it."""

import asyncio
import logging
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from sandbox_image.wire.limits import MAX_PREVIEW

from .execution import Execution, NotReady
from .faults import OutOfMemoryKills
from .imports import top_level_imports
from .job import Listener, NodeJob, PythonEnvironment
from .messages import Message, encode
from .process import RunProcess
from .values import Value
from .zygote import ForkFailed, Zygote, ZygoteFailed, ZygoteGone

logger = logging.getLogger(__name__)

FORK_DEADLINE: Final = 120.0
"""Seconds for a fork, which waits for imports before it; after that the zygote is taken to hang."""
FORK_PAUSES: Final = (0.05, 0.2, 0.5, 1.0)
"""Seconds between attempts when the kernel refuses a process."""
TABLE_DEADLINE: Final = 30.0
REMEMBERED: Final = 1000
"""Sources whose imports are remembered."""


class TableUnavailable(Exception):
    """A page of a table cannot be read; the message says why."""


class Executor:
    """Runs nodes in the project's environment. An async context manager; leaving it ends every run."""

    def __init__(
        self, environment: PythonEnvironment, workspace: Path, first: asyncio.Task[Zygote | None] | None = None
    ) -> None:
        """``first`` is a zygote that was started before anything was known of the environment."""
        self._first = first
        self._environment = environment
        self._workspace = workspace
        self._values = workspace / ".aimforge" / "cache" / "values"
        self._kills = OutOfMemoryKills()
        self._zygote: Zygote | None = None
        self._zygotes: set[Zygote] = set()
        """The current one, and those that still have runs."""
        self._starting = asyncio.Lock()
        self._group = asyncio.TaskGroup()
        self._imports: dict[str, frozenset[str]] = {}
        self._modules: frozenset[str] = frozenset()
        self._closing = False
        self._outdated = False
        """Whether packages changed since the zygote was started."""
        self._preloads = True

    async def __aenter__(self) -> "Executor":
        await asyncio.to_thread(self._values.mkdir, parents=True, exist_ok=True)
        await self._group.__aenter__()
        self._environment.on_change(self._environment_changed)
        if not self._environment.status.usable:
            self._drop_first()
        self._group.create_task(self._warm_up())
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        self._closing = True
        self._drop_first()
        for zygote in list(self._zygotes):
            zygote.close(kill=True)
        await self._group.__aexit__(*exc_info)

    def execution(self, job: NodeJob, listener: Listener) -> Execution:
        """Return a run of ``job`` that has not begun."""
        return Execution(
            job, listener, self._acquire, self._kills, self._workspace, self._values / f"new-{secrets.token_hex(8)}"
        )

    def learn(self, sources: Iterable[str]) -> None:
        """Have the zygote import what these sources import, for the runs to come."""
        self._modules = self._modules.union(*map(self.imports_of, sources))
        self._preload()

    def imports_of(self, source: str) -> frozenset[str]:
        """Return the modules that a source imports at its top level, remembered for sources seen before."""
        found = self._imports.get(source)
        if found is None:
            if len(self._imports) >= REMEMBERED:
                self._imports.clear()
            found = self._imports[source] = top_level_imports(source)
        return found

    async def table(
        self, value: Value, *, offset: int, rows: int, column: str, descending: bool
    ) -> dict[str, Any] | None:
        """Return a page of the table in ``value``, None when it is no table. Raises ``TableUnavailable``."""
        request: dict[str, Any] = {
            "op": "table", "offset": offset, "rows": rows, "column": column, "descending": descending,
            "limit": MAX_PREVIEW, "workspace": str(self._workspace),
        }  # fmt: skip
        if value.path is not None:
            request["file"] = str(value.path)
        try:
            process = await self._acquire()
        except (NotReady, ForkFailed, ZygoteFailed, ZygoteGone, OSError) as error:
            raise TableUnavailable(str(error)) from error
        answer: asyncio.Future[Message | None] = asyncio.get_running_loop().create_future()

        def settle(message: Message | None) -> None:
            if not answer.done():
                answer.set_result(message)

        try:
            async with asyncio.timeout(TABLE_DEADLINE):
                await process.begin(
                    encode(request, value.data or b""),
                    lambda message, blob: settle(message),
                    lambda reason: settle(None),
                    _say_nothing,
                )
                message = await answer
        except TimeoutError as error:
            raise TableUnavailable("reading the table took too long") from error
        finally:
            process.kill()
            process.close_streams()
        if message is None:
            raise TableUnavailable("the process that read the table died")
        if message.error is not None:
            raise TableUnavailable(f"{message.error.type}: {message.error.message}")
        return message.table

    async def _acquire(self) -> RunProcess:
        for pause in FORK_PAUSES:
            try:
                return await self._fork()
            except ForkFailed:  # maybe the processes of an ended run are still on their way out; no event tells
                await asyncio.sleep(pause)
        return await self._fork()

    async def _fork(self) -> RunProcess:
        zygote = self._zygote
        if zygote is None or not zygote.forks or self._outdated:
            zygote = await self._current_zygote()
        spare = zygote.take_spare()
        if spare is not None:
            return spare
        try:
            async with asyncio.timeout(FORK_DEADLINE):
                return await zygote.fork()
        except TimeoutError as error:
            logger.warning("the zygote hangs; the next one imports nothing beforehand")
            self._preloads = False
            zygote.close()
            raise ZygoteGone from error

    async def _current_zygote(self) -> Zygote:
        async with self._starting:
            await self._environment_ready()
            old = self._zygote
            if old is not None and old.forks and not self._outdated:
                return old
            self._outdated = False
            if old is not None:
                old.retire()
            zygote = self._zygote = await self._start_zygote()
            self._zygotes.add(zygote)
            self._group.create_task(self._watch(zygote))
            if self._closing:
                zygote.close(kill=True)
                raise NotReady("The sandbox is stopping.")
            zygote.warm()
            self._preload()
            return zygote

    async def _start_zygote(self) -> Zygote:
        first, self._first = self._first, None
        if first is not None and (started := await first) is not None:
            return started
        python = self._environment.python
        return await Zygote.start(python, self._workspace, child_environment(python))

    def _drop_first(self) -> None:
        """End the zygote that had a head start, unless it is in use: the environment is not what it was started from."""
        if self._first is not None:
            self._first.add_done_callback(_close_zygote)
            self._first.cancel()
            self._first = None

    async def _environment_ready(self) -> None:
        try:
            await self._environment.ready()
        except (OSError, RuntimeError, ValueError) as error:
            raise NotReady(str(error)) from error
        status = self._environment.status
        if not status.usable:
            raise NotReady(status.message or "The environment is not ready.")

    async def _watch(self, zygote: Zygote) -> None:
        """Wait for a zygote's end and have the next one ready before it is asked for."""
        await zygote.wait()
        served = zygote.forked > 1
        zygote.close()
        self._zygotes.discard(zygote)
        if served and not self._closing and zygote is self._zygote:
            await self._warm_up()

    async def _warm_up(self) -> None:
        try:
            await self._current_zygote()
        except (NotReady, ForkFailed, ZygoteFailed) as error:
            logger.warning("no warm interpreter: %s", error)  # the next run tries again, and tells its user

    def _environment_changed(self, *_: object) -> None:
        self._outdated = True
        self._preloads = True
        self._drop_first()
        if not self._closing:
            self._group.create_task(self._warm_up())

    def _preload(self) -> None:
        if self._zygote is not None and self._preloads:
            self._zygote.preload(self._modules)


def _close_zygote(task: asyncio.Task[Zygote | None]) -> None:
    if not task.cancelled() and (zygote := task.result()) is not None:
        zygote.close()


def _say_nothing(name: str, text: str, offset: int) -> None:
    """A page of a table has no stdout."""


def child_environment(python: Path, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment variables of user code: the agent's without its own, with the project's venv active."""
    found = {
        key: value for key, value in (os.environ if base is None else base).items() if not key.startswith("AIMFORGE_")
    }
    binaries = str(python.parent)
    found["PATH"] = f"{binaries}:{found.get('PATH', '/usr/bin:/bin')}"
    found["VIRTUAL_ENV"] = str(python.parent.parent)
    found["MPLBACKEND"] = "Agg"
    return found
