"""How many projects a person may have: said of people, and not counting what courses hand out."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from control_plane.domain.people import Role
from tests.fakes.classroom import Classroom
from tests.fakes.hosted import hosted


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[Classroom]:
    async with hosted(tmp_path) as running:
        yield Classroom(running)


async def test_one_person_has_no_more_projects_than_they_may_and_those_of_courses_do_not_count(room: Classroom):
    bob = (await room.open("bob"))["bob"]
    root = await room.app.joined("root", Role.ADMIN)
    assignment = await room.assign()
    said = {"projects": 2, "hosts": []}
    await room.ask("PUT", "/api/admin/allowances/role:student", root, json=said)
    of_course = await room.start(assignment, bob)
    first, second = [await room.app.make(bob) for _ in range(2)]
    refused = await room.ask("POST", "/api/project/make", bob, 429, {"name": "Third"})
    assert (refused.json["error"], refused.json["detail"]["projects"]) == ("too_many", 2)
    await room.ask("POST", f"/api/project/{first}/duplicate", bob, 429, {})
    await room.ask("POST", f"{assignment}/start", bob)
    another = await room.start(await room.assign(), bob)
    assert another != of_course
    await room.app.make(room.ada)  # the control: nothing is said of teachers

    await room.ask("DELETE", f"/api/project/{first}", bob)
    third = await room.app.make(bob)
    await room.ask("POST", f"/api/project/{first}/restore", bob, 429)
    await room.ask("DELETE", f"/api/project/{of_course}", bob)
    await room.ask("POST", f"/api/project/{of_course}/restore", bob)
    await room.ask("DELETE", f"/api/project/{third}?now=true", bob)
    await room.ask("POST", f"/api/project/{first}/restore", bob)
    assert room.app.served.app.state.services.registry.find(second) is not None
    await room.ask("DELETE", "/api/admin/allowances/role:student", root)
    await room.app.make(bob)


@pytest.mark.parametrize("subject", ["courses", "course:c1", "project:p1"])
async def test_how_many_projects_a_person_may_have_is_said_of_people_alone(room: Classroom, subject: str):
    root = await room.app.joined("root", Role.ADMIN)
    said = {"projects": 2, "hosts": []}
    refused = await room.ask("PUT", f"/api/admin/allowances/{subject}", root, 422, said)
    assert (refused.json["detail"]["field"], "role" in refused.json["message"]) == ("projects", True)
    await room.ask("PUT", "/api/admin/allowances/deployment", root, json=said)


async def test_the_setting_says_how_many_projects_anybody_may_have(tmp_path: Path):
    async with hosted(tmp_path, projects=1) as app:
        ada = await app.joined("ada")
        await app.make(ada)
        assert await app.status("POST", "/api/project/make", ada, {"name": "Second"}) == 429
        assert await app.status("POST", "/api/project/make", await app.joined("bob"), {"name": "First"}) == 201
