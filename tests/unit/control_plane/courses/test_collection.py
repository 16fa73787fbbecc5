"""Collecting at the deadline: who is collected, who is not, and what an interruption leaves."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
import pytest

from control_plane.domain.sandbox import EndReason, SandboxState
from tests.fakes.classroom import Classroom
from tests.fakes.hosted import hosted

NOW = 1_000_000.0


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[Classroom]:
    async with hosted(tmp_path) as running:
        yield Classroom(running)


async def states(room: Classroom, assignment: str) -> dict[str, str]:
    rows = (await room.ask("GET", f"{assignment}/submissions", room.ada)).json
    return {row["login"]: row["state"] for row in rows}


async def collected(room: Classroom, assignment: str) -> dict[str, str]:
    """Move the clock on until the collection is done; return the states."""
    id_ = assignment.rpartition("/")[2]
    async with asyncio.timeout(30):
        while room.coursework.assignments.get(id_).collected_at is None:
            await room.app.served.outside.clock.advance(0.5)
    return await states(room, assignment)


async def test_what_was_started_and_not_handed_in_is_collected_as_it_is(room: Classroom):
    people = await room.open("bob", "eve", "kim")
    assignment = await room.assign(due_at=NOW + 100)
    project_id = await room.start(assignment, people["bob"])
    await room.handed_in(assignment, people["eve"])
    room.project(project_id).nodes = ["half", "done"]
    await room.app.served.outside.clock.advance(99)
    assert await states(room, assignment) == {"bob": "started", "eve": "handed_in", "kim": "not_started"}
    assert await collected(room, assignment) == {"bob": "collected", "eve": "handed_in", "kim": "not_started"}
    got = await room.ask("GET", f"{assignment}/submissions/bob/archive", room.ada)
    assert msgspec.json.decode(got.content) == ["half", "done"]
    mine = (await room.ask("GET", f"{assignment}/submission", people["bob"])).json
    assert (mine["late"], mine["handed_in_at"] >= NOW + 100) == (False, True)
    assert "deadline" in (await room.ask("POST", f"{assignment}/hand-in", people["bob"], 409)).json["message"]
    assert (await room.actions()).count("submission.collected") == 1


async def test_a_sandbox_that_rested_rests_again_and_one_that_ran_goes_on(room: Classroom):
    people = await room.open("bob", "eve")
    assignment = await room.assign(due_at=NOW + 50)
    bobs, eves = [await room.start(assignment, people[login]) for login in ("bob", "eve")]
    sandboxes = room.app.served.app.state.services.sandboxes
    await sandboxes.stop(bobs, EndReason.BY_USER)
    await collected(room, assignment)
    assert sandboxes.entry(bobs).state is SandboxState.STOPPED
    assert sandboxes.entry(eves).state is SandboxState.READY


async def test_a_sandbox_that_cannot_be_read_keeps_nobody_else_from_being_collected(room: Classroom):
    people = await room.open("bob", "eve")
    assignment = await room.assign(due_at=NOW + 50)
    bobs, _ = [await room.start(assignment, people[login]) for login in ("bob", "eve")]
    room.app.served.outside.link.unreachable.add(bobs)
    assert await collected(room, assignment) == {"bob": "started", "eve": "collected"}
    assert "submission.not_collected" in await room.actions()
    room.app.served.outside.link.unreachable.clear()
    handed_in = (await room.ask("POST", f"{assignment}/hand-in", people["bob"])).json
    assert (handed_in["state"], handed_in["late"]) == ("handed_in", True)


async def test_a_deadline_that_is_put_off_is_collected_at_anew(room: Classroom):
    people = await room.open("bob")
    assignment = await room.assign(due_at=NOW + 50)
    project_id = await room.start(assignment, people["bob"])
    await collected(room, assignment)
    later = room.app.served.outside.clock.now() + 100
    await room.ask("PATCH", assignment, room.ada, json={"due_at": later})
    room.project(project_id).nodes = ["more"]
    await collected(room, assignment)
    got = await room.ask("GET", f"{assignment}/submissions/bob/archive", room.ada)
    assert msgspec.json.decode(got.content) == ["more"]
    # The control: a change of something else collects nothing again.
    room.project(project_id).nodes = ["too", "late"]
    await room.ask("PATCH", assignment, room.ada, json={"title": "Areas 2"})
    await room.app.served.outside.clock.advance(10)
    got = await room.ask("GET", f"{assignment}/submissions/bob/archive", room.ada)
    assert msgspec.json.decode(got.content) == ["more"]


async def test_what_a_database_that_was_away_kept_from_being_collected_is_collected_later(room: Classroom):
    people = await room.open("bob")
    assignment = await room.assign(due_at=NOW + 50)
    await room.start(assignment, people["bob"])
    outside = room.app.served.outside
    outside.database.down = True
    await outside.clock.advance(60)
    outside.database.down = False
    assert await collected(room, assignment) == {"bob": "collected"}


async def test_an_unpublished_assignment_is_not_collected(room: Classroom):
    await room.open("bob")
    assignment = await room.assign(publish=False, due_at=NOW + 5)
    await room.app.served.outside.clock.advance(10)
    assert room.coursework.assignments.get(assignment.rpartition("/")[2]).collected_at is None
    assert "submission.collected" not in await room.actions()
