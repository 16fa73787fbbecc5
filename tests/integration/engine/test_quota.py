"""A workspace with a quota: full is full, and nobody else's."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.quota import QuotaWorkspaces
from control_plane.adapters.docker.runtime import DockerRuntime
from control_plane.adapters.docker.spec import ContainerSettings
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
