"""The whole application on fakes behind a real server, and a client for it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp
from fastapi import FastAPI

from control_plane.adapters.local import Adapters
from control_plane.app import create_app
from control_plane.domain.egress import parse_allowed_host
from control_plane.ports import Egress, EventSink
from control_plane.settings import Settings
from tests.fakes.agent_link import FakeAgent
from tests.fakes.json_reader import FakeJsonReader
from tests.fakes.serving import serving, tcp_listener
from tests.fakes.stores import FakeAllowanceStore, FakeProjectStore, FakeSandboxStore
from tests.fakes.world import Outside

TOKEN = "a-token-of-some-length"
BEARER = {"authorization": f"Bearer {TOKEN}"}


@dataclass(frozen=True)
class Got:
    """An answer, read."""

    status: int
    headers: dict[str, str]
    content: bytes
    json: Any = None
    all_cookies: list[str] = field(default_factory=list)
    """Name and value of each cookie that was set."""


@dataclass
class Served:
    """A running application. ``call`` sends the token unless it is told otherwise."""

    app: FastAPI
    port: int
    outside: Outside
    session: aiohttp.ClientSession = field(repr=False)

    @property
    def url(self) -> str:
        """Origin of the server."""
        return f"http://127.0.0.1:{self.port}"

    async def call(
        self, method: str, path: str, *, json: Any = None, data: Any = None, headers: dict[str, str] | None = None
    ) -> Got:
        """Ask, and read the answer."""
        sent = BEARER if headers is None else headers
        async with self.session.request(
            method, self.url + path, json=json, data=data, headers=sent, allow_redirects=False
        ) as response:
            content = await response.read()
            is_json = response.content_type == "application/json"
            return Got(
                response.status,
                {name.lower(): value for name, value in response.headers.items()},
                content,
                await response.json() if is_json else None,
                [value.partition(";")[0] for value in response.headers.getall("set-cookie", [])],
            )

    def agent(self, project_id: str) -> FakeAgent:
        """The agent of a project."""
        return self.outside.link.agent(project_id)

    async def make(self, name: str = "Weather") -> str:
        """Create a project and return its id."""
        return (await self.call("POST", "/api/project/make", json={"name": name})).json["id"]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()


@asynccontextmanager
async def served(folder: Path, **settings: Any) -> AsyncGenerator[Served]:
    """Serve the application on fakes, with its data in ``folder``."""
    outside = Outside()

    @asynccontextmanager
    async def adapters(_: Settings) -> AsyncGenerator[Adapters]:
        @asynccontextmanager
        async def egress(sink: EventSink) -> AsyncGenerator[Egress]:
            outside.egress.sink = sink
            yield outside.egress

        yield Adapters(
            runtime=outside.runtime,
            link=outside.link,
            reader=FakeJsonReader(),
            egress=egress,
            projects=FakeProjectStore(outside.database),
            sandboxes=FakeSandboxStore(outside.database),
            identity=outside.identity,
            audit=outside.audit,
            archives=outside.archives,
            test_rows=outside.test_rows,
            allowances=FakeAllowanceStore(outside.database),
            packages=(parse_allowed_host("index.example"),),
            clock=outside.clock,
        )

    given: dict[str, Any] = {"data_dir": folder, "token": TOKEN, "frontend_dir": folder / "dist"} | settings
    chosen = Settings(**given)
    chosen.prepare_data_dir()
    (folder / "welcomed").touch()
    app = create_app(chosen, adapters)
    listener = tcp_listener()
    async with serving(app, listener, lifespan="on"):
        jar = aiohttp.DummyCookieJar()
        async with Served(app, listener.getsockname()[1], outside, aiohttp.ClientSession(cookie_jar=jar)) as running:
            yield running
