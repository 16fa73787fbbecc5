"""Handing in what takes long to be handed over: which moment counts, and when it is given up."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import pytest

from control_plane.services.courses import project_archives
from tests.fakes.agent_link import Asked, Reply
from tests.fakes.classroom import Classroom, FakeProject
from tests.fakes.hosted import hosted

NOW = 1_000_000.0
"""What the clock of the tests shows."""


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[Classroom]:
    async with hosted(tmp_path) as running:
        yield Classroom(running)


async def test_the_press_counts_however_long_the_sandbox_takes(room: Classroom):
    people = await room.open("bob", "eve")
    assignment = await room.assign(due_at=NOW + 100)
    project_id = await room.start(assignment, people["bob"])
    await room.start(assignment, people["eve"])
    export, reached, go_on = room.project(project_id), asyncio.Event(), asyncio.Event()

    async def slowly(asked: Asked) -> Reply:
        reached.set()
        await go_on.wait()
        return await export._export(asked)

    room.app.served.agent(project_id).on("GET", "/project/export", slowly)
    clock = room.app.served.outside.clock
    await clock.advance(99)
    async with asyncio.timeout(30):
        pressed = asyncio.create_task(room.ask("POST", f"{assignment}/hand-in", people["bob"]))
        await reached.wait()
        await clock.advance(25)  # the deadline passes, and Bob is about to be collected
        go_on.set()
        bob = (await pressed).json
        while room.coursework.assignments.get(assignment.rpartition("/")[2]).collected_at is None:
            await clock.advance(0.5)
    assert (bob["state"], bob["late"], bob["handed_in_at"]) == ("handed_in", False, NOW + 99)
    rows = (await room.ask("GET", f"{assignment}/submissions", room.ada)).json
    assert {row["login"]: row["state"] for row in rows} == {"bob": "handed_in", "eve": "collected"}


async def test_a_project_that_is_read_until_long_after_the_deadline_is_late(room: Classroom):
    """By large files a student can make that slow, and go on working meanwhile."""
    people = await room.open("bob", "eve")
    assignment = await room.assign(due_at=NOW + 100)
    clock, go_on, reached = room.app.served.outside.clock, asyncio.Event(), asyncio.Semaphore(0)
    bobs = await room.start(assignment, people["bob"])
    eves = await room.handed_in(assignment, people["eve"])
    before = (await room.ask("GET", f"{assignment}/submission", people["eve"])).json

    async def slowly(project: FakeProject, asked: Asked) -> Reply:
        reached.release()
        await go_on.wait()
        return await project._export(asked)

    for project_id in (bobs, eves):
        slow = partial(slowly, room.project(project_id))
        room.app.served.agent(project_id).on("GET", "/project/export", slow)
    await clock.advance(90)
    async with asyncio.timeout(30):
        bob = asyncio.create_task(room.ask("POST", f"{assignment}/hand-in", people["bob"]))
        eve = asyncio.create_task(room.ask("POST", f"{assignment}/hand-in", people["eve"], 504))
        await reached.acquire()
        await reached.acquire()
        await clock.advance(60)
        go_on.set()
        handed_in = (await bob).json
        assert "stays as it is" in (await eve).json["message"]
    assert (handed_in["state"], handed_in["late"], handed_in["handed_in_at"]) == ("handed_in", True, NOW + 90)
    after = (await room.ask("GET", f"{assignment}/submission", people["eve"])).json
    assert after == before
    assert after["late"] is False


async def test_a_sandbox_that_never_hands_its_project_over_is_given_up(
    room: Classroom, monkeypatch: pytest.MonkeyPatch
):
    bob = (await room.open("bob"))["bob"]
    assignment = await room.assign()
    project_id = await room.start(assignment, bob)
    monkeypatch.setattr(project_archives, "EXPORT_TIMEOUT_SEC", 0.2)

    async def never(_: Asked) -> Reply:
        await asyncio.Event().wait()
        raise AssertionError

    agent = room.app.served.agent(project_id)
    agent.on("GET", "/project/export", never)
    refused = await room.ask("POST", f"{assignment}/hand-in", bob, 504)
    assert refused.json["error"] == "timed_out"
    FakeProject(room, agent, ["mine"])
    await room.ask("POST", f"{assignment}/hand-in", bob)
