"""Courses on a real database and a real server, which is killed meanwhile; on SQLite and on PostgreSQL."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox_image.wire.closing import CloseCode

ROOT = Path(__file__).parents[3]
PASSWORD = "correct horse battery"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of the database; empty for SQLite in the data directory."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIMFORGE_")}
    return kept | {
        "AIMFORGE_MODE": "hosted",
        "AIMFORGE_DATA_DIR": str(tmp_path),
        "AIMFORGE_DATABASE_URL": database_url,
        "AIMFORGE_PORT": "0",
        "AIMFORGE_ARGON2_MEMORY_KIB": "8",
        "AIMFORGE_ARGON2_PASSES": "1",
        "AIMFORGE_DOCKER_HOST": f"unix://{tmp_path}/no-engine.sock",
    }


def add(settings: dict[str, str], login: str, role: str) -> None:
    command = [sys.executable, "-m", "control_plane", "user", "add", login, "--role", role, "--password-stdin"]
    done = subprocess.run(
        command, cwd=ROOT, env=settings, input=PASSWORD + "\n", capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def server(settings: dict[str, str]) -> Generator[str]:
    """Run a server; killed at the end, without a chance to tidy up."""
    with subprocess.Popen(
        [sys.executable, "-m", "control_plane", "serve"],
        cwd=ROOT,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            yield line.rpartition(" ")[2].strip()
        finally:
            process.kill()


class Browser:
    """Somebody who is signed in."""

    def __init__(self, http: aiohttp.ClientSession, cookie: str) -> None:
        self._http = http
        self._cookie = cookie
        self.origin = ""

    @property
    def headers(self) -> dict[str, str]:
        """What a page of the server sends."""
        return {"cookie": self._cookie, "origin": self.origin}

    async def ask(self, method: str, path: str, json: Any = None, data: bytes | None = None) -> tuple[int, Any]:
        """Ask; return status and body."""
        async with self._http.request(method, self.origin + path, json=json, data=data, headers=self.headers) as got:
            return got.status, await got.json() if got.content_type == "application/json" else None

    def events(self, project_id: str) -> Any:
        """Open a project's events."""
        return self._http.ws_connect(f"{self.origin}/api/project/{project_id}/events", headers=self.headers)


@asynccontextmanager
async def browsers(origin: str, *logins: str) -> AsyncGenerator[list[Browser]]:
    """Sign people in."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        people: list[Browser] = []
        for login in logins:
            async with http.post(f"{origin}/api/session", json={"login": login, "password": PASSWORD}) as got:
                assert got.status == 200, await got.text()
                browser = Browser(http, got.headers["set-cookie"].partition(";")[0])
            browser.origin = origin
            people.append(browser)
        yield people


async def test_a_course_its_exam_and_its_looks_outlive_a_server_that_is_killed(settings: dict[str, str]):
    for login, role in (("ada", "teacher"), ("bob", "student"), ("eve", "student"), ("root", "admin")):
        add(settings, login, role)
    exam = {"title": "Midterm", "starts_at": time.time() - 1, "ends_at": time.time() + 3600}
    with server(settings) as origin:
        async with browsers(origin, "ada", "bob", "eve", "root") as (ada, bob, eve, root):
            status, made = await ada.ask("POST", "/api/courses", {"title": "Weather"})
            assert status == 201
            course = f"/api/courses/{made['id']}"
            status, brought = await ada.ask("POST", f"{course}/members", data="bob,Bob B.\ncyd,Çyd\n".encode())
            assert (status, brought["added"], brought["unknown"]) == (200, 2, ["cyd"])
            of_bob = (await bob.ask("POST", "/api/project/make", {"name": "Bob's"}))[1]["id"]
            of_eve = (await eve.ask("POST", "/api/project/make", {"name": "Eve's"}))[1]["id"]
            shared = {"login": "bob", "share": "editor"}
            assert (await eve.ask("POST", f"/api/project/{of_eve}/shares", shared))[0] == 201
            assert (await root.ask("POST", f"/api/project/{of_bob}/look"))[0] == 200
            async with bob.events(of_eve) as socket:
                assert (await ada.ask("POST", f"{course}/exams", exam))[0] == 201
                async with asyncio.timeout(60):
                    async for _ in socket:
                        pass
                assert socket.close_code == CloseCode.REVOKED
    with server(settings) as origin:
        async with browsers(origin, "ada", "bob", "root") as (ada, bob, root):
            members = (await ada.ask("GET", f"{course}/members"))[1]
            assert [(m["login"], m["name"], m["role"]) for m in members] == [
                ("ada", "ada", "teacher"),
                ("bob", "Bob B.", "student"),
                ("cyd", "Çyd", "student"),
            ]
            assert (await bob.ask("GET", course))[1]["exam"]["title"] == "Midterm"
            assert (await bob.ask("GET", f"/api/project/{of_eve}/sandbox"))[0] == 404
            assert (await bob.ask("POST", "/api/project/import", data=b"no zip"))[0] == 403
            assert (await root.ask("GET", f"/api/project/{of_bob}/sandbox"))[0] == 200
            assert [look["name"] for look in (await bob.ask("GET", f"/api/project/{of_bob}/looks"))[1]] == ["root"]
            (running,) = (await ada.ask("GET", f"{course}/exams"))[1]
            assert (await ada.ask("DELETE", f"{course}/exams/{running['id']}"))[0] == 204
            assert (await bob.ask("GET", f"/api/project/{of_eve}/sandbox"))[0] == 200
            assert (await ada.ask("DELETE", course))[0] == 204
    with server(settings) as origin:
        async with browsers(origin, "root") as (root,):
            assert (await root.ask("GET", "/api/courses"))[1] == []
