"""A workspace with a quota: full is full, and nobody else's."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.mixed import MixedWorkspaces
from control_plane.adapters.docker.quota import QuotaWorkspaces, quota_problem
from control_plane.adapters.docker.runtime import DockerRuntime
from control_plane.adapters.docker.spec import ContainerSettings
from control_plane.adapters.docker.workspace import VolumeWorkspaces
from control_plane.adapters.handover import Sockets
from control_plane.ports import SandboxSpec
from tests.integration.engine.sandbox import MIB, UID, run_inside, spec

pytestmark = pytest.mark.engine

FILL = """
import errno, json, os
try:
    with open("/workspace/fill", "wb") as file:
        while file.tell() < 1024 * 2**20:
            file.write(bytes(2**20))
            file.flush()
    print(json.dumps("all written"))
except OSError as error:
    print(json.dumps(errno.errorcode[error.errno]))
"""
LOOK = """
import json, os
status = os.statvfs("/workspace")
print(json.dumps([status.f_blocks * status.f_frsize, os.stat("/workspace").st_uid, sorted(os.listdir("/workspace"))]))
"""


def small(project_id: str = "prices", generation: int = 1, disk: int = 64 * MIB) -> SandboxSpec:
    wanted = spec(project_id, generation)
    return replace(wanted, limits=replace(wanted.limits, disk=disk))


@pytest.fixture
async def quota(
    engine: Engine, settings: ContainerSettings, sockets: Sockets, tmp_path: Path
) -> AsyncGenerator[DockerRuntime]:
    runtime = DockerRuntime(engine, settings, sockets, workspaces=QuotaWorkspaces(tmp_path / "workspaces"))
    yield runtime
    for project_id in await runtime.workspaces():
        await runtime.delete_workspace(project_id)
    assert list((tmp_path / "workspaces").iterdir()) == []


async def test_a_full_workspace_says_so_and_harms_nobody_else(quota: DockerRuntime) -> None:
    full = await quota.start(small("prices"))
    other = await quota.start(small("rates"))

    assert await run_inside(full.id, FILL) == "ENOSPC"
    write = 'open("/workspace/note", "w").write("x" * 4096); print("true")'
    assert await run_inside(other.id, write)
    assert await run_inside(
        full.id, 'import os; os.remove("/workspace/fill"); open("/workspace/a", "w").write("x"); print(1)'
    )
    assert sorted(await quota.workspaces()) == ["prices", "rates"]


async def test_it_grows_and_keeps_what_is_in_it(quota: DockerRuntime) -> None:
    first = await quota.start(small(disk=64 * MIB))
    await run_inside(first.id, 'open("/workspace/kept", "w").close(); print(1)')
    size, owner, before = await run_inside(first.id, LOOK)
    assert "kept" in before
    assert "lost+found" not in before
    assert size <= 64 * MIB
    assert owner == UID

    second = await quota.start(small(generation=2, disk=128 * MIB))
    larger, owner, files = await run_inside(second.id, LOOK)
    assert 64 * MIB < larger <= 128 * MIB
    assert owner == UID
    assert files == before


async def test_a_workspace_that_was_made_without_a_quota_stays_where_it_is(
    engine: Engine, settings: ContainerSettings, tmp_path: Path
):
    volumes, quota = VolumeWorkspaces(engine, settings), QuotaWorkspaces(tmp_path / "mixed")
    old, new = small("older"), small("newer")
    mixed = MixedWorkspaces(quota, volumes)
    try:
        volume = await volumes.ensure(old)
        assert await mixed.ensure(old) == volume
        assert (await mixed.ensure(new)).startswith(str(tmp_path))
        assert sorted(await mixed.list()) == ["newer", "older"]
    finally:
        for each in (old, new):
            await mixed.delete(each.project_id)
    assert await mixed.list() == []


async def test_whether_a_quota_can_be_had_is_found_out_by_trying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert await quota_problem(tmp_path / "workspaces") == ""
    assert list((tmp_path / "workspaces").iterdir()) == []
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "root" in await quota_problem(tmp_path / "workspaces")
