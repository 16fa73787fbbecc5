"""A served set of terminals, and a client that speaks their frames as a page does."""

import asyncio
import json
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
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
from sandbox_image.agent.terminal import Terminals, routes
from sandbox_image.sockets.serving import ServingProtocol
from sandbox_image.wire.terminals import INPUT, OUTPUT, OUTPUT_HEADER

DEADLINE = 60.0
TOKEN = "secret"
PROMPT = b"READY>"


class NoEnvironment:
    python = Path("/nonexistent/venv/bin/python")


class Events:
    def __init__(self) -> None:
        self.published: list[Any] = []

    def publish(self, data: Any, by: str = "") -> None:
        self.published.append(data)


@asynccontextmanager
async def serving(app: ASGIApp, path: Path) -> AsyncIterator[None]:
    """Serve ``app`` on a Unix socket as the agent's server does."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    config = uvicorn.Config(
        app, ws=ServingProtocol, http="httptools", ws_per_message_deflate=False, lifespan="off", log_config=None
    )
    config.timeout_graceful_shutdown = 1
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


class Served:
    def __init__(self, part: Terminals, socket_path: Path, events: Events) -> None:
        self.part = part
        self.socket_path = socket_path
        self.events = events

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """An HTTP call with a JSON answer."""
        connector = aiohttp.UnixConnector(str(self.socket_path))
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            aiohttp.ClientSession(connector=connector, headers=headers) as session,
            session.request(method, f"http://agent{path}", json=body) as response,
        ):
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def open(self, **body: Any) -> str:
        status, terminal = await self.call("POST", "/terminals", body)
        assert status == 201, terminal
        return terminal["id"]

    @asynccontextmanager
    async def attach(self, terminal_id: str, since: int | None = None, mode: str = "edit") -> AsyncIterator["Page"]:
        query = "" if since is None else f"?from={since}"
        headers = {"Authorization": f"Bearer {TOKEN}", "X-Aimforge-Mode": mode}
        uri = f"ws://agent/terminals/{terminal_id}/attach{query}"
        async with unix_connect(
            str(self.socket_path), uri, additional_headers=headers, compression=None, max_size=None
        ) as connection:
            yield Page(connection)

    @asynccontextmanager
    async def shell(self, **body: Any) -> AsyncIterator["Page"]:
        """A page on a new terminal with a quiet prompt."""
        async with self.attach(await self.open(**body)) as page:
            await page.quiet()
            yield page


@asynccontextmanager
async def served(tmp_path: Path, **settings: Any) -> AsyncIterator[Served]:
    workspace = tmp_path / "workspace"
    (workspace / ".aimforge").mkdir(parents=True)
    events = Events()
    # Not this machine's own ~/.bashrc: it may do anything.
    environ = {**os.environ, "HOME": str(workspace)}
    async with Terminals(workspace, NoEnvironment(), events, environ=environ, **settings) as part:
        app = Starlette(routes=routes(part), exception_handlers={AgentError: _answer})
        async with serving(Gate(app, TOKEN, Activity()), tmp_path / "agent.sock"):
            yield Served(part, tmp_path / "agent.sock", events)


class Page:
    """Reads frames, checks that no byte is missing or doubled, and acknowledges what it read."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.acknowledges = True
        self.output = bytearray()
        self.messages: list[dict[str, Any]] = []
        self.next_offset = -1
        self.close_code = 0

    async def step(self) -> bool:
        """Read one frame. False at the end."""
        try:
            frame = await asyncio.wait_for(self.connection.recv(), DEADLINE)
        except ConnectionClosed as closed:
            self.close_code = closed.rcvd.code if closed.rcvd else 1006
            return False
        if isinstance(frame, str):
            message = json.loads(frame)
            self.messages.append(message)
            if message["type"] == "attached":
                self.next_offset = message["from"]
            elif message["type"] == "truncated":
                self.next_offset = message["to"]
        else:
            opcode, offset = OUTPUT_HEADER.unpack_from(frame)
            assert opcode == OUTPUT
            assert offset == self.next_offset
            self.output += frame[OUTPUT_HEADER.size :]
            self.next_offset += len(frame) - OUTPUT_HEADER.size
            if self.acknowledges:
                # What was received before the end is still to be read after it.
                with suppress(ConnectionClosed):
                    await self.control(type="ack", offset=self.next_offset)
        return True

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            assert await self.step(), f"closed with {self.close_code} after {bytes(self.output[-500:])!r}"

    async def until_output(self, *expected: bytes) -> None:
        await self.until(lambda: all(text in self.output for text in expected))

    async def until_closed(self) -> int:
        while await self.step():
            pass
        return self.close_code

    async def until_message(self, kind: str) -> dict[str, Any]:
        await self.until(lambda: any(message["type"] == kind for message in self.messages))
        return next(message for message in self.messages if message["type"] == kind)

    async def type(self, text: str | bytes) -> None:
        data = text.encode() if isinstance(text, str) else text
        await self.connection.send(bytes([INPUT]) + data)

    async def control(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def quiet(self) -> None:
        """Wait for the shell, and let its prompt and echo be easy to recognize."""
        await self.type("stty -echo; bind 'set enable-bracketed-paste off'; PROMPT_COMMAND=; PS2=; PS1=READ''Y'>'\n")
        await self.until_output(PROMPT)
        self.output.clear()

    async def run(self, command: str) -> bytes:
        """The output of a command, up to the next prompt."""
        self.output.clear()
        await self.type(command + "\n")
        await self.until_output(PROMPT)
        return bytes(self.output).partition(PROMPT)[0]


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for something that no event tells."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


def zombie_children() -> list[int]:
    found: list[int] = []
    for entry in list(Path("/proc").iterdir()):
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] == "Z" and int(fields[1]) == os.getpid():
                found.append(int(entry.name))
    return found
