"""Looks of teachers and administrators at projects that are not theirs."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from control_plane.domain.courses import Assignment, Submission
from control_plane.domain.identity import Put
from control_plane.domain.people import Role
from control_plane.services.people.looks import LOOK_SEC, MAX_PER_PROJECT
from sandbox_image.wire.closing import CloseCode
from tests.fakes.hosted import Hosted, closed_with, hosted

Headers = dict[str, str]


@dataclass
class School:
    """A course of Ada's, with the student Bob, whose project is what he makes of an assignment. Zoe teaches elsewhere."""

    app: Hosted
    course: str
    ada: Headers
    bob: Headers
    zoe: Headers
    root: Headers
    project_id: str

    async def look(self, person: Headers, project_id: str = "") -> int:
        """Look; return the status."""
        return await self.app.status("POST", f"/api/project/{project_id or self.project_id}/look", person)

    async def sees(self, person: Headers) -> bool:
        """Tell whether a person may look at the project."""
        status = await self.app.status("GET", f"/api/project/{self.project_id}/sandbox", person)
        assert status in (200, 404)
        return status == 200

    async def looks(self) -> list[dict[str, Any]]:
        """Return the looks that Bob is told of."""
        got = await self.app.served.call("GET", f"/api/project/{self.project_id}/looks", headers=self.bob)
        assert got.status == 200
        return got.json


@pytest.fixture
async def school(tmp_path: Path) -> AsyncGenerator[School]:
    async with hosted(tmp_path) as app:
        ada, zoe = await app.joined("ada", Role.TEACHER), await app.joined("zoe", Role.TEACHER)
        root, bob = await app.joined("root", Role.ADMIN), await app.joined("bob")
        got = await app.served.call("POST", "/api/courses", json={"title": "Weather"}, headers=ada)
        course_id = got.json["id"]
        course = f"/api/courses/{course_id}"
        assert await app.status("PUT", f"{course}/members/bob", ada, {"name": "Bob"}) == 200
        project_id = await app.make(bob)
        store = app.served.outside.identity
        made = Assignment(
            id="x", course_id=course_id, title="Rain", text="", project_id="p", created_by="", created_at=1
        )
        begun = Submission(
            id="x:bob",
            assignment_id="x",
            course_id=course_id,
            login="bob",
            person_id=app.services.accounts.find("bob").id,
            project_id=project_id,
            started_at=1,
        )
        await store.write([Put(made), Put(begun)], await store.revision())
        await app.served.outside.clock.advance(1)
        yield School(app, course, ada, bob, zoe, root, project_id)


async def test_a_look_is_read_only_ends_by_itself_and_the_student_is_told(school: School):
    clock = school.app.served.outside.clock
    assert not await school.sees(school.ada)
    assert await school.look(school.ada) == 200
    assert await school.sees(school.ada)
    keep_awake = f"/api/project/{school.project_id}/sandbox/keep-awake"
    assert await school.app.status("POST", keep_awake, school.ada, {"seconds": 1}) == 403
    assert await school.app.status("GET", f"/api/project/{school.project_id}/shares", school.ada) == 403
    assert [(look["name"], look["until"] - look["at"]) for look in await school.looks()] == [("Ada", LOOK_SEC)]
    events = f"/api/project/{school.project_id}/events"
    async with school.app.connect(events, school.ada) as socket:
        await clock.advance(LOOK_SEC - 1)
        assert not socket.closed
        await clock.advance(2)
        assert await closed_with(socket) == CloseCode.REVOKED
    assert not await school.sees(school.ada)
    await school.app.served.app.state.services.audit.flush()
    written = [e for e in school.app.served.outside.audit.entries if e.action == "project.looked_at"]
    assert [entry.project_id for entry in written] == [school.project_id]


async def test_the_open_page_of_the_student_is_told_at_once(school: School):
    async with school.app.connect(f"/api/project/{school.project_id}/events", school.bob) as socket:
        async with asyncio.timeout(60):
            assert "epoch" in await socket.receive_json()
            assert await school.look(school.ada) == 200
            told: list[Any] = []
            while not told:
                told = [event["data"] for event in await socket.receive_json() if event["type"] == "looked_at"]
    (look,) = await school.looks()
    assert told == [look]


async def test_only_who_teaches_the_course_and_administrators_look(school: School):
    of_ada = await school.app.make(school.ada)
    other = await school.app.make(school.bob, "Private")
    assert await school.look(school.zoe) == 404
    assert await school.look(school.ada, other) == 404
    assert await school.look(school.bob, of_ada) == 404
    assert await school.look(school.ada, of_ada) == 422
    assert await school.look(school.ada, "nothing") == 404
    assert await school.look(school.root, other) == 200
    assert await school.look(school.ada) == 200
    assert await school.app.status("GET", f"/api/project/{school.project_id}/looks", school.zoe) == 404


async def test_who_teaches_a_course_looks_there_whatever_their_role_elsewhere(school: School):
    app, course = school.app, school.course
    kim = await app.joined("kim", Role.STUDENT)
    assert await app.status("PUT", f"{course}/members/kim", school.ada, {"role": "student"}) == 200
    assert await school.look(kim) == 404
    assert await app.status("PUT", f"{course}/members/kim", school.ada, {"role": "teacher"}) == 200
    assert await app.status("GET", f"{course}/members", kim) == 200
    assert await school.look(kim) == 200
    assert await school.sees(kim)
    # Neither does the role of a teacher elsewhere help, nor that of this course with what belongs to none of its assignments.
    assert await school.look(school.zoe) == 404
    assert await school.look(kim, await app.make(school.bob, "Private")) == 404
    assert await app.status("POST", "/api/courses", kim, {"title": "Own"}) == 403
    assert await school.look(await app.token(kim, "edit")) == 403
    assert await app.status("PUT", f"{course}/members/kim", school.ada, {"role": "student"}) == 200
    assert not await school.sees(kim)


async def test_a_look_ends_with_the_right_to_look(school: School):
    app = school.app
    zoe, root = app.services.accounts.find("zoe"), app.services.accounts.find("root")
    assert await app.status("PUT", f"{school.course}/members/zoe", school.ada, {"role": "teacher"}) == 200
    for person in (school.ada, school.zoe, school.root):
        assert await school.look(person) == 200
    assert await app.status("DELETE", f"{school.course}/members/zoe", school.ada) == 204
    assert not await school.sees(school.zoe)
    assert await school.sees(school.ada)
    await app.services.accounts.change(zoe.id, role=Role.ADMIN)
    await app.services.accounts.change(root.id, role=Role.STUDENT)
    assert not await school.sees(school.root)
    assert not await school.sees(school.zoe)
    await app.services.accounts.change(root.id, role=Role.ADMIN)
    assert await school.sees(school.root)
    assert await app.status("DELETE", school.course, school.ada) == 204
    assert not await school.sees(school.ada)


async def test_looking_again_makes_the_look_longer_and_only_the_last_ones_are_kept(school: School):
    clock = school.app.served.outside.clock
    assert await school.look(school.ada) == 200
    await clock.advance(60)
    assert await school.look(school.ada) == 200
    (look,) = await school.looks()
    assert look["until"] - look["at"] == LOOK_SEC + 60
    for _ in range(MAX_PER_PROJECT):
        clock._now += LOOK_SEC + 60
        assert await school.look(school.ada) == 200
    looks = await school.looks()
    assert len(looks) == MAX_PER_PROJECT
    assert looks[0]["until"] == clock.now() + LOOK_SEC
    assert look not in looks


async def test_looks_stay_in_an_exam_and_an_account_that_looked_can_be_removed(school: School):
    now = school.app.served.outside.clock.now()
    exam = {"title": "Test", "starts_at": now, "ends_at": now + 60}
    assert await school.app.status("POST", f"{school.course}/exams", school.ada, exam) == 201
    assert await school.look(school.ada) == 200
    assert await school.sees(school.ada)
    await school.app.services.accounts.remove(school.app.services.accounts.find("ada").id)
    assert await school.looks() == []
