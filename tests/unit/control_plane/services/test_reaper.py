"""When sandboxes are put to rest."""

from collections.abc import AsyncGenerator

import pytest

from control_plane.domain.sandbox import EndReason, SandboxState
from control_plane.services.sandboxes.reaper import Reaper
from sandbox_image.wire.agent import Activity
from tests.fakes.world import World, open_world


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world() as opened:
        yield opened


async def later(world: World, seconds: float) -> None:
    await world.clock.advance(seconds)
    await world.reaper.look()


def idle(world: World, project_id: str, idle_sec: float, *busy: str) -> None:
    world.link.agent(project_id).activity = Activity(idle_sec=idle_sec, busy=list(busy))


async def test_an_idle_sandbox_is_paused_then_stopped_with_a_countdown_before_each(world: World):
    project_id = await world.ready()
    idle(world, project_id, 1e6)
    await later(world, 79)
    assert world.sandboxes.shown(project_id).pauses_in_sec is None
    await later(world, 6)
    assert world.sandboxes.shown(project_id).pauses_in_sec == 15
    await later(world, 15)
    assert world.state(project_id) is SandboxState.PAUSED
    await later(world, 190)
    assert world.sandboxes.shown(project_id).stops_in_sec == 10
    await later(world, 10)
    assert world.state(project_id) is SandboxState.STOPPED
    assert world.sandboxes.entry(project_id).record.end_reason is EndReason.IDLE


async def test_where_the_engine_cannot_pause_it_is_stopped_when_a_paused_one_would_be(world: World):
    able = Reaper(world.sandboxes, world.link, world.clock, 5.0)
    unable = Reaper(world.sandboxes, world.link, world.clock, 5.0, can_pause=lambda: False)
    project_id = await world.ready()
    idle(world, project_id, 1e6)
    for seconds, stops_in in ((200, None), (90, 10.0)):
        await world.clock.advance(seconds)
        await unable.look()
        shown = world.sandboxes.shown(project_id)
        assert (shown.state, shown.pauses_in_sec, shown.stops_in_sec) == ("ready", None, stops_in)
    await world.clock.advance(10)
    await unable.look()
    assert world.state(project_id) is SandboxState.STOPPED
    assert world.sandboxes.entry(project_id).record.end_reason is EndReason.IDLE

    other = await world.ready()
    idle(world, other, 1e6)
    await world.clock.advance(100)
    await able.look()
    assert world.state(other) is SandboxState.PAUSED


async def test_what_runs_keeps_it_awake_and_is_named(world: World):
    project_id = await world.ready()
    idle(world, project_id, 1e6, "run of clean")
    await later(world, 500)
    assert world.state(project_id) is SandboxState.READY
    assert world.sandboxes.shown(project_id).busy == ["run of clean"]
    idle(world, project_id, 1e6)
    await later(world, 1)
    assert world.state(project_id) is SandboxState.PAUSED


async def test_keys_that_only_the_agent_saw_count_as_use(world: World):
    project_id = await world.ready()
    idle(world, project_id, 3)
    await later(world, 500)
    assert world.state(project_id) is SandboxState.READY


async def test_use_keeps_it_awake_but_polling_does_not(world: World):
    project_id = await world.ready()
    idle(world, project_id, 1e6)
    await world.clock.advance(90)
    await world.sandboxes.ensure_ready(project_id)
    await later(world, 90)
    assert world.state(project_id) is SandboxState.READY
    await world.sandboxes.ensure_ready(project_id, touch=False)
    await later(world, 10)
    assert world.state(project_id) is SandboxState.PAUSED


async def test_a_request_under_way_keeps_it_awake(world: World):
    project_id = await world.ready()
    idle(world, project_id, 1e6)
    with world.sandboxes.using(project_id):
        await later(world, 500)
        await world.sandboxes.pause(project_id)
        assert world.state(project_id) is SandboxState.READY
    await later(world, 100)
    assert world.state(project_id) is SandboxState.PAUSED


async def test_it_can_be_kept_awake_until_its_maximum_age(world: World):
    project_id = await world.ready()
    idle(world, project_id, 1e6)
    world.sandboxes.keep_awake(project_id, 10_000)
    await later(world, 900)
    assert world.state(project_id) is SandboxState.READY
    await later(world, 100)
    assert world.state(project_id) is SandboxState.STOPPED
    assert world.sandboxes.entry(project_id).record.end_reason is EndReason.TOO_OLD


@pytest.mark.parametrize("answer", [b"not json", b'{"idle_sec": "soon"}'])
async def test_an_agent_that_tells_nonsense_is_not_kept_awake_for_it(world: World, answer: bytes):
    project_id = await world.ready()
    world.link.agent(project_id).answer("GET", "/activity", answer)
    await later(world, 100)
    assert world.state(project_id) is SandboxState.PAUSED


async def test_one_that_cannot_be_asked_does_not_keep_the_others_from_rest(world: World):
    silent, sleepy = await world.ready("silent"), await world.ready("sleepy")
    idle(world, sleepy, 1e6)
    world.link.unreachable.add(silent)
    await later(world, 100)
    assert (world.state(silent), world.state(sleepy)) == (SandboxState.READY, SandboxState.PAUSED)
