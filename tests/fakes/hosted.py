"""The whole application in hosted mode, with people in it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from control_plane.api.dependencies import HostedServices
from control_plane.domain.people import Role
from tests.fakes.served import Got, Served, served

PASSWORD = "correct horse battery"
FAST = {"mode": "hosted", "argon2_memory_kib": 8, "argon2_passes": 1}


@dataclass
class Hosted:
    """A running application with accounts."""

    served: Served

    @property
    def services(self) -> HostedServices:
        """The services about people."""
        hosted = self.served.app.state.services.hosted
        assert isinstance(hosted, HostedServices)
        return hosted

    async def add(self, login: str, role: Role = Role.STUDENT) -> str:
        """Make an account; return its id."""
        return (await self.services.accounts.create(login, login.title(), role, password=PASSWORD)).id

    async def sign_in(self, login: str, password: str = PASSWORD, **headers: str) -> Got:
        """Sign in by password."""
        body = {"login": login, "password": password}
        return await self.served.call("POST", "/api/session", json=body, headers=headers)

    async def session(self, login: str) -> dict[str, str]:
        """Sign in; return the headers of that browser on our own pages."""
        got = await self.sign_in(login)
        assert got.status == 200, got.content
        return {"cookie": got.headers["set-cookie"].partition(";")[0], "origin": self.served.url}

    async def joined(self, login: str, role: Role = Role.STUDENT) -> dict[str, str]:
        """Make an account and sign in."""
        await self.add(login, role)
        return await self.session(login)

    async def token(self, session: dict[str, str], scope: str, **more: Any) -> dict[str, str]:
        """Make a token; return the headers of a program that has it."""
        body = {"name": scope, "scope": scope} | more
        got = await self.served.call("POST", "/api/tokens", json=body, headers=session)
        assert got.status == 201, got.content
        return {"authorization": f"Bearer {got.json['token']}"}

    async def make(self, session: dict[str, str], name: str = "Weather") -> str:
        """Create a project; return its id."""
        got = await self.served.call("POST", "/api/project/make", json={"name": name}, headers=session)
        assert got.status == 201, got.content
        return str(got.json["id"])

    async def status(self, method: str, path: str, headers: dict[str, str], json: Any = None) -> int:
        """Ask; return the status alone."""
        return (await self.served.call(method, path, headers=headers, json=json)).status

    async def handshake(self, path: str, headers: dict[str, str]) -> int:
        """Try to open a socket; return the status of the refusal, 101 when it opened."""
        try:
            async with self.connect(path, headers):
                return 101
        except aiohttp.WSServerHandshakeError as refused:
            return refused.status

    def connect(self, path: str, headers: dict[str, str]) -> Any:
        """Open a socket."""
        return self.served.session.ws_connect(self.served.url.replace("http", "ws") + path, headers=headers)


@asynccontextmanager
async def hosted(folder: Path, **settings: Any) -> AsyncGenerator[Hosted]:
    """Serve in hosted mode; hashing costs next to nothing."""
    async with served(folder, **(FAST | settings)) as running:
        yield Hosted(running)


async def closed_with(socket: Any) -> int:
    """Read a socket until it is closed; return the code."""
    async for _ in socket:
        pass
    return int(socket.close_code)
