"""The life of the one Python server of a project: started when wanted, restarted when it crashes, ended when idle."""

import asyncio
import time
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import Any, Final

from sandbox_image.wire.language import LanguageServerHealth, LanguageServerKind, LanguageServerState

from . import envelope, profile
from .commands import NotInstalled, ServerCommand
from .envelope import Envelope, Malformed
from .member import Client, Member
from .multiplexer import Multiplexer
from .own_requests import ServerLost
from .restart_policy import LONGEST_DELAY, RestartPolicy
from .saved_text import saved_text
from .server_log import ServerLog
from .server_process import ServerProcess
from .warm_up import imported_packages, warm_up
from .watched_files import WatchedFiles, python_files

START_SEC: Final = 60.0
"""What a server has to answer ``initialize``."""
HOLD_SEC: Final = 10.0
"""How long a request waits for a server that is starting."""
KIND: Final = LanguageServerKind.PYRIGHT


class _Ending(Enum):
    """Why a process of the server ended."""

    CRASHED = auto()
    IDLE = auto()
    RESTART = auto()
    NOT_INSTALLED = auto()


class SharedServer:
    """One server for all editors of a project. ``run`` is its life, to be owned by a task; the rest does not wait."""

    def __init__(
        self,
        workspace: Path,
        command: Callable[[], ServerCommand],
        settings: Callable[[], dict[str, Any]],
        *,
        policy: RestartPolicy,
        idle_ttl: float,
        log: ServerLog,
        changed: Callable[[LanguageServerHealth], None],
    ) -> None:
        """``idle_ttl`` is seconds without clients, 0 is never. ``changed`` hears of each change of state."""
        self.multiplexer = Multiplexer(
            settings,
            saved=partial(saved_text, workspace),
            on_watchers=self._watch,
            on_edit=self._try,
            on_log=lambda line: log.add(KIND, line),
        )
        self.watched = WatchedFiles(workspace, self.multiplexer.notify)
        self._workspace = workspace
        self._command = command
        self._policy = policy
        self._idle_ttl = idle_ttl
        self._log = log
        self._changed = changed
        self._state = LanguageServerState.STOPPED
        self._message = ""
        self._process: ServerProcess | None = None
        self._since = 0.0
        self._gave_up_at = 0.0
        self._retry_at: float | None = None
        self._stale = False
        self._refresh = ""
        self._wanted = asyncio.Event()
        self._order: _Ending | None = None
        self._ordered = asyncio.Event()
        self._timers: dict[str, asyncio.TimerHandle] = {}

    @property
    def health(self) -> LanguageServerHealth:
        """How it is now."""
        ready_for = self._ready_for()
        return LanguageServerHealth(
            kind=KIND,
            state=self._state,
            clients=len(self.multiplexer.members),
            restarts=self._policy.crashes(ready_for),
            pid=self._process.pid if self._process else None,
            uptime_ms=ready_for * 1000,
            retry_in_ms=None if self._retry_at is None else max(0.0, self._retry_at - time.monotonic()) * 1000,
            message=self._message,
        )

    def start(self) -> None:
        """Have it run from now on, if it does not."""
        if not self._wanted.is_set():
            self._hold()
            self._wanted.set()

    def restart(self) -> None:
        """Start it anew by hand, whatever state it is in."""
        self._policy.forgive()
        self._give_order(_Ending.RESTART)
        self.start()

    def refresh(self) -> None:
        """The project's packages changed: look at them anew, without losing open files."""
        if self._state is not LanguageServerState.READY:
            self._stale = True
        elif self._refresh:
            command = envelope.encode({"command": self._refresh, "arguments": []})
            self.multiplexer.call("workspace/executeCommand", command).add_done_callback(self._refreshed)
        else:
            self._give_order(_Ending.RESTART)

    def join(self, client: Client) -> Member:
        """A client connected; the server is started if it does not run. Where there is none to be had, it is cut off."""
        self._stop_timer("idle")
        member = self.multiplexer.join(client)
        self._try()
        if self._state is LanguageServerState.GAVE_UP and not self._wanted.is_set():
            self.multiplexer.turn_away()
        return member

    def leave(self, member: Member) -> None:
        """A client is gone."""
        self.multiplexer.leave(member)
        self._wait_for_clients()

    async def drain(self) -> None:
        """Wait while the server is far behind with reading."""
        if self._process is not None:
            await self._process.drain()

    async def run(self) -> None:
        """Live until cancelled."""
        try:
            while True:
                await self._wanted.wait()
                await self._after(await self._live())
        finally:
            for name in list(self._timers):
                self._stop_timer(name)

    async def _live(self) -> _Ending:
        """From the start of a process to its end."""
        self._take_order()
        self._stale = False
        self._hold()
        self._set(LanguageServerState.STARTING)
        try:
            command = self._command()
            process = await ServerProcess.start(command.argv, self._workspace, KIND, self._log)
        except NotInstalled as error:
            self._log.add(KIND, str(error))
            self._message = str(error)
            return _Ending.NOT_INSTALLED
        except OSError as error:
            self._log.add(KIND, f"It could not be started: {error}")
            return _Ending.CRASHED
        self._process, self._refresh = process, command.refresh
        self.multiplexer.connect(process.send)
        try:
            return await self._serve(process)
        finally:
            self._process = None
            self.multiplexer.lost()
            status = await process.kill()
            self._log.add(KIND, f"It ended with status {status}.")

    async def _serve(self, process: ServerProcess) -> _Ending:
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(process.read(self.multiplexer.receive_from_server))
            errors = group.create_task(process.read_errors())
            beginning = group.create_task(self._begin())
            ordered = group.create_task(self._ordered.wait())
            warming: asyncio.Task[None] | None = None
            await asyncio.wait({reading, beginning, ordered}, return_when=asyncio.FIRST_COMPLETED)
            if beginning.done() and beginning.result():
                warming = group.create_task(self._warm_up())
                await asyncio.wait({reading, ordered}, return_when=asyncio.FIRST_COMPLETED)
            for task in (reading, errors, beginning, ordered, warming):
                if task is not None:
                    task.cancel()
        return self._take_order() or _Ending.CRASHED

    async def _begin(self) -> bool:
        """Initialize the server and give it its clients; false when it does not play along."""
        try:
            async with asyncio.timeout(START_SEC):
                params = profile.initialize_params(self._workspace)
                answer = await self.multiplexer.call("initialize", params)
                self.watched.know(await asyncio.to_thread(python_files, self._workspace))
            if answer.error:
                self._log.add(KIND, f"It refused to initialize: {bytes(answer.error).decode(errors='replace')}")
                return False
            self.multiplexer.notify("initialized", b"{}")
            self.multiplexer.ready(bytes(answer.result))
        except (TimeoutError, ServerLost, Malformed) as error:
            self._log.add(KIND, f"It did not initialize: {error or 'no answer in time'}")
            return False
        self._stop_timer("hold")
        self._since = time.monotonic()
        self._set(LanguageServerState.READY)
        self._wait_for_clients()
        if self._stale:
            self._stale = False
            self.refresh()
        return True

    async def _warm_up(self) -> None:
        if self._policy.crashes(0) == 0:  # what is dear may be what it died of
            packages = await asyncio.to_thread(imported_packages, self._workspace)
            await warm_up(self.multiplexer, self._workspace, packages)

    async def _after(self, ending: _Ending) -> None:
        ready_for = self._ready_for()
        self._since = 0.0
        if ending is _Ending.RESTART:
            return
        if ending is _Ending.NOT_INSTALLED:
            self._give_up(self._message)
        elif ending is _Ending.IDLE:
            if not self.multiplexer.members:
                self._stop("Nobody used it; it starts again when it is needed.")
        elif (delay := self._policy.crashed(ready_for)) is None:
            self._give_up("It keeps crashing. Restart it by hand, or go on typing.")
        elif not self.multiplexer.members:
            self._stop("It ended unexpectedly; it starts again when it is needed.")
        else:
            await self._back_off(delay)

    async def _back_off(self, delay: float) -> None:
        self.multiplexer.refuse()
        self._retry_at = time.monotonic() + delay
        self._set(LanguageServerState.RESTARTING, "It ended unexpectedly.")
        try:
            async with asyncio.timeout(delay):
                await self._ordered.wait()
        except TimeoutError:
            pass
        finally:
            self._retry_at = None

    def _stop(self, message: str) -> None:
        self._wanted.clear()
        self.multiplexer.refuse()
        self._set(LanguageServerState.STOPPED, message)

    def _give_up(self, message: str) -> None:
        self._wanted.clear()
        self.multiplexer.refuse()
        self._retry_at = None
        self._gave_up_at = time.monotonic()
        self._set(LanguageServerState.GAVE_UP, message)
        self.multiplexer.turn_away()

    def _try(self) -> None:
        """Somebody needs it: worth another try, now and then, even after it was given up."""
        if self._state is not LanguageServerState.GAVE_UP or time.monotonic() - self._gave_up_at > LONGEST_DELAY:
            self.start()

    def _refreshed(self, answer: asyncio.Future[Envelope]) -> None:
        if not answer.cancelled() and answer.exception() is not None:
            # It ended meanwhile, and its successor sees the packages as they are.
            self._log.add(KIND, "It ended while it looked at the packages.")

    def _watch(self, registrations: list[Any]) -> None:
        self.watched.register(registrations)

    def _ready_for(self) -> float:
        return time.monotonic() - self._since if self._since else 0.0

    def _give_order(self, order: _Ending) -> None:
        self._order = order
        self._ordered.set()

    def _take_order(self) -> _Ending | None:
        order, self._order = self._order, None
        self._ordered.clear()
        return order

    def _hold(self) -> None:
        self.multiplexer.hold()
        self._start_timer("hold", HOLD_SEC, self.multiplexer.refuse)

    def _wait_for_clients(self) -> None:
        if not self.multiplexer.members and self._idle_ttl and self._state is LanguageServerState.READY:
            self._start_timer("idle", self._idle_ttl, lambda: self._give_order(_Ending.IDLE))

    def _start_timer(self, name: str, seconds: float, callback: Callable[[], None]) -> None:
        self._stop_timer(name)
        self._timers[name] = asyncio.get_running_loop().call_later(seconds, callback)

    def _stop_timer(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _set(self, state: LanguageServerState, message: str = "") -> None:
        self._state, self._message = state, message
        health = self.health
        self._changed(health)
        told = {"state": state, "message": message, "retry_in_ms": health.retry_in_ms}
        self.multiplexer.announce(envelope.notification("aimforge/status", envelope.encode(told)))
