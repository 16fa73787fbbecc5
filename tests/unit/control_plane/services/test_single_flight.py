"""Only one thing is done to a sandbox at a time, also where what happens to it was nobody's wish."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from structlog.testing import capture_logs

from control_plane.domain.errors import NotFound
from control_plane.domain.sandbox import EndReason, Limits, SandboxRecord, SandboxState
from control_plane.ports import AgentAddress, Container
from tests.fakes.clock import settle
from tests.fakes.egress import FakeEgress
from tests.fakes.runtime import FakeRuntime
from tests.fakes.stores import FakeSandboxStore
from tests.fakes.world import Outside, World, open_world


class SlowEgress(FakeEgress):
    """Gates of another process, as ``RemoteGates`` has them: it takes until ``answers`` is set that one is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()
        self.answers.set()

    async def close(self, project_id: str) -> None:
        if self.policies.pop(project_id, None) is not None:
            await self.answers.wait()


class SlowRuntime(FakeRuntime):
    """An engine that tells that it woke or changed a container only when ``answers`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()
        self.answers.set()

    async def resume(self, container_id: str) -> None:
        await super().resume(container_id)
        await self.answers.wait()

    async def update_limits(self, container_id: str, limits: Limits) -> None:
        await self.answers.wait()
        await super().update_limits(container_id, limits)


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world() as opened:
        yield opened


async def test_a_start_that_follows_an_end_at_once_waits_until_the_end_is_noted():
    egress = SlowEgress()
    async with open_world(Outside(egress=egress)) as world:
        project_id = await world.ready()
        world.runtime.end(world.container(project_id).id)
        egress.answers.clear()
        ending = asyncio.create_task(world.sandboxes.container_ended(world.container(project_id)))
        await settle()
        # Its sockets were closed, so its pages come back at once.
        again = asyncio.create_task(world.sandboxes.ensure_ready(project_id))
        await settle()
        egress.answers.set()
        await ending
        assert (await again).generation == 2
        assert world.state(project_id) is SandboxState.READY
        assert egress.open_gates == {project_id}


async def test_a_start_that_follows_a_comparison_at_once_waits_until_it_is_over():
    egress = SlowEgress()
    async with open_world(Outside(egress=egress)) as world:
        project_id = await world.ready()
        del world.runtime.containers[world.container(project_id).id]
        egress.answers.clear()
        comparing = asyncio.create_task(world.reconciler.compare())
        await settle()
        again = asyncio.create_task(world.sandboxes.ensure_ready(project_id))
        await settle()
        egress.answers.set()
        await comparing
        assert (await again).generation == 2
        assert world.state(project_id) is SandboxState.READY
        assert egress.open_gates == {project_id}


async def test_a_container_that_ends_while_it_wakes_is_not_taken_for_ready():
    runtime = SlowRuntime()
    async with open_world(Outside(runtime=runtime)) as world:
        project_id = await world.ready()
        await world.sandboxes.pause(project_id)
        runtime.answers.clear()
        waking = asyncio.create_task(world.sandboxes.ensure_ready(project_id))
        await settle()
        container: Container = world.container(project_id)
        runtime.end(container.id)
        await world.sandboxes.container_ended(world.container(project_id))
        runtime.answers.set()
        assert (await waking).generation == 2
        # The control: one that wakes and lives goes on as it was.
        await world.sandboxes.pause(project_id)
        assert (await world.sandboxes.ensure_ready(project_id)).generation == 2


@pytest.mark.parametrize("state", [SandboxState.READY, SandboxState.PAUSED])
async def test_a_project_that_is_stopped_and_deleted_at_once_is_deleted(world: World, state: SandboxState):
    project_id = await world.ready()
    if state is SandboxState.PAUSED:
        await world.sandboxes.pause(project_id)
    with capture_logs() as logs:
        results = await asyncio.gather(
            world.sandboxes.remove(project_id),
            world.sandboxes.stop(project_id),
            world.sandboxes.ensure_ready(project_id, insist=True),
            world.sandboxes.change_limits(project_id, world.sandboxes.entry(project_id).record.limits),
            world.sandboxes.stop(project_id, EndReason.TOO_OLD),
            world.sandboxes.remove(project_id),
            return_exceptions=True,
        )
    assert not [line for line in logs if line["event"] == "flight_failed"]
    # Whoever asks before it begins to stop gets where it was; nobody gets anything but that it is gone afterwards.
    assert all(result is None or isinstance(result, NotFound | AgentAddress) for result in results), results
    with pytest.raises(NotFound):
        await world.sandboxes.ensure_ready(project_id)
    assert not world.sandboxes.knows(project_id)
    assert not world.runtime.containers


async def test_a_container_that_ends_while_its_limits_change_is_noted():
    runtime = SlowRuntime()
    async with open_world(Outside(runtime=runtime)) as world:
        project_id = await world.ready()
        address = await world.sandboxes.ensure_ready(project_id)
        ended = world.sandboxes.end_of(address)
        runtime.answers.clear()
        limits = world.sandboxes.entry(project_id).record.limits
        changing = asyncio.create_task(world.sandboxes.change_limits(project_id, limits))
        await settle()
        runtime.end(world.container(project_id).id, EndReason.OUT_OF_MEMORY)
        noting = asyncio.create_task(world.sandboxes.container_ended(world.container(project_id)))
        await settle()
        assert world.sandboxes.address_of(project_id) is None
        runtime.answers.set()
        await asyncio.gather(changing, noting)
        assert await asyncio.shield(ended) is EndReason.OUT_OF_MEMORY
        assert world.state(project_id) is SandboxState.FAILED


async def test_one_that_has_just_become_ready_takes_one_place_and_not_two():
    """The database is slow to note it: meanwhile another one begins, for which there is room."""
    outside = Outside()
    async with open_world(outside) as world:  # three may run
        sleeps = await world.ready("sleeps")
        await world.sandboxes.pause(sleeps)
        first, second = await world.make("first"), await world.make("second")
        noting, noted = asyncio.Event(), asyncio.Event()
        save = FakeSandboxStore.save

        async def slowly(store: FakeSandboxStore, record: SandboxRecord) -> None:
            if record.project_id == first.id and record.state is SandboxState.READY:
                noting.set()
                await noted.wait()
            await save(store, record)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(FakeSandboxStore, "save", slowly)
            starting = asyncio.create_task(world.sandboxes.ensure_ready(first.id))
            await noting.wait()
            await world.sandboxes.ensure_ready(second.id)
            noted.set()
            await starting
        assert world.state(sleeps) is SandboxState.PAUSED
        # The control: there is no room for a fourth, so the one that sleeps makes it.
        await world.ready("fourth")
        assert world.state(sleeps) is SandboxState.STOPPED
