"""Files served on a Unix socket as the agent serves them, and a client."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from sandbox_image.agent.errors import AgentError, from_os_error
from sandbox_image.agent.files import Files, routes
from sandbox_image.agent.http import json_response


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    def __init__(self, session: aiohttp.ClientSession, workspace: Path) -> None:
        self.session = session
        self.workspace = workspace

    async def call(self, method: str, route: str, path: str | None = None, **options: Any) -> Answer:
        params = {} if path is None else {"path": path}
        async with self.session.request(method, f"http://agent{route}", params=params, **options) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, headers, await response.read())

    async def read(self, path: str, **headers: str) -> Answer:
        return await self.call("GET", "/files/content", path, headers=_names(headers))

    async def write(self, path: str, data: Any, **headers: str) -> Answer:
        return await self.call("PUT", "/files/content", path, data=data, headers=_names(headers))

    async def names(self, path: str = "") -> list[str]:
        answer = await self.call("GET", "/files", path)
        assert answer.status == 200, answer.body
        return [entry["name"] for entry in answer.json["entries"]]

    async def rename(self, source: str, target: str, *, overwrite: bool = False) -> Answer:
        body = {"source": source, "target": target, "overwrite": overwrite}
        return await self.call("POST", "/files/rename", json=body)


def _names(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


async def _answer(_: Request, error: Exception) -> Response:
    known = from_os_error(error) if isinstance(error, OSError) else error
    assert isinstance(known, AgentError)
    return json_response(known.body(), known.status)


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for something that no event tells."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def served(folder: Path, workspace: Path | None = None) -> AsyncIterator[Client]:
    workspace = workspace or folder / "workspace"
    workspace.mkdir(exist_ok=True)
    async with Files(workspace) as part:
        app = Starlette(routes=routes(part), exception_handlers={AgentError: _answer, OSError: _answer})
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(folder / "agent.sock"))
        config = uvicorn.Config(app, http="httptools", lifespan="off", log_config=None, timeout_graceful_shutdown=1)
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listener])
        try:
            connector = aiohttp.UnixConnector(str(folder / "agent.sock"))
            async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
                yield Client(session, workspace)
        finally:
            await server.shutdown(sockets=[listener])
