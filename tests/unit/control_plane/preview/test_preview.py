"""Previews through a real link to a server on a Unix socket; the main application behind answers ``main``."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from control_plane.adapters.agent_link.link import UnixAgentLink
from control_plane.api.preview.app import COOKIE, PreviewApp
from control_plane.api.preview.target import parse_target
from control_plane.domain.access import Policy, check_project
from control_plane.domain.errors import AimforgeError
from control_plane.domain.people import Person
from control_plane.domain.project import ProjectRecord
from control_plane.ports import AgentAddress
from control_plane.services.open_sockets import OpenSockets
from control_plane.services.preview_tickets import PASS_SEC, TICKET_SEC, PreviewTickets

SUFFIX = ".preview.localhost"
HOST = "p1.preview.localhost"


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


class Projects:
    def find(self, project_id: str) -> ProjectRecord | None:
        owner = {"p1": "ann", "p2": "bob"}.get(project_id)
        return ProjectRecord(id=project_id, name="x", owner=owner, created_at=0, opened_at=0) if owner else None


class Sandboxes:
    async def ensure_ready(self, project_id: str) -> AgentAddress:
        return AgentAddress(project_id=project_id, generation=1)


@dataclass
class Sockets:
    path: Path

    def agent_path(self, address: AgentAddress) -> str:
        return str(self.path)

    def token(self, address: AgentAddress) -> str:
        return "secret"


class Viewers:
    def viewer(self, project_id: str, person_id: str, via: str) -> Person:
        person = Person(id=person_id, name="", via=via)
        project = Projects().find(project_id)
        assert project is not None
        check_project(Policy.VIEW, person, project)
        return person


@dataclass
class Services:
    guard: Viewers
    sandboxes: Sandboxes
    link: UnixAgentLink
    open_sockets: OpenSockets
    previews: PreviewTickets


async def answer(request: Request) -> Response:
    """What the server in the sandbox says: what it was asked, and things that it must not be able to say."""
    body = await request.body()
    told = f"{request.method} {request.scope['raw_path'].decode()}?{request.url.query} {body.decode()} {sorted(request.headers.keys())}"
    return PlainTextResponse(told, 302, {"set-cookie": "a=b", "location": "http://127.0.0.1/", "x-app": "1"})


@dataclass
class Stage:
    client: httpx.AsyncClient
    services: Services
    clock: Clock

    async def enter(self, project_id: str = "p1", person_id: str = "ann", port: int = 8080) -> httpx.Response:
        ticket = self.services.previews.ticket(project_id, person_id)
        return await self.client.get(f"/preview/p1/{port}/?aimforge_ticket={ticket}")


@asynccontextmanager
async def stage(tmp_path: Path, *, over_tls: bool = False) -> AsyncGenerator[Stage]:
    async def main(request: Request) -> Response:
        return PlainTextResponse("main")

    clock = Clock()
    path = tmp_path / "agent.sock"
    routes = [Route("/{path:path}", answer, methods=["GET", "POST", "PUT", "DELETE"])]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="error", lifespan="off"))
    services = Services(
        Viewers(), Sandboxes(), UnixAgentLink(Sockets(path)), OpenSockets(), PreviewTickets(b"s", clock)
    )
    app = Starlette(routes=[Route("/{path:path}", main)])
    app.state.services = services
    app.add_middleware(PreviewApp, suffix=SUFFIX, over_tls=over_tls)
    async with running(server, path):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}:8000") as client:
            yield Stage(client, services, clock)
    services.link.close()


@asynccontextmanager
async def running(server: uvicorn.Server, path: Path) -> AsyncGenerator[None]:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()
    serving = asyncio.create_task(server.serve([listening]))
    yield
    server.should_exit = True
    await serving


async def test_a_ticket_opens_the_preview_once_and_requests_reach_the_server(tmp_path: Path):
    async with stage(tmp_path) as there:
        entered = await there.enter()
        assert (entered.status_code, entered.headers["location"]) == (303, "/preview/p1/8080/")
        assert "HttpOnly" in entered.headers["set-cookie"]
        shown = await there.client.post(
            "/preview/p1/8080/a%2Fb?x=1",
            content=b"hello",
            headers={"authorization": "Bearer x", "x-aimforge-mode": "edit"},
        )
        assert shown.text.startswith("POST /preview/8080/a%2Fb?x=1 hello ")
        assert "cookie" not in shown.text
        assert shown.status_code == 302  # passed on, never followed
        assert "set-cookie" not in shown.headers
        assert shown.headers["x-app"] == "1"


@pytest.mark.parametrize("over_tls", [False, True])
async def test_the_pass_is_for_tls_only_where_people_come_by_it(tmp_path: Path, *, over_tls: bool):
    async with stage(tmp_path, over_tls=over_tls) as there:
        entered = await there.enter()
        assert entered.status_code == 303
        assert ("Secure" in entered.headers["set-cookie"]) is over_tls


async def test_without_a_pass_nothing_is_shown(tmp_path: Path):
    async with stage(tmp_path) as there:
        assert (await there.client.get("/preview/p1/8080/")).status_code == 401
        forged = {"cookie": f"{COOKIE}=1.aa.bb"}
        assert (await there.client.get("/preview/p1/8080/", headers=forged)).status_code == 401
        await there.enter()
        assert (await there.client.get("/preview/p1/8080/")).status_code == 302


@pytest.mark.parametrize(("project_id", "person_id", "status"), [("p2", "bob", 401), ("p1", "bob", 404)])
async def test_a_ticket_is_good_for_its_project_and_its_person(
    tmp_path: Path, project_id: str, person_id: str, status: int
):
    async with stage(tmp_path) as there:
        await there.enter(project_id, person_id)
        assert (await there.client.get("/preview/p1/8080/")).status_code == status


async def test_a_ticket_is_used_up_by_whoever_comes_first(tmp_path: Path):
    async with stage(tmp_path) as there:
        tickets = [there.services.previews.ticket("p1", "ann") for _ in range(2)]
        address = f"/preview/p1/8080/?aimforge_ticket={tickets[0]}"
        assert (await there.client.get(address)).status_code == 303
        assert "set-cookie" not in (again := await there.client.get(address)).headers
        assert again.status_code == 303  # the same browser has its pass
        there.client.cookies.clear()
        assert (await there.client.get(address)).status_code == 401
        there.clock.time += TICKET_SEC - 1
        assert (await there.client.get(address)).status_code == 401
        # Another one, of the same second, is not used up by it.
        assert (await there.client.get(f"/preview/p1/8080/?aimforge_ticket={tickets[1]}")).status_code == 303


async def test_after_a_restart_no_earlier_ticket_is_good_and_every_pass_is(tmp_path: Path):
    async with stage(tmp_path) as there:
        before = there.services.previews
        used, unused = (before.ticket("p1", "ann") for _ in range(2))
        assert (await there.client.get(f"/preview/p1/8080/?aimforge_ticket={used}")).status_code == 303
        granted = there.client.cookies[COOKIE]
        there.services.previews = PreviewTickets(b"s", there.clock)
        assert (await there.client.get("/preview/p1/8080/")).status_code == 302
        there.client.cookies.clear()
        for ticket in (used, unused):
            refused = await there.client.get(f"/preview/p1/8080/?aimforge_ticket={ticket}")
            assert (refused.status_code, "Open the preview" in refused.json()["message"]) == (401, True)
        assert (await there.enter()).status_code == 303
        there.services.previews = PreviewTickets(b"another secret", there.clock)
        assert (
            await there.client.get("/preview/p1/8080/", headers={"cookie": f"{COOKIE}={granted}"})
        ).status_code == 401


async def test_tickets_and_passes_end(tmp_path: Path):
    async with stage(tmp_path) as there:
        late = there.services.previews.ticket("p1", "ann")
        there.clock.time += TICKET_SEC + 1
        assert (await there.client.get(f"/preview/p1/1/?aimforge_ticket={late}")).status_code == 401
        await there.enter()
        assert (await there.client.get("/preview/p1/8080/")).status_code == 302
        there.clock.time += PASS_SEC + 1
        assert (await there.client.get("/preview/p1/8080/")).status_code == 401


async def test_a_pass_gives_no_further_pass_and_a_ticket_in_its_place_shows_nothing(tmp_path: Path):
    async with stage(tmp_path) as there:
        await there.enter()
        granted = there.client.cookies[COOKIE]
        there.client.cookies.clear()
        assert (await there.client.get(f"/preview/p1/8080/?aimforge_ticket={granted}")).status_code == 401
        ticket = there.services.previews.ticket("p1", "ann")
        assert (
            await there.client.get("/preview/p1/8080/", headers={"cookie": f"{COOKIE}={ticket}"})
        ).status_code == 401
        shown = await there.client.get("/preview/p1/8080/", headers={"cookie": f"{COOKIE}={granted}"})
        assert shown.status_code == 302


async def test_a_request_that_the_end_of_the_server_cuts_off_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with stage(tmp_path) as there, asyncio.timeout(60):
        await there.enter()
        waiting = asyncio.Event()

        async def never(_: str) -> AgentAddress:
            waiting.set()
            await asyncio.Event().wait()
            raise AssertionError

        with monkeypatch.context() as patch:
            patch.setattr(there.services.sandboxes, "ensure_ready", never)
            asked = asyncio.create_task(there.client.get("/preview/p1/8080/"))
            await waiting.wait()
            asked.cancel()  # the client's transport calls the application in its own task
            answered = await asked
        assert (answered.status_code, answered.json()["error"]) == (503, "unavailable")
        assert (await there.client.get("/preview/p1/8080/")).status_code == 302


async def test_the_origins_do_not_mix(tmp_path: Path):
    async with stage(tmp_path) as there:
        assert (await there.client.get("http://localhost:8000/preview/p1/8080/")).text == "main"
        await there.enter()
        assert (await there.client.get("/api/project/")).status_code == 404
        assert (await there.client.get("http://p2.preview.localhost:8000/preview/p1/8080/")).status_code == 404


@pytest.mark.parametrize("port", ["0", "65536", "-1", "8080.0", "%38080", "0x50", "\u0661", "99999999"])
async def test_a_port_is_a_number_or_refused(tmp_path: Path, port: str):
    async with stage(tmp_path) as there:
        await there.enter()
        assert (await there.client.get(f"/preview/p1/{port}/")).status_code == 422
        assert (await there.client.get("/preview/p1/8080/")).status_code == 302


@given(st.text(max_size=80), st.text(max_size=20))
def test_any_address_is_a_target_or_refused(path: str, host: str):
    try:
        target = parse_target(host + SUFFIX, SUFFIX, "/preview/" + path)
    except AimforgeError:
        return
    assert target.project_id.lower() == host
    assert 0 < target.port < 65536
