"""The part of the agent that serves editors: one Python server for all of them, one ruff for each."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol

from starlette.websockets import WebSocket

from sandbox_image.agent.http import user_of, view_only
from sandbox_image.wire.closing import CLOSINGS, CloseCode
from sandbox_image.wire.events import LanguageServer
from sandbox_image.wire.language import LanguageServerHealth, LanguageServerKind, LanguageServerState

from . import ruff
from .commands import NotInstalled, PythonServer, python_server, python_settings
from .connection import Connection
from .editor_faults import EditorFaults
from .restart_policy import RestartPolicy
from .server_log import ServerLog
from .shared_server import SharedServer
from .spare_core import spare_core
from .spare_process import SpareProcess

MAX_CLIENTS: Final = {LanguageServerKind.PYRIGHT: 100, LanguageServerKind.RUFF: 32}
AHEAD_SEC: Final = 120.0
"""How long a busy machine is waited for; after that the servers are started when an editor asks for one."""

logger = logging.getLogger(__name__)


class Environment(Protocol):
    """The project's Python environment."""

    @property
    def python(self) -> Path:
        """The interpreter, whether or not it exists yet."""
        ...

    async def ready(self) -> object:
        """Wait until the environment can be used."""
        ...

    def on_change(self, callback: Callable[[], None], /) -> object:
        """Call back after packages changed."""
        ...


class Watcher(Protocol):
    """Watches the files of the workspace."""

    def subscribe(self, callback: Callable[[list[str], list[str]], None], /) -> object:
        """Call back with paths that changed, and paths that are gone; with none when too much changed to be named."""
        ...


class Publisher(Protocol):
    """Where events go."""

    def publish(self, data: Any, by: str = "") -> None:
        """Publish a struct of ``wire/events.py``; never blocks."""
        ...


class LanguageServers:
    """The language servers of a project. An async context manager that owns their tasks."""

    def __init__(
        self,
        workspace: Path,
        environment: Environment,
        watcher: Watcher,
        events: Publisher,
        *,
        python_lsp: PythonServer = "pyright",
        max_restarts: int = 5,
        restart_window_ms: int = 60_000,
        idle_ttl_ms: int = 600_000,
    ) -> None:
        """``max_restarts`` crashes without ``restart_window_ms`` of health between them end the Python server for good, and one
        person's ruff until they ask again later or restart it by hand;
        ``idle_ttl_ms`` without clients end it until the next one, 0 is never.
        """
        self.log = ServerLog()
        self._workspace = workspace
        self._environment = environment
        self._watcher = watcher
        self._events = events
        self._python = SharedServer(
            workspace,
            lambda: python_server(python_lsp),
            lambda: python_settings(environment.python),
            policy=RestartPolicy(max_restarts, restart_window_ms / 1000),
            idle_ttl=idle_ttl_ms / 1000,
            log=self.log,
            changed=self._publish,
        )
        self._spare_ruff = SpareProcess(
            lambda: ruff.start(workspace, self.log),
            keep_sec=idle_ttl_ms / 1000,
            changed=lambda: self._publish(self.health_of(LanguageServerKind.RUFF)),
        )
        self._ruff_faults = EditorFaults(max_restarts, restart_window_ms / 1000)
        self._connections: dict[LanguageServerKind, set[Connection]] = {kind: set() for kind in LanguageServerKind}
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "LanguageServers":
        await self._group.__aenter__()
        self._tasks = [
            self._group.create_task(self._python.run()),
            self._group.create_task(self._spare_ruff.run()),
            self._group.create_task(self._follow_environment()),
        ]
        self._watcher.subscribe(self._files_changed)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for connection in [one for connections in self._connections.values() for one in connections]:
            connection.close(CloseCode.GOING_AWAY)
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(kind, error, traceback)

    def health(self) -> list[LanguageServerHealth]:
        """How each server is."""
        return [self.health_of(kind) for kind in LanguageServerKind]

    def health_of(self, kind: LanguageServerKind) -> LanguageServerHealth:
        """How a server is. Ruff is ready as long as it has clients, or a process waits for one."""
        if kind is LanguageServerKind.PYRIGHT:
            return self._python.health
        clients = len(self._connections[kind])
        state = LanguageServerState.READY if clients or self._spare_ruff.is_ready else LanguageServerState.STOPPED
        return LanguageServerHealth(kind=kind, state=state, clients=clients)

    def restart(self, kind: LanguageServerKind) -> LanguageServerHealth:
        """Start a server anew. Clients of the Python server stay; those of ruff are told to connect again."""
        if kind is LanguageServerKind.PYRIGHT:
            self._python.restart()
        else:
            self._ruff_faults.forgive()
            for connection in self._connections[kind]:
                connection.close(CloseCode.LANGUAGE_SERVER_RESTARTED)
        return self.health_of(kind)

    async def serve(self, websocket: WebSocket, kind: LanguageServerKind) -> None:
        """Serve one editor until it is gone or cut off; one too many is cut off at once."""
        connections = self._connections[kind]
        # Accepted first: a client learns the code of a close, but not that of a refused handshake.
        await websocket.accept()
        if len(connections) >= MAX_CLIENTS[kind]:
            await websocket.close(CloseCode.TOO_MANY, CLOSINGS[CloseCode.TOO_MANY].sentence)
            return
        connection = Connection(websocket, view_only=view_only(websocket))
        connections.add(connection)
        try:
            if kind is LanguageServerKind.PYRIGHT:
                await self._serve_python(connection)
            else:
                await self._serve_ruff(connection, user_of(websocket))
        finally:
            connections.discard(connection)
            if kind is LanguageServerKind.RUFF:
                self._publish(self.health_of(kind))

    async def _serve_python(self, connection: Connection) -> None:
        member = self._python.join(connection)

        async def received(data: bytes) -> None:
            self._python.multiplexer.receive(member, data)
            await self._python.drain()

        try:
            await connection.run(received)
        finally:
            self._python.leave(member)

    async def _serve_ruff(self, connection: Connection, user: str) -> None:
        if self._ruff_faults.turns_away(user):
            connection.close(CloseCode.LANGUAGE_SERVER_GAVE_UP)
            await connection.run(_ignore)
            return
        self._publish(self.health_of(LanguageServerKind.RUFF))
        try:
            process = self._spare_ruff.take() or await ruff.start(self._workspace, self.log)
            await ruff.serve(connection, process, self._workspace, partial(self._ruff_ended, user))
        except (NotInstalled, OSError) as error:
            self.log.add(LanguageServerKind.RUFF, f"It could not be started: {error}")
            connection.close(CloseCode.LANGUAGE_SERVER_GAVE_UP)
            await connection.run(_ignore)

    def _ruff_ended(self, user: str, served_for: float) -> CloseCode:
        self.log.add(LanguageServerKind.RUFF, f"It ended by itself after {served_for:.1f} s.")
        return self._ruff_faults.ended(user, served_for)

    async def _follow_environment(self) -> None:
        self._environment.on_change(self._python.refresh)
        await self._environment.ready()
        # What runs already learns of the environment.
        self._python.refresh()
        # Before anyone asks, so that the first editor finds them warm, but not at the cost of those who wait for something.
        if await spare_core(AHEAD_SEC):
            self._spare_ruff.want()
            self._python.start()

    def _files_changed(self, changed: list[str], deleted: list[str]) -> None:
        if changed or deleted:
            self._python.watched.changed(changed, deleted)
        else:
            self._python.refresh()

    def _publish(self, health: LanguageServerHealth) -> None:
        self._events.publish(LanguageServer(server=health))


async def _ignore(data: bytes) -> None:
    """Nobody is there to read it."""
