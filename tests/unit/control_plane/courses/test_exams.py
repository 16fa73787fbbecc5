"""Exams: what they take away, from whom, when, and that it comes back."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from control_plane.api.operation import BYTES, ZIP, OperationRoute
from control_plane.domain.access import CLOSED_IN_EXAM, Policy
from control_plane.domain.people import Role
from sandbox_image.wire.closing import CloseCode
from tests.fakes.agent_link import Asked, FakeAgent, Reply
from tests.fakes.hosted import Hosted, closed_with, hosted

Headers = dict[str, str]
ON = "is on: nothing is brought in or shared"


@dataclass
class School:
    """A course of Ada's, with the student Bob; Eve is in no course; Root administers."""

    app: Hosted
    course: str
    ada: Headers
    bob: Headers
    eve: Headers
    root: Headers

    async def exam(self, *, after: float = 0, length: float = 600) -> str:
        """Make an exam; return its path."""
        now = self.app.served.outside.clock.now() + after
        wanted = {"title": "Midterm", "starts_at": now, "ends_at": now + length}
        got = await self.app.served.call("POST", f"{self.course}/exams", json=wanted, headers=self.ada)
        assert got.status == 201, got.content
        return f"{self.course}/exams/{got.json['id']}"

    async def share(self, owner: Headers, project_id: str, login: str, share: str = "editor") -> int:
        """Give somebody a share; return the status."""
        body = {"login": login, "share": share}
        return await self.app.status("POST", f"/api/project/{project_id}/shares", owner, body)

    async def sees(self, person: Headers, project_id: str) -> bool:
        """Tell whether a person may look at a project."""
        status = await self.app.status("GET", f"/api/project/{project_id}/sandbox", person)
        assert status in (200, 404)
        return status == 200


@pytest.fixture
async def school(tmp_path: Path) -> AsyncGenerator[School]:
    async with hosted(tmp_path) as app:
        ada, root = await app.joined("ada", Role.TEACHER), await app.joined("root", Role.ADMIN)
        bob, eve = await app.joined("bob"), await app.joined("eve")
        got = await app.served.call("POST", "/api/courses", json={"title": "Weather"}, headers=ada)
        course = f"/api/courses/{got.json['id']}"
        assert await app.status("PUT", f"{course}/members/bob", ada, {"name": "Bob"}) == 200
        yield School(app, course, ada, bob, eve, root)


def closed(app: Hosted) -> list[OperationRoute]:
    routes = [route for route in app.served.app.routes if isinstance(route, OperationRoute)]
    return [route for route in routes if route.operation.id in CLOSED_IN_EXAM]


async def ask(school: School, route: OperationRoute, project_id: str, person: Headers) -> tuple[int, str]:
    path = route.path.replace("{project_id}", project_id).replace("{person_id}", "nobody")
    got = await school.app.served.call(route.operation.method, path, json=["not right"], headers=person)
    return got.status, got.json["message"]


async def test_each_closed_operation_is_refused_to_the_students_while_it_runs_and_to_nobody_else(school: School):
    assert {route.operation.id for route in closed(school.app)} == CLOSED_IN_EXAM
    of_bob, of_eve = await school.app.make(school.bob), await school.app.make(school.eve)
    of_ada = await school.app.make(school.ada)
    await school.exam(after=60)
    everybody = [(school.bob, of_bob), (school.eve, of_eve), (school.ada, of_ada)]
    for when, refused in ((0, set[int]()), (60, {0}), (600, set[int]())):
        await school.app.served.outside.clock.advance(when)
        for route in closed(school.app):
            for number, (person, project_id) in enumerate(everybody):
                status, message = await ask(school, route, project_id, person)
                assert ((status == 403) and ON in message) is (number in refused), (when, route.operation.id)


def test_all_that_takes_a_file_or_shares_something_is_closed(school: School):
    routes = [route for route in school.app.served.app.routes if isinstance(route, OperationRoute)]
    brings = {
        route.operation.id
        for route in routes
        if route.operation.body in (BYTES, ZIP) and route.policy is not Policy.COURSE_TEACHER
    }
    shares = {
        route.operation.id
        for route in routes
        if "/share" in route.path and route.operation.method in ("POST", "PUT", "PATCH")
    }
    assert brings | shares | {"clone_project"} == CLOSED_IN_EXAM


async def test_an_editor_saves_what_is_there_and_uploads_nothing(school: School):
    project_id = await school.app.make(school.bob)
    path = f"/api/project/{project_id}/files/content?path=notes.txt"

    async def put(size: int, headers: Headers, person: Headers = school.bob) -> int:
        got = await school.app.served.call("PUT", path, data=b"x" * size, headers=person | headers)
        return got.status

    async def body() -> AsyncGenerator[bytes]:
        yield b"x"

    await school.exam()
    refused = [
        await put(10, {}),
        await put(10, {"if-none-match": "*"}),
        await put(1024 * 1024 + 1, {"if-match": '"1"'}),
        (await school.app.served.call("PUT", path, data=body(), headers=school.bob | {"if-match": '"1"'})).status,
    ]
    assert refused == [403] * 4
    assert 403 not in (await put(10, {"if-match": '"1"'}), await put(0, {"if-none-match": "*"}))
    of_eve = f"/api/project/{await school.app.make(school.eve)}/files/content?path=notes.txt"
    assert (await school.app.served.call("PUT", of_eve, data=b"x", headers=school.eve)).status != 403


async def test_shares_are_suspended_both_ways_and_come_back(school: School):
    of_bob, of_eve = await school.app.make(school.bob), await school.app.make(school.eve)
    assert await school.share(school.bob, of_bob, "eve") == 201
    assert await school.share(school.bob, of_bob, "ada", "viewer") == 201
    assert await school.share(school.eve, of_eve, "bob") == 201
    listed = "/api/project/"
    exam = await school.exam()
    assert not await school.sees(school.bob, of_eve)
    assert not await school.sees(school.eve, of_bob)
    assert await school.sees(school.ada, of_bob)
    assert await school.sees(school.bob, of_bob)
    mine = (await school.app.served.call("GET", listed, headers=school.bob)).json
    assert [project["id"] for project in mine] == [of_bob]
    duplicate = f"/api/project/{of_eve}/duplicate"
    assert await school.app.status("POST", duplicate, school.bob, {"name": "Copy"}) == 404
    assert await school.app.status("DELETE", exam, school.ada) == 204
    assert await school.sees(school.bob, of_eve)
    assert await school.sees(school.eve, of_bob)
    assert len((await school.app.served.call("GET", listed, headers=school.bob)).json) == 2


async def test_sockets_whose_right_an_exam_takes_are_closed_when_it_begins_and_others_stay(school: School):
    of_bob, of_eve = await school.app.make(school.bob), await school.app.make(school.eve)
    assert await school.share(school.bob, of_bob, "eve", "viewer") == 201
    assert await school.share(school.bob, of_bob, "ada", "viewer") == 201
    assert await school.share(school.eve, of_eve, "bob") == 201
    await school.exam(after=10)
    connect, clock = school.app.connect, school.app.served.outside.clock
    mine, foreign = f"/api/project/{of_bob}/events", f"/api/project/{of_eve}/events"
    async with (
        connect(mine, school.bob) as own,
        connect(mine, school.ada) as teachers,
        connect(mine, school.eve) as eves,
        connect(foreign, school.bob) as bobs,
    ):
        await clock.advance(9)
        assert not eves.closed
        assert not bobs.closed
        await clock.advance(2)
        assert await closed_with(eves) == CloseCode.REVOKED
        assert await closed_with(bobs) == CloseCode.REVOKED
        assert not own.closed
        assert not teachers.closed
    assert await school.app.handshake(foreign, school.bob) == 404
    await clock.advance(600)
    assert await school.app.handshake(foreign, school.bob) == 101


async def test_who_sits_in_an_exam_is_told_when_it_begins_and_ends(school: School):
    exams, clock = school.app.services.exams, school.app.served.outside.clock
    bob_id = school.app.services.accounts.find("bob").id
    ada_id = school.app.services.accounts.find("ada").id
    of_bob, of_eve = await school.app.make(school.bob), await school.app.make(school.eve)
    moved: list[frozenset[str]] = []
    exams.on_change(moved.append)
    await school.exam(after=10, length=20)
    assert not exams.person_in_exam(bob_id)
    await clock.advance(11)
    assert exams.person_in_exam(bob_id)
    assert not exams.person_in_exam(ada_id)
    assert exams.egress_closed(of_bob)
    assert not exams.egress_closed(of_eve)
    assert moved == [{bob_id}]
    await clock.advance(20)
    assert moved == [{bob_id}, {bob_id}]
    assert not exams.egress_closed(of_bob)
    await school.exam()
    assert moved[2:] == [{bob_id}]
    assert await school.app.status("DELETE", f"{school.course}/members/bob", school.ada) == 204
    assert moved[3:] == [{bob_id}]
    assert await school.app.status("PUT", f"{school.course}/members/bob", school.ada, {"name": "Bob"}) == 200
    assert await school.app.status("DELETE", school.course, school.ada) == 204
    assert not exams.person_in_exam(bob_id)
    assert moved[4:] == [{bob_id}, {bob_id}]


async def test_the_way_out_of_their_sandboxes_is_closed_while_it_runs_whenever_they_start(school: School):
    app, clock, gates = school.app, school.app.served.outside.clock, school.app.served.outside.egress
    of_bob, late = await app.make(school.bob), await app.make(school.bob, "Late")
    of_eve = await app.make(school.eve)

    async def start(person: Headers, project_id: str) -> None:
        assert await app.status("POST", f"/api/project/{project_id}/sandbox/start", person) == 202
        async with asyncio.timeout(60):
            while project_id not in gates.policies:  # noqa: ASYNC110  # the fake has no event for it
                await asyncio.sleep(0.01)

    def leads_out(project_id: str) -> bool:
        policy = gates.policies[project_id]
        return policy.open or policy.hosts != ()

    await start(school.bob, of_bob)
    await start(school.eve, of_eve)
    assert leads_out(of_bob)
    await school.exam(after=10)
    await clock.advance(13)
    assert not leads_out(of_bob)
    assert leads_out(of_eve)
    await start(school.bob, late)
    assert not leads_out(late)
    await clock.advance(610)
    assert leads_out(of_eve)
    for project_id in (of_bob, late):
        await start(school.bob, project_id)
        assert leads_out(project_id)


async def test_an_exam_binds_no_administrator_whoever_lists_them(school: School):
    exams, accounts = school.app.services.exams, school.app.services.accounts
    of_bob = await school.app.make(school.bob)
    assert await school.share(school.bob, of_bob, "root") == 201
    assert await school.app.status("PUT", f"{school.course}/members/root", school.ada, {"name": "Root"}) == 200
    moved: list[frozenset[str]] = []
    exams.on_change(moved.append)
    await school.exam()
    assert not exams.person_in_exam(accounts.find("root").id)
    assert exams.person_in_exam(accounts.find("bob").id)
    assert moved == [{accounts.find("bob").id}]
    assert await school.sees(school.root, of_bob)
    of_root = await school.app.make(school.root)
    assert await school.share(school.root, of_root, "eve") == 201
    assert await school.sees(school.eve, of_root)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"starts_at": 100, "ends_at": 100}, "ends_at"),
        ({"starts_at": 200, "ends_at": 100}, "ends_at"),
        ({"starts_at": -1000, "ends_at": -1}, "ends_at"),
        ({"starts_at": 0, "ends_at": 8 * 86400}, "ends_at"),
        ({"starts_at": 367 * 86400, "ends_at": 367 * 86400 + 1}, "ends_at"),
        ({"title": " ", "starts_at": 0, "ends_at": 100}, "title"),
    ],
)
async def test_a_time_that_makes_no_sense_is_refused(school: School, wanted: dict[str, Any], field: str):
    now = school.app.served.outside.clock.now()
    body = {"title": "T"} | wanted | {name: wanted[name] + now for name in ("starts_at", "ends_at")}
    got = await school.app.served.call("POST", f"{school.course}/exams", json=body, headers=school.ada)
    assert (got.status, got.json["detail"]["field"]) == (422, field)
    good = {"title": "T", "starts_at": now - 5, "ends_at": now + 5}
    assert await school.app.status("POST", f"{school.course}/exams", school.ada, good) == 201


async def test_exams_are_shown_to_members_and_written_down(school: School):
    exam = await school.exam()
    course = await school.app.served.call("GET", school.course, headers=school.bob)
    assert course.json["exam"]["title"] == "Midterm"
    listed = await school.app.served.call("GET", "/api/courses", headers=school.bob)
    assert listed.json[0]["exam"]["title"] == "Midterm"
    assert len((await school.app.served.call("GET", f"{school.course}/exams", headers=school.bob)).json) == 1
    assert await school.app.status("DELETE", exam, school.bob) == 403
    assert await school.app.status("DELETE", exam, school.ada) == 204
    assert await school.app.status("DELETE", exam, school.ada) == 404
    await school.app.served.app.state.services.audit.flush()
    written = [e.action.value for e in school.app.served.outside.audit.entries if e.action.startswith("exam.")]
    assert written == ["exam.created", "exam.removed"]


@dataclass
class Sending:
    """An upload that goes on until it is told to end."""

    begun: asyncio.Event
    go_on: asyncio.Event

    async def body(self) -> AsyncGenerator[bytes]:
        """Send a piece, and the rest when the test says so."""
        yield b"PK"
        self.begun.set()
        await self.go_on.wait()
        yield b"rest"


BROUGHT = {
    "import": ("POST", "/api/project/import?name=Brought", "/project/import"),
    "replace": ("POST", "/api/project/{id}/import?mode=replace", "/project/import"),
    "upload": ("PUT", "/api/project/{id}/files/content?path=big.bin", "/files/content"),
    "clone": ("POST", "/api/project/clone", "/project/clone"),
}


@pytest.mark.parametrize("what", BROUGHT)
@pytest.mark.parametrize("who", ["bob", "eve"])
async def test_what_is_being_brought_in_when_an_exam_begins_is_broken_off_for_its_students(
    school: School, what: str, who: str
):
    app, person = school.app, {"bob": school.bob, "eve": school.eve}[who]
    project_id = await app.make(person)
    method, path, at_agent = BROUGHT[what]
    sending = Sending(asyncio.Event(), asyncio.Event())
    ended: list[str] = []

    async def take(_: Asked) -> Reply:
        sending.begun.set()
        try:
            await sending.go_on.wait()
        except asyncio.CancelledError:
            ended.append("broken off")
            raise
        ended.append("taken")
        said = {"name": "p", "path": "big.bin", "kind": "file"}
        return Reply(chunks=[msgspec.json.encode(said)], headers={"content-type": "application/json"})

    def furnish(_: str, agent: FakeAgent) -> None:
        agent.on(method, at_agent, take)

    app.served.outside.link.on_new = furnish
    app.served.agent(project_id).on(method, at_agent, take)
    body = {"json": {"url": "https://git.example.org/a/b.git"}} if what == "clone" else {"data": sending.body()}
    asking = asyncio.create_task(
        app.served.call(method, path.replace("{id}", project_id), headers=person, **body)  # pyright: ignore[reportArgumentType]
    )
    async with asyncio.timeout(60):
        await sending.begun.wait()
        await school.exam()
        await app.served.outside.clock.advance(1)
        sending.go_on.set()
        got = await asking
    if who == "eve":  # the control: she is in no course
        assert (got.status, ended) == (201 if what in ("import", "clone") else 200, ["taken"]), got.content
        return
    assert (got.status, got.json["error"]) == (403, "forbidden"), got.content
    assert "broken off" in got.json["message"]
    assert got.json["detail"]["ends_at"] > app.served.outside.clock.now()
    assert ended in ([], ["broken off"])
    listed = (await app.served.call("GET", "/api/project", headers=person)).json
    assert [project["id"] for project in listed] == [project_id]
