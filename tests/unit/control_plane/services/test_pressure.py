"""When the machine's memory runs short: what rests is stopped, what idles is paused, and new starts wait and say why."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from control_plane.domain.sandbox import EndReason, SandboxState
from sandbox_image.wire.agent import Activity
from tests.fakes.clock import settle
from tests.fakes.world import POLICY, Outside, World, open_world

LEAST = 1000


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world(Outside(), replace(POLICY, max_running=10, least_memory=LEAST)) as opened:
        opened.outside.memory.free = 10 * LEAST
        yield opened


async def test_paused_sandboxes_are_stopped_oldest_first_and_only_while_memory_is_short(world: World):
    ids = [await world.ready(name) for name in ("first", "second")]
    for project_id in ids:
        await world.sandboxes.pause(project_id)
        await world.clock.advance(1)
    await world.reaper.look()
    assert [world.state(each) for each in ids] == [SandboxState.PAUSED] * 2

    world.outside.memory.free = LEAST - 1
    await world.reaper.look()
    await settle()
    assert [world.state(each) for each in ids] == [SandboxState.STOPPED, SandboxState.PAUSED]
    assert world.sandboxes.entry(ids[0]).record.end_reason is EndReason.EVICTED
    await world.reaper.look()
    await settle()
    assert world.state(ids[1]) is SandboxState.STOPPED


async def test_a_start_waits_with_a_reason_and_goes_on_when_there_is_enough_again(world: World):
    project_id = (await world.make()).id
    world.outside.memory.free = LEAST - 1
    opening = asyncio.create_task(world.sandboxes.ensure_ready(project_id))
    await settle()
    shown = world.sandboxes.shown(project_id)
    assert (shown.state, shown.queue_position) == ("queued", 1)
    assert "short of memory" in shown.message

    world.outside.memory.free = LEAST
    await world.reaper.look()
    assert (await opening).generation == 1
    assert world.sandboxes.shown(project_id).message == ""


async def test_what_idles_is_paused_earlier_and_what_is_used_is_not(world: World):
    idle, used, busy = [await world.ready(name) for name in ("idle", "used", "busy")]
    for project_id, doing in ((idle, []), (used, []), (busy, ["run of train"])):
        world.link.agent(project_id).activity = Activity(idle_sec=1e6, busy=doing)
    await world.clock.advance(70)  # less than the policy's patience, more than there is under pressure
    world.sandboxes.touch(used)
    await world.reaper.look()
    assert world.state(idle) is SandboxState.READY
    world.outside.memory.free = LEAST - 1
    await world.reaper.look()
    assert [world.state(each) for each in (idle, used, busy)] == [
        SandboxState.PAUSED,
        SandboxState.READY,
        SandboxState.READY,
    ]


async def test_a_machine_that_does_not_tell_has_enough(world: World):
    world.outside.memory.free = None
    assert await world.ready()
