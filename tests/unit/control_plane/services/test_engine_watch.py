"""The engine's state is known without asking, and its return lets held-off starts go at once."""

from pathlib import Path

import pytest

from control_plane.domain.errors import EngineUnavailable, ImageMissing
from control_plane.domain.unenforced import Unenforced
from control_plane.services.sandboxes.engine_watch import EVERY_SEC, EVERY_SEC_WHILE_GONE, EngineWatch
from tests.fakes.clock import settle
from tests.fakes.served import served
from tests.fakes.world import open_world


@pytest.mark.parametrize(
    ("failure", "problem"),
    [(EngineUnavailable("gone"), "engine_unavailable"), (ImageMissing("no image"), "image_missing")],
)
async def test_health_and_figures_tell_it_and_liveness_stays(tmp_path: Path, failure: Exception, problem: str):
    async with served(tmp_path) as server:
        server.outside.runtime.failures.append(failure)
        await server.outside.clock.advance(EVERY_SEC)
        told = await server.call("GET", "/api/health", headers={})
        assert (told.status, told.json["status"], told.json["reason"]) == (200, "degraded", problem)
        assert told.json["message"]
        assert "aimforge_engine_ready 0" in (await server.call("GET", "/metrics")).content.decode()

        server.outside.runtime.failures.clear()
        await server.outside.clock.advance(EVERY_SEC_WHILE_GONE)
        told = await server.call("GET", "/api/health", headers={})
        assert (told.status, told.json["status"], told.json["reason"], told.json["message"]) == (200, "ok", "", "")
        assert "aimforge_engine_ready 1" in (await server.call("GET", "/metrics")).content.decode()


async def test_limits_that_the_engine_does_not_keep_are_told_as_such(tmp_path: Path):
    async with served(tmp_path) as server:

        async def unenforced() -> set[str]:
            await server.outside.clock.advance(EVERY_SEC)
            told = (await server.call("GET", "/api/admin/settings")).json["settings"]
            return {each["name"] for each in told if not each["enforced"]}

        disk = {"AIMFORGE_DISK", "AIMFORGE_MAX_DISK"}  # nothing keeps those without AIMFORGE_DISK_QUOTA
        assert await unenforced() == disk
        server.outside.runtime.unenforced = frozenset({Unenforced.MEMORY, Unenforced.PAUSE})
        assert await unenforced() == disk | {"AIMFORGE_MEMORY", "AIMFORGE_MAX_MEMORY", "AIMFORGE_IDLE_PAUSE_SEC"}
    (tmp_path / "quota").mkdir()
    async with served(tmp_path / "quota", disk_quota=True) as server:
        assert await unenforced() == set()


async def test_its_return_ends_the_wait_of_those_who_were_held_off():
    async with open_world() as world:
        watch = EngineWatch(world.runtime, world.clock, world.sandboxes.retry_starts)
        project = await world.make()
        world.runtime.failures = [EngineUnavailable("gone")] * 2
        with pytest.raises(EngineUnavailable):
            await world.sandboxes.ensure_ready(project.id)
        await watch.look()
        world.runtime.failures.clear()
        with pytest.raises(EngineUnavailable):
            await world.sandboxes.ensure_ready(project.id)
        await watch.look()
        await settle()
        await world.sandboxes.ensure_ready(project.id)


async def test_a_restart_that_could_not_start_stops_nothing():
    async with open_world() as world:
        project_id = await world.ready()
        world.runtime.failures = [ImageMissing("no image")]
        with pytest.raises(ImageMissing):
            await world.sandboxes.restart(project_id)
        assert world.sandboxes.address_of(project_id) is not None
        assert len(world.runtime.containers) == 1
        world.runtime.failures.clear()
        assert (await world.sandboxes.restart(project_id)).generation == 2
