"""The life of sandboxes, on an engine in memory and a clock that the test moves."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from control_plane.domain.errors import (
    EngineUnavailable,
    ImageMissing,
    Invalid,
    NotFound,
    SandboxFailed,
    SandboxMisbehaved,
    StoreUnavailable,
)
from control_plane.domain.sandbox import EndReason, SandboxState
from control_plane.ports import AgentAddress, ContainerState
from control_plane.services.sandboxes.life_policy import LifePolicy
from sandbox_image.wire.agent import Health
from tests.fakes.agent_link import Asked, Reply
from tests.fakes.clock import settle
from tests.fakes.world import World, open_world


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world() as opened:
        yield opened


async def hold_starts(world: World, project_id: str) -> asyncio.Event:
    """Keep a project's agent from answering its health check until the event is set."""
    release = asyncio.Event()

    async def health(_: Asked) -> Reply:
        await release.wait()
        return Reply(chunks=[b"{}"])

    world.link.agent(project_id).on("GET", "/health", health)
    return release


async def test_a_sandbox_starts_on_first_use_and_stays(world: World):
    project = await world.make()
    assert world.state(project.id) is SandboxState.ABSENT
    first = await world.sandboxes.ensure_ready(project.id)
    assert first == AgentAddress(project_id=project.id, generation=1)
    assert await world.sandboxes.ensure_ready(project.id) == first
    assert world.state(project.id) is SandboxState.READY
    assert len(world.runtime.started) == 1
    assert world.outside.egress.open_gates == {project.id}


async def test_many_callers_at_once_start_one_container(world: World):
    project = await world.make()
    addresses = await asyncio.gather(*(world.sandboxes.ensure_ready(project.id) for _ in range(50)))
    assert len(set(addresses)) == len(world.runtime.started) == 1


async def test_a_caller_who_goes_away_ends_nothing(world: World):
    project = await world.make()
    release = await hold_starts(world, project.id)
    impatient = asyncio.create_task(world.sandboxes.ensure_ready(project.id))
    patient = asyncio.create_task(world.sandboxes.ensure_ready(project.id))
    await settle()
    impatient.cancel()
    await settle()
    release.set()
    assert (await patient).generation == 1
    assert impatient.cancelled()


async def test_ready_sandboxes_cost_neither_database_nor_engine(world: World):
    project_id = await world.ready()
    world.outside.database.down = True
    world.runtime.containers.clear()
    assert (await world.sandboxes.ensure_ready(project_id)).generation == 1


async def test_starts_wait_in_turn_and_see_their_position(world: World):
    projects = [await world.make(f"p{i}") for i in range(4)]
    releases = [await hold_starts(world, project.id) for project in projects]
    starts = [asyncio.create_task(world.sandboxes.ensure_ready(project.id)) for project in projects]
    await settle()
    positions = [world.sandboxes.shown(project.id).queue_position for project in projects]
    assert positions == [None, None, 1, 2]
    releases[1].set()
    await settle()
    assert [world.sandboxes.shown(project.id).queue_position for project in projects] == [None, None, None, 1]
    for release in releases[:3]:
        release.set()
    await asyncio.gather(*starts[:3])
    # Three may live at once; the fourth goes on when one of them makes room.
    assert world.state(projects[3].id) is SandboxState.QUEUED
    releases[3].set()
    await world.sandboxes.stop(projects[0].id)
    assert (await starts[3]).generation == 1


async def test_one_that_sleeps_makes_room_for_one_that_is_wanted(world: World):
    ids = [await world.ready(f"p{i}") for i in range(3)]
    await world.sandboxes.pause(ids[1])
    newcomer = await world.ready("newcomer")
    assert [world.state(id_) for id_ in (*ids, newcomer)] == [
        SandboxState.READY,
        SandboxState.STOPPED,
        SandboxState.READY,
        SandboxState.READY,
    ]
    assert world.sandboxes.entry(ids[1]).record.end_reason is EndReason.EVICTED


async def test_a_full_queue_refuses_with_a_sentence():
    async with open_world(policy=LifePolicy(max_running=1, start_queue=1)) as world:
        await world.ready("lives")
        waiting = asyncio.create_task(world.sandboxes.ensure_ready((await world.make("waits")).id))
        await settle()
        refused = await world.make("refused")
        with pytest.raises(Exception, match="Too many sandboxes wait"):
            await world.sandboxes.ensure_ready(refused.id)
        waiting.cancel()


async def test_a_paused_sandbox_wakes_on_use_with_the_same_generation(world: World):
    project_id = await world.ready()
    await world.sandboxes.pause(project_id)
    assert world.state(project_id) is SandboxState.PAUSED
    assert world.container(project_id).state is ContainerState.PAUSED
    assert world.sandboxes.address_of(project_id) is None
    assert (await world.sandboxes.ensure_ready(project_id)).generation == 1
    assert world.container(project_id).state is ContainerState.RUNNING


async def test_one_that_died_in_its_sleep_starts_anew(world: World):
    project_id = await world.ready()
    await world.sandboxes.pause(project_id)
    world.runtime.containers.clear()
    assert (await world.sandboxes.ensure_ready(project_id)).generation == 2


async def test_stopping_keeps_the_workspace_and_the_next_start_is_a_new_generation(world: World):
    project_id = await world.ready()
    address = world.sandboxes.address_of(project_id)
    assert address is not None
    ended = world.sandboxes.end_of(address)
    await world.sandboxes.stop(project_id)
    assert world.state(project_id) is SandboxState.STOPPED
    assert ended.result() is EndReason.BY_USER
    assert not world.runtime.containers
    assert not world.outside.egress.open_gates
    assert project_id in await world.runtime.workspaces()
    assert (await world.sandboxes.ensure_ready(project_id)).generation == 2
    assert world.sandboxes.end_of(address).result() is EndReason.REPLACED


async def test_a_start_can_be_called_off(world: World):
    project = await world.make()
    await hold_starts(world, project.id)
    start = asyncio.create_task(world.sandboxes.ensure_ready(project.id))
    await settle()
    assert world.state(project.id) is SandboxState.STARTING
    await world.sandboxes.stop(project.id)
    with pytest.raises(SandboxFailed, match="called off"):
        await start
    assert world.state(project.id) is SandboxState.STOPPED
    assert not world.runtime.containers


async def test_a_restart_replaces_the_generation(world: World):
    project_id = await world.ready()
    old = world.sandboxes.address_of(project_id)
    assert old is not None
    ended = world.sandboxes.end_of(old)
    assert (await world.sandboxes.restart(project_id)).generation == 2
    assert ended.result() is EndReason.REPLACED


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (SandboxFailed("no memory", EndReason.OUT_OF_MEMORY), EndReason.OUT_OF_MEMORY),
        (EngineUnavailable("engine down"), EndReason.ENGINE_GONE),
        (ImageMissing("no image"), EndReason.START_FAILED),
    ],
)
async def test_a_failed_start_says_why_and_the_next_one_may_succeed(
    world: World, failure: Exception, reason: EndReason
):
    project = await world.make()
    world.runtime.failures.append(failure)
    with pytest.raises(type(failure), match=str(failure)):
        await world.sandboxes.ensure_ready(project.id)
    shown = world.sandboxes.shown(project.id)
    assert (world.state(project.id), shown.reason, shown.message) == (SandboxState.FAILED, reason.value, str(failure))
    await world.clock.advance(1.0)
    assert (await world.sandboxes.ensure_ready(project.id)).generation == 2


async def test_an_agent_that_never_answers_fails_by_its_deadline(world: World, monkeypatch: pytest.MonkeyPatch):
    from control_plane.services.sandboxes import sandbox_moves

    monkeypatch.setitem(sandbox_moves.DEADLINES, SandboxState.STARTING, 0.05)
    project = await world.make()
    await hold_starts(world, project.id)
    with pytest.raises(SandboxFailed, match="did not become ready in time"):
        await world.sandboxes.ensure_ready(project.id)
    assert world.state(project.id) is SandboxState.FAILED
    assert not world.runtime.containers


async def test_a_container_that_dies_while_starting_is_noticed(world: World):
    project = await world.make()
    world.link.unreachable.add(project.id)
    start = asyncio.create_task(world.sandboxes.ensure_ready(project.id))
    await settle()
    world.runtime.end(world.container(project.id).id, EndReason.OUT_OF_MEMORY)
    await world.clock.advance(1.0)
    with pytest.raises(SandboxFailed, match="ran out of memory"):
        await start


async def test_a_start_that_the_database_cannot_note_leaves_no_container(world: World):
    project = await world.make()

    async def health(_: Asked) -> Reply:
        world.outside.database.down = True
        return Reply(chunks=[b"{}"])

    world.link.agent(project.id).on("GET", "/health", health)
    with pytest.raises(StoreUnavailable):
        await world.sandboxes.ensure_ready(project.id)
    assert world.runtime.started
    assert not world.runtime.containers
    world.outside.database.down = False
    world.link.agent(project.id).answer("GET", "/health", {})
    assert (await world.sandboxes.ensure_ready(project.id)).generation == 2
    assert len(world.runtime.containers) == 1


async def test_an_image_of_another_version_is_told_of(world: World):
    project = await world.make()
    world.link.agent(project.id).health = Health(api_version=99)
    with pytest.raises(SandboxMisbehaved, match="Build the image anew"):
        await world.sandboxes.ensure_ready(project.id)


async def test_the_end_of_a_container_is_recorded_with_its_reason(world: World):
    project_id = await world.ready()
    address = world.sandboxes.address_of(project_id)
    assert address is not None
    ended = world.sandboxes.end_of(address)
    container = world.container(project_id)
    world.runtime.end(container.id, EndReason.OUT_OF_MEMORY)
    await world.sandboxes.container_ended(world.container(project_id))
    assert world.state(project_id) is SandboxState.FAILED
    assert ended.result() is EndReason.OUT_OF_MEMORY
    assert "ran out of memory" in world.sandboxes.shown(project_id).message
    assert (await world.sandboxes.ensure_ready(project_id)).generation == 2
    # Late news of the first generation is no news.
    await world.sandboxes.container_ended(container)
    assert world.state(project_id) is SandboxState.READY


async def test_unknown_projects_are_said_not_to_be_there(world: World):
    with pytest.raises(NotFound):
        await world.sandboxes.ensure_ready("nope")
    with pytest.raises(NotFound):
        await world.sandboxes.stop("nope")


async def test_the_steps_of_opening_are_told_with_their_times(world: World):
    project_id = await world.ready()
    steps = world.sandboxes.shown(project_id).steps
    assert [(step["name"], step["state"]) for step in steps] == [
        ("queue", "done"),
        ("container", "done"),
        ("agent", "done"),
    ]


async def test_limits_change_while_it_runs(world: World):
    project_id = await world.ready()
    before = world.sandboxes.entry(project_id).record.limits
    more = replace(before, memory=2 * before.memory, pids=500)
    await world.sandboxes.change_limits(project_id, more)
    assert world.runtime.limits[world.container(project_id).id] == more
    assert world.outside.database.sandboxes[project_id].limits == more

    for beyond in (replace(more, memory=10**15), replace(more, cpus=0.0), replace(more, pids=-1)):
        with pytest.raises(Invalid, match="may be from"):
            await world.sandboxes.change_limits(project_id, beyond)
    assert world.sandboxes.entry(project_id).record.limits == more
