"""The language servers of a project, served on a socket, and editors that connect to it."""

import asyncio
import json
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed

from sandbox_image.agent.activity import Activity
from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.gate import Gate
from sandbox_image.agent.http import json_response
from sandbox_image.agent.language import LanguageServers, routes
from sandbox_image.sockets.serving import ServingProtocol
from sandbox_image.wire.language import LanguageServerHealth

DEADLINE = 60.0
CONTENT_MODIFIED = -32801
HEADERS = {"Authorization": "Bearer secret"}


class Environment:
    """An interpreter that may change."""

    def __init__(self, python: Path) -> None:
        self.python = python
        self.usable = asyncio.Event()
        self.callbacks: list[Callable[[], None]] = []

    async def ready(self) -> None:
        await self.usable.wait()

    def on_change(self, callback: Callable[[], None], /) -> None:
        self.callbacks.append(callback)

    def change(self) -> None:
        for callback in self.callbacks:
            callback()


class Watcher:
    """Tells what the test says has changed."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[list[str], list[str]], None]] = []

    def subscribe(self, callback: Callable[[list[str], list[str]], None], /) -> None:
        self.callbacks.append(callback)

    def tell(self, changed: list[str], deleted: list[str]) -> None:
        for callback in self.callbacks:
            callback(changed, deleted)


class Events:
    """Keeps the events."""

    def __init__(self) -> None:
        self.states: list[LanguageServerHealth] = []

    def publish(self, data: Any, by: str = "") -> None:
        self.states.append(data.server)


class Editor:
    """A small client; messages are read by a task and kept."""

    def __init__(self, connection: ClientConnection, workspace: Path) -> None:
        self.connection = connection
        self.workspace = workspace
        self.got: list[dict[str, Any]] = []
        self.close_code: int | None = None
        self._news = asyncio.Condition()
        self._number = 0

    async def read(self) -> None:
        try:
            async for frame in self.connection:
                message = json.loads(frame)
                if message.get("method") == "workspace/configuration":
                    await self.send(id=message["id"], result=[None for _ in message["params"]["items"]])
                await self._add(message)
        except ConnectionClosed:
            pass
        self.close_code = self.connection.close_code
        await self._add(None)

    async def _add(self, message: dict[str, Any] | None) -> None:
        async with self._news:
            if message is not None:
                self.got.append(message)
            self._news.notify_all()

    async def until(self, found: Callable[[], Any]) -> Any:
        """Wait until what came satisfies; returns what was found."""
        async with asyncio.timeout(DEADLINE), self._news:
            while not (value := found()):
                await self._news.wait()
            return value

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps({"jsonrpc": "2.0", **message}))

    async def ask(self, method: str, params: Any = None) -> dict[str, Any]:
        """The whole answer to a request."""
        self._number += 1
        number = self._number
        await self.send(id=number, method=method, params=params or {})

        def answer() -> dict[str, Any] | None:
            assert self.close_code is None, f"closed with {self.close_code}"
            return next((one for one in self.got if one.get("id") == number and "method" not in one), None)

        return await self.until(answer)

    async def result(self, method: str, params: Any = None) -> Any:
        """What was answered; asked again while a server that is starting lets it be."""
        deadline = time.monotonic() + DEADLINE
        while "result" not in (answer := await self.ask(method, params)):
            assert answer["error"]["code"] == CONTENT_MODIFIED, answer
            assert time.monotonic() < deadline, answer
            await asyncio.sleep(0.05)
        return answer["result"]

    async def initialize(self, **params: Any) -> Any:
        result = await self.result("initialize", {"processId": os.getpid(), "capabilities": {}, **params})
        await self.send(method="initialized", params={})
        return result

    def uri(self, path: str) -> str:
        return (self.workspace / path).as_uri()

    async def open(self, path: str, text: str, version: int = 1) -> None:
        document = {"uri": self.uri(path), "languageId": "python", "version": version, "text": text}
        await self.send(method="textDocument/didOpen", params={"textDocument": document})

    async def change(self, path: str, text: str, version: int) -> None:
        params = {"textDocument": {"uri": self.uri(path), "version": version}, "contentChanges": [{"text": text}]}
        await self.send(method="textDocument/didChange", params=params)

    def at(self, path: str, line: int, character: int) -> dict[str, Any]:
        return {"textDocument": {"uri": self.uri(path)}, "position": {"line": line, "character": character}}

    async def hover(self, path: str, line: int = 0, character: int = 0) -> Any:
        return await self.result("textDocument/hover", self.at(path, line, character))

    def findings(self, path: str) -> list[dict[str, Any]]:
        """What was published about a file, oldest first."""
        published = [one["params"] for one in self.got if one.get("method") == "textDocument/publishDiagnostics"]
        return [params for params in published if params["uri"] == self.uri(path)]

    def statuses(self) -> list[str]:
        return [one["params"]["state"] for one in self.got if one.get("method") == "aimforge/status"]

    async def until_closed(self) -> int:
        await self.until(lambda: self.close_code is not None)
        assert self.close_code is not None
        return self.close_code


class Served:
    """A served part with its surroundings."""

    def __init__(self, part: LanguageServers, folder: Path, environment: Environment) -> None:
        self.part = part
        self.workspace = folder / "workspace"
        self.socket = folder / "agent.sock"
        self.environment = environment
        self.watcher = Watcher()
        self.events = Events()

    @asynccontextmanager
    async def connected(self, kind: str = "pyright", mode: str = "edit") -> AsyncIterator[ClientConnection]:
        headers = {**HEADERS, "X-Aimforge-Mode": mode}
        async with unix_connect(
            str(self.socket), f"ws://agent/lsp/{kind}", additional_headers=headers, compression=None, max_size=None
        ) as connection:
            yield connection

    @asynccontextmanager
    async def editor(self, kind: str = "pyright", mode: str = "edit") -> AsyncIterator[Editor]:
        async with self.connected(kind, mode) as connection, asyncio.TaskGroup() as group:
            editor = Editor(connection, self.workspace)
            reading = group.create_task(editor.read())
            yield editor
            await connection.close()
            await reading

    async def call(self, method: str, path: str) -> tuple[int, Any]:
        """An HTTP call; the answer's JSON, or its text."""
        connector = aiohttp.UnixConnector(str(self.socket))
        async with (
            aiohttp.ClientSession(connector=connector, headers=HEADERS) as session,
            session.request(method, f"http://agent{path}") as response,
        ):
            is_json = response.content_type == "application/json"
            return response.status, await (response.json() if is_json else response.text())


@asynccontextmanager
async def served(folder: Path, python: Path, **settings: Any) -> AsyncIterator[Served]:
    """Serve the language servers of ``folder/workspace`` as the agent does."""
    (folder / "workspace/nodes").mkdir(parents=True, exist_ok=True)
    environment, watcher, events = Environment(python), Watcher(), Events()
    async with LanguageServers(folder / "workspace", environment, watcher, events, **settings) as part:
        app = Starlette(routes=routes(part), exception_handlers={AgentError: _answer})
        async with _listening(Gate(app, "secret", Activity()), folder):
            served = Served(part, folder, environment)
            served.watcher, served.events = watcher, events
            yield served


@asynccontextmanager
async def _listening(app: ASGIApp, folder: Path) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app, ws=ServingProtocol, http="httptools", ws_per_message_deflate=False, lifespan="off", log_config=None
    )
    config.timeout_graceful_shutdown = 1
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "agent.sock"))
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        yield
    finally:
        await server.shutdown(sockets=[listener])


async def _answer(_: Request, error: Exception) -> Response:
    assert isinstance(error, AgentError)
    return json_response(error.body(), error.status)


async def eventually(condition: Callable[[], Any]) -> Any:
    """Wait for something that no event tells."""
    deadline = time.monotonic() + DEADLINE
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)
    return value


def is_running(pid: int) -> bool:
    """True for a process that is neither gone nor a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
