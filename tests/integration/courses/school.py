"""A server with accounts on the real engine, and people who use it as their browsers would."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

ROOT = Path(__file__).parents[3]
PASSWORD = "correct horse battery"
HERE = {"x": 0, "y": 0}
WITHIN_SEC = 500.0


@dataclass
class Somebody:
    """A browser that somebody is signed in by."""

    url: str
    session: aiohttp.ClientSession
    login: str

    async def ask(self, method: str, path: str, status: int = 0, json: Any = None, data: Any = None) -> Any:
        """Ask; the answer has this status, or any good one. Returns its JSON, else its bytes."""
        headers = {"content-type": "text/csv"} if isinstance(data, str) else {}
        async with self.session.request(method, self.url + path, json=json, data=data, headers=headers) as got:
            body = await got.json() if got.content_type == "application/json" else await got.read()
            assert got.status == status if status else got.status < 300, (self.login, path, got.status, body)
            return body

    async def node(self, project_id: str, title: str, code: str) -> str:
        """Add a node; return its id."""
        made = await self.ask(
            "POST", f"/api/project/{project_id}/nodes", 201, {"title": title, "code": code, "position": HERE}
        )
        return str(made["id"])

    async def write(self, project_id: str, node_id: str, code: str) -> None:
        """Save a node's source."""
        path = f"{self.url}/api/project/{project_id}/nodes/{node_id}/code"
        async with self.session.put(path, data=code.encode(), headers={"content-type": "text/x-python"}) as got:
            assert got.status == 200, await got.text()


@dataclass
class School:
    """A server, and who is signed in there."""

    folder: Path
    image: str
    deployment: str
    settings: Mapping[str, str]
    stack: AsyncExitStack
    url: str = ""
    process: subprocess.Popen[str] | None = None
    people: dict[str, Somebody] = field(default_factory=dict[str, Somebody])

    def environment(self) -> dict[str, str]:
        """What the server is told."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIMFORGE_")}
        ours = {
            "MODE": "hosted",
            "DATA_DIR": str(self.folder),
            "PORT": "0",
            "ARGON2_MEMORY_KIB": "8",
            "ARGON2_PASSES": "1",
            "REGISTRATION": "invite",
            "IMAGE": self.image,
            "DEPLOYMENT": self.deployment,
        }
        return kept | {f"AIMFORGE_{name}": value for name, value in (ours | dict(self.settings)).items()}

    def start(self) -> None:
        """Start the server."""
        log = self.stack.enter_context((self.folder.parent / "server.log").open("a"))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "control_plane", "serve"],
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().rpartition(" ")[2].strip().partition("/login")[0].rstrip("/")
        for person in self.people.values():
            person.url = self.url
            person.session.headers["origin"] = self.url

    def stop(self) -> None:
        """End the server, and wait for it: what it is starting would come after the clean-up otherwise."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    async def browser(self, login: str) -> Somebody:
        """Open a browser that nobody is signed in by yet."""
        session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=aiohttp.ClientTimeout(total=WITHIN_SEC),
            headers={"origin": self.url},
        )
        await self.stack.enter_async_context(session)
        self.people[login] = Somebody(self.url, session, login)
        return self.people[login]

    async def admin(self) -> Somebody:
        """Make the first administrator by the command line, and sign in."""
        subprocess.run(
            [sys.executable, "-m", "control_plane", "user", "add", "root", "--role", "admin", "--password-stdin"],
            cwd=ROOT,
            env=self.environment(),
            input=f"{PASSWORD}\n",
            text=True,
            check=True,
            capture_output=True,
        )
        return await self.signed_in("root")

    async def signed_in(self, login: str) -> Somebody:
        """Sign in by password."""
        person = await self.browser(login)
        await person.ask("POST", "/api/session", json={"login": login, "password": PASSWORD})
        return person

    async def teacher(self, root: Somebody, login: str = "ada") -> Somebody:
        """Make a teacher's account, and sign in."""
        await root.ask("POST", "/api/people", 201, {"login": login, "role": "teacher", "password": PASSWORD})
        return await self.signed_in(login)

    async def register(self, login: str, invitation_url: str) -> Somebody:
        """Make an account by an invitation's link."""
        person = await self.browser(login)
        body = {"login": login, "name": login, "password": PASSWORD, "invitation": urlsplit(invitation_url).fragment}
        await person.ask("POST", "/api/registration", 201, body)
        return person


@asynccontextmanager
async def open_school(folder: Path, image: str, deployment: str, **settings: str) -> AsyncGenerator[School]:
    """Start a server of this test's own."""
    async with AsyncExitStack() as stack:
        school = School(folder / "data", image, deployment, settings, stack)
        school.folder.mkdir(mode=0o700)
        school.start()
        stack.callback(school.stop)
        yield school


async def until(look: Callable[[], Awaitable[Any]], what: str, within_sec: float = WITHIN_SEC) -> Any:
    """Look again and again until something true is seen; only a hang fails."""
    deadline = time.monotonic() + within_sec
    while not (found := await look()):
        assert time.monotonic() < deadline, f"waited for {what}"
        await asyncio.sleep(0.2)
    return found
