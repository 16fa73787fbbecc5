"""Collecting at the deadline: who is collected, who is not, and what an interruption leaves."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from control_plane.domain.sandbox import EndReason, SandboxState
from control_plane.services.courses.collection import FIRST_AGAIN_SEC, MOST_AGAIN_SEC, MOST_FAILURES, again_after
from tests.fakes.agent_link import Asked, Reply
from tests.fakes.classroom import Classroom, Headers
from tests.fakes.hosted import hosted

NOW = 1_000_000.0


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[Classroom]:
    async with hosted(tmp_path) as running:
        yield Classroom(running)


async def states(room: Classroom, assignment: str) -> dict[str, str]:
    rows = (await room.ask("GET", f"{assignment}/submissions", room.ada)).json
    return {row["login"]: row["state"] for row in rows}


async def row(room: Classroom, assignment: str, login: str) -> dict[str, Any]:
    rows = (await room.ask("GET", f"{assignment}/submissions", room.ada)).json
    return next(row for row in rows if row["login"] == login)


async def until_row(room: Classroom, assignment: str, seen: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Move the clock on until Bob's row is as it should be; return it."""
    async with asyncio.timeout(30):
        while not seen(found := await row(room, assignment, "bob")):
            await room.app.served.outside.clock.advance(1)
    return found


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


async def test_a_sandbox_that_somebody_came_to_meanwhile_goes_on(room: Classroom):
    bob = (await room.open("bob"))["bob"]
    assignment = await room.assign(due_at=NOW + 50)
    bobs = await room.start(assignment, bob)
    sandboxes = room.app.served.app.state.services.sandboxes
    await sandboxes.stop(bobs, EndReason.BY_USER)
    agent = room.app.served.outside.link.agent(bobs)

    async def export(_: Asked) -> Reply:
        assert sandboxes.entry(bobs).in_use == 1
        await sandboxes.ensure_ready(bobs)  # as a terminal does that he opens
        return Reply(chunks=[b"[]"], headers={"content-type": "application/zip"})

    agent.on("GET", "/project/export", export)
    assert await collected(room, assignment) == {"bob": "collected"}
    assert sandboxes.entry(bobs).state is SandboxState.READY


async def test_a_sandbox_that_cannot_be_read_keeps_nobody_else_from_being_collected(room: Classroom):
    people = await room.open("bob", "eve")
    assignment = await room.assign(due_at=NOW + 50)
    bobs, _ = [await room.start(assignment, people[login]) for login in ("bob", "eve")]
    room.app.served.outside.link.unreachable.add(bobs)
    assert await collected(room, assignment) == {"bob": "not_collected", "eve": "collected"}
    assert "submission.not_collected" in await room.actions()
    uncollected = (await row(room, assignment, "bob"))["uncollected"]
    assert (uncollected["code"], uncollected["failures"]) == ("sandbox_failed", 1)
    assert "cannot be reached" in uncollected["message"]
    assert (await row(room, assignment, "eve"))["uncollected"] is None
    mine = (await room.ask("GET", f"{assignment}/submission", people["bob"])).json
    assert (mine["state"], mine["uncollected"]) == ("not_collected", None)
    room.app.served.outside.link.unreachable.clear()
    handed_in = (await room.ask("POST", f"{assignment}/hand-in", people["bob"])).json
    assert (handed_in["state"], handed_in["late"]) == ("handed_in", True)
    await room.app.served.outside.clock.advance(FIRST_AGAIN_SEC + 2)
    assert (await row(room, assignment, "bob"))["state"] == "handed_in"


async def failing(room: Classroom) -> tuple[str, str, Headers]:
    """Let Bob not be collected at a deadline; return the assignment, his project, and him."""
    bob = (await room.open("bob"))["bob"]
    assignment = await room.assign(due_at=NOW + 50)
    project_id = await room.start(assignment, bob)
    room.app.served.outside.link.unreachable.add(project_id)
    assert await collected(room, assignment) == {"bob": "not_collected"}
    return assignment, project_id, bob


async def test_what_could_not_be_collected_is_tried_again_ever_more_seldom_until_it_can(room: Classroom):
    assignment, project_id, _ = await failing(room)
    clock = room.app.served.outside.clock
    waits: list[float] = []
    for failures in range(1, 4):
        uncollected = (await row(room, assignment, "bob"))["uncollected"]
        assert uncollected["failures"] == failures
        waits.append(round(uncollected["again_at"] - clock.now()))
        await until_row(room, assignment, lambda row, n=failures: row["uncollected"]["failures"] > n)
    assert waits == pytest.approx([FIRST_AGAIN_SEC, 2 * FIRST_AGAIN_SEC, 4 * FIRST_AGAIN_SEC], abs=5)
    assert again_after(MOST_FAILURES) == MOST_AGAIN_SEC
    room.project(project_id).nodes = ["late", "work"]
    room.app.served.outside.link.unreachable.clear()
    found = await until_row(room, assignment, lambda row: row["state"] == "collected")
    assert (found["late"], found["uncollected"]) == (True, None)
    got = await room.ask("GET", f"{assignment}/submissions/bob/archive", room.ada)
    assert msgspec.json.decode(got.content) == ["late", "work"]


async def test_a_teacher_has_it_tried_again_at_once_and_nothing_else(room: Classroom):
    assignment, _, bob = await failing(room)
    eve = await room.student("eve")
    await room.handed_in(assignment, eve)
    room.app.served.outside.link.unreachable.clear()
    again = f"{assignment}/collect"
    await room.ask("POST", again, bob, 403, json={})
    await room.ask("POST", again, room.ada, 409, json={"logins": ["eve"]})
    await room.ask("POST", again, room.ada, 404, json={"logins": ["nobody"]})
    assert (await row(room, assignment, "bob"))["state"] == "not_collected"
    tried = await room.ask("POST", again, room.ada, 202, json={"logins": ["bob"]})
    assert [entry["login"] for entry in tried.json] == ["bob"]
    before = room.app.served.outside.clock.now()
    assert (await until_row(room, assignment, lambda row: row["state"] == "collected"))["login"] == "bob"
    assert room.app.served.outside.clock.now() - before < FIRST_AGAIN_SEC
    assert (await room.ask("POST", again, room.ada, 202, json={})).json == []


async def test_it_is_not_tried_for_ever_and_not_for_a_project_that_is_gone(room: Classroom):
    assignment, project_id, bob = await failing(room)
    id_ = f"{assignment.rpartition('/')[2]}:bob"
    await room.coursework.submissions.change(id_, lambda now: replace(now, collect_failures=MOST_FAILURES - 1))
    gave_up = await until_row(room, assignment, lambda row: row["uncollected"]["again_at"] is None)
    assert gave_up["uncollected"]["failures"] == MOST_FAILURES
    await room.ask("DELETE", f"/api/project/{project_id}", bob)
    await room.ask("POST", f"{assignment}/collect", room.ada, 202, json={})
    gone = await until_row(room, assignment, lambda row: row["uncollected"]["code"] == "not_found")
    assert (gone["state"], gone["uncollected"]["again_at"]) == ("not_collected", None)
    assert "deleted" in gone["uncollected"]["message"]


async def test_a_deadline_that_is_put_off_forgets_the_failure_and_another_title_does_not(room: Classroom):
    assignment, _, _ = await failing(room)
    due_at = room.coursework.assignments.get(assignment.rpartition("/")[2]).due_at
    await room.ask("PATCH", assignment, room.ada, json={"title": "Areas 2", "due_at": due_at})
    assert await states(room, assignment) == {"bob": "not_collected"}
    later = room.app.served.outside.clock.now() + 1000
    await room.ask("PATCH", assignment, room.ada, json={"due_at": later})
    assert await states(room, assignment) == {"bob": "started"}
    room.app.served.outside.link.unreachable.clear()
    assert await collected(room, assignment) == {"bob": "collected"}
    assert not (await row(room, assignment, "bob"))["late"]


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
