"""Somebody sets the wall clock: nothing that runs becomes old by it, and nothing is forgotten."""

import pytest

from control_plane.domain.audit import AuditAction, AuditFilter
from control_plane.domain.sandbox import SandboxState
from control_plane.services.audit import PRUNE_EVERY_SEC, AuditLog
from sandbox_image.wire.agent import Activity
from tests.fakes.identity import FakeAuditStore
from tests.fakes.world import POLICY, Outside, open_world

YEAR = 365 * 86400.0


@pytest.mark.parametrize("jump", [YEAR, 2 * POLICY.max_age_sec, -3600.0, -YEAR])
async def test_a_sandbox_grows_no_older_than_it_is(jump: float):
    async with open_world() as world:
        busy, asleep = await world.ready("busy"), await world.ready("asleep")
        world.link.agent(busy).activity = Activity(idle_sec=0, busy=["run of train"])
        await world.sandboxes.pause(asleep)
        world.clock.jump(jump)
        await world.reaper.look()
        await world.reconciler.compare()
        assert (world.state(busy), world.state(asleep)) == (SandboxState.READY, SandboxState.PAUSED)
        assert (await world.sandboxes.ensure_ready(asleep)).generation == 1

        # And its age still ends it, in its own time.
        await world.clock.advance(POLICY.max_age_sec + 1)
        await world.reaper.look()
        assert world.state(busy) is SandboxState.STOPPED


async def test_a_deletion_has_its_grace():
    async with open_world() as world:
        project_id = await world.ready()
        await world.deletions.delete(project_id)
        await world.clock.advance(1)
        world.clock.jump(YEAR)
        await world.clock.advance(1)
        assert world.registry.find_any(project_id) is not None


async def test_the_audit_log_is_not_pruned_by_a_clock_that_was_set():
    outside = Outside()
    store = FakeAuditStore(outside.database)
    log = AuditLog(store, outside.clock, retention_days=30)
    log.record(AuditAction.SANDBOX_STARTED, project_id="p")
    await log.flush()
    outside.clock.jump(YEAR)
    await log._prune()
    assert len(await store.read(AuditFilter(), 10)) == 1

    outside.clock.jump(-YEAR)
    await outside.clock.advance(40 * 86400 + PRUNE_EVERY_SEC)
    await log._prune()
    assert await store.read(AuditFilter(), 10) == []
