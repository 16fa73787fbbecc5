"""The database and the engine are brought together, whichever of them was ahead."""

import asyncio
from dataclasses import replace

import pytest

from control_plane.domain.errors import EngineUnavailable, SandboxFailed
from control_plane.domain.sandbox import EndReason, Limits, SandboxState
from control_plane.ports import AgentAddress, SandboxSpec
from tests.fakes.clock import settle
from tests.fakes.world import Outside, open_world


def spec(project_id: str, generation: int = 1) -> SandboxSpec:
    return SandboxSpec(
        project_id=project_id, project_name="x", generation=generation, uid=1, limits=Limits(), template="empty"
    )


async def test_a_killed_control_plane_finds_its_sandboxes_again():
    outside = Outside()
    async with open_world(outside) as before:
        running, sleeping = await before.ready("running"), await before.ready("sleeping")
        await before.sandboxes.pause(sleeping)
    async with open_world(outside) as after:
        await after.reconciler.compare()
        assert (after.state(running), after.state(sleeping)) == (SandboxState.READY, SandboxState.PAUSED)
        assert after.sandboxes.address_of(running) is not None
        assert (await after.sandboxes.ensure_ready(running)).generation == 1
        assert (await after.sandboxes.ensure_ready(sleeping)).generation == 1
        assert len(outside.runtime.started) == 2
        assert outside.egress.open_gates == {running, sleeping}


async def test_a_first_use_before_the_first_comparison_adopts_too():
    outside = Outside()
    async with open_world(outside) as before:
        project_id = await before.ready()
    async with open_world(outside) as after:
        assert (await after.sandboxes.ensure_ready(project_id)).generation == 1
        assert len(outside.runtime.started) == 1


@pytest.mark.parametrize("state", [s for s in SandboxState if s is not SandboxState.DELETED])
async def test_from_whatever_state_a_kill_left_the_sandbox_opens_again(state: SandboxState):
    outside = Outside()
    async with open_world(outside) as before:
        project_id = await before.ready()
    outside.database.sandboxes[project_id] = replace(outside.database.sandboxes[project_id], state=state)
    async with open_world(outside) as after:
        await after.reconciler.compare()
        await after.sandboxes.ensure_ready(project_id)
        assert after.state(project_id) is SandboxState.READY
        await outside.clock.advance(61)
        await after.reconciler.compare()
        assert len(outside.runtime.containers) == 1


async def test_what_ended_meanwhile_is_recorded():
    outside = Outside()
    async with open_world(outside) as before:
        died, vanished = await before.ready("died"), await before.ready("vanished")
        outside.runtime.end(before.container(died).id, EndReason.OUT_OF_MEMORY)
        del outside.runtime.containers[before.container(vanished).id]
    async with open_world(outside) as after:
        await after.reconciler.compare()
        assert (after.state(died), after.state(vanished)) == (SandboxState.FAILED, SandboxState.FAILED)
        assert after.sandboxes.entry(died).record.end_reason is EndReason.OUT_OF_MEMORY


async def test_unknown_containers_are_removed_once_they_are_older_than_a_minute():
    async with open_world() as world:
        known = await world.ready()
        stranger = await world.runtime.start(spec("stranger"))
        world.runtime.containers[stranger.id] = replace(stranger, created_at=world.clock.now())
        await world.reconciler.compare()
        assert stranger.id in world.runtime.containers
        await world.clock.advance(61)
        await world.reconciler.compare()
        assert [c.project_id for c in world.runtime.containers.values()] == [known]


async def test_nothing_is_removed_when_the_store_does_not_answer():
    async with open_world() as world:
        await world.runtime.start(spec("stranger"))
        await world.clock.advance(61)
        world.outside.database.down = True
        await world.reconciler.compare()
        assert len(world.runtime.containers) == 1
        assert await world.runtime.workspaces() == ["stranger"]
        world.outside.database.down = False
        await world.reconciler.compare()
        assert not world.runtime.containers
        assert await world.runtime.workspaces() == []


async def test_a_sandbox_that_starts_during_a_comparison_is_left_alone():
    async with open_world() as world:
        project = await world.make()
        before = await world.runtime.list()
        await world.sandboxes.ensure_ready(project.id)
        await world.reconciler._adopt({project.id: 1}, before)
        assert world.state(project.id) is SandboxState.READY


async def test_ends_are_recorded_as_they_come():
    async with open_world() as world, asyncio.TaskGroup() as group:
        watching = group.create_task(world.reconciler.watch_ends())
        project_id = await world.ready()
        await settle()
        world.runtime.end(world.container(project_id).id, EndReason.OUT_OF_MEMORY)
        await settle()
        assert world.state(project_id) is SandboxState.FAILED
        assert world.sandboxes.entry(project_id).record.end_reason is EndReason.OUT_OF_MEMORY
        watching.cancel()


async def test_a_sandbox_that_cannot_be_reached_is_looked_at_before_the_next_comparison():
    async with open_world() as world, asyncio.TaskGroup() as group:
        watching = group.create_task(world.reconciler.watch_unreached())
        gone, deaf = await world.ready("gone"), await world.ready("deaf")
        world.link.unreachable |= {gone, deaf}
        del world.runtime.containers[world.container(gone).id]
        for project_id in (gone, deaf):
            with pytest.raises(SandboxFailed):
                await world.link.request(await world.sandboxes.ensure_ready(project_id), "GET", "/graph")
        await settle()
        assert (world.state(gone), world.state(deaf)) == (SandboxState.FAILED, SandboxState.READY)

        world.link.unreachable.clear()
        assert (await world.sandboxes.ensure_ready(gone)).generation == 2
        assert (await world.sandboxes.ensure_ready(deaf)).generation == 1
        watching.cancel()


async def test_what_cannot_be_reached_while_the_engine_is_away_stays_as_it_is():
    async with open_world() as world, asyncio.TaskGroup() as group:
        watching = group.create_task(world.reconciler.watch_unreached())
        project_id = await world.ready()
        address = await world.sandboxes.ensure_ready(project_id)
        world.link.unreachable.add(project_id)
        world.runtime.down = True
        with pytest.raises(SandboxFailed):
            await world.link.request(address, "GET", "/graph")
        await settle()
        assert world.sandboxes.address_of(project_id) == address

        # It is looked at again as soon as somebody tries again.
        world.runtime.down = False
        del world.runtime.containers[world.container(project_id).id]
        with pytest.raises(SandboxFailed):
            await world.link.request(address, "GET", "/graph")
        await settle()
        assert world.state(project_id) is SandboxState.FAILED
        watching.cancel()


async def test_a_newer_image_is_told_of_and_a_sleeping_sandbox_wakes_with_it():
    async with open_world() as world:
        working, sleeping = await world.ready("working"), await world.ready("sleeping")
        await world.sandboxes.pause(sleeping)
        for id_, container in world.runtime.containers.items():
            world.runtime.containers[id_] = replace(container, image_current=False)
        await world.reconciler.compare()
        assert [world.sandboxes.shown(each).update_ready for each in (working, sleeping)] == [True, True]

        # What runs goes on, whoever opens it, and what sleeps was idle: it is started anew, and says so.
        assert (await world.sandboxes.ensure_ready(working)).generation == 1
        old = AgentAddress(project_id=sleeping, generation=1)
        ended = world.sandboxes.end_of(old)
        assert (await world.sandboxes.ensure_ready(sleeping)).generation == 2
        assert ended.result() is EndReason.REPLACED
        shown = world.sandboxes.shown(sleeping)
        assert (shown.state, shown.update_ready, "update" in shown.message) == ("ready", False, True)
        await world.reconciler.compare()
        assert world.sandboxes.shown(sleeping).update_ready is False
        assert (await world.sandboxes.restart(working)).generation == 2
        assert world.sandboxes.shown(working).update_ready is False


async def test_one_that_sleeps_on_the_newest_image_is_woken_as_it_is():
    async with open_world() as world:
        project_id = await world.ready()
        await world.sandboxes.pause(project_id)
        await world.reconciler.compare()
        assert (await world.sandboxes.ensure_ready(project_id)).generation == 1


async def test_one_that_cannot_be_dealt_with_keeps_nothing_else_from_it():
    outside = Outside()
    async with open_world(outside) as before:
        stuck, died = await before.ready("stuck"), await before.ready("died")
        stuck_id = before.container(stuck).id
        outside.runtime.end(before.container(died).id, EndReason.OUT_OF_MEMORY)
        outside.database.sandboxes[stuck] = replace(outside.database.sandboxes[stuck], state=SandboxState.STOPPING)
    strangers = [await outside.runtime.start(spec(f"stranger-{number}")) for number in range(3)]
    stuck_ids = {stuck_id, strangers[0].id}
    stop, delete = outside.runtime.stop, outside.runtime.delete_workspace

    async def stop_most(container_id: str, grace_sec: float = 3.0) -> None:
        if container_id in stuck_ids:
            raise EngineUnavailable("The container engine cannot kill it.")
        await stop(container_id, grace_sec)

    async def delete_most(project_id: str) -> None:
        if project_id == "stranger-1":
            raise EngineUnavailable("The volume is in use.")
        await delete(project_id)

    outside.runtime.stop, outside.runtime.delete_workspace = stop_most, delete_most
    async with open_world(outside) as after:
        await outside.clock.advance(61)
        for _ in range(2):  # the second time it is unknown that there should be one that is stuck
            await after.reconciler.compare()
            assert after.state(died) is SandboxState.FAILED
            assert set(outside.runtime.containers) == stuck_ids
        assert set(await outside.runtime.workspaces()) == {stuck, died, "stranger-0", "stranger-1"}
