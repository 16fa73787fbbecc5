"""A project that is deleted while its sandbox starts leaves nothing, whatever the engine was doing just then."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL, slug
from control_plane.adapters.docker.runtime import DockerRuntime
from control_plane.adapters.launcher.client import LauncherRuntime
from control_plane.adapters.launcher.rules import LauncherRules
from control_plane.adapters.launcher.service import LauncherService
from control_plane.adapters.roles.server import RoleServer
from control_plane.domain.errors import AimforgeError
from control_plane.domain.sandbox import Limits
from control_plane.ports import SandboxRuntime
from tests.integration.engine.sandbox import spec

pytestmark = pytest.mark.engine

MOMENTS = 14


@asynccontextmanager
async def behind_a_launcher(runtime: DockerRuntime) -> AsyncGenerator[SandboxRuntime]:
    with TemporaryDirectory(prefix="launcher-") as folder:
        path = Path(folder, "launcher.sock")
        service = LauncherService(runtime, LauncherRules(most=Limits(cpus=2), uid_base=200_000), lambda _: None)
        async with RoleServer(path, service.serve, peers=frozenset({os.getuid()})):
            yield LauncherRuntime(str(path))


@asynccontextmanager
async def in_this_process(runtime: DockerRuntime) -> AsyncGenerator[SandboxRuntime]:
    yield runtime


async def left(engine: Engine, deployment: str) -> list[str]:
    """Containers of the deployment, and volumes by their name: one that the engine made by itself has no labels."""
    filters = json.dumps({"label": [f"{DEPLOYMENT_LABEL}={deployment}"]})
    containers = await engine.call("GET", "containers/json", params={"all": 1, "filters": filters})
    volumes = (await engine.call("GET", "volumes"))["Volumes"] or []
    ours = [each["Name"] for each in volumes if each["Name"].startswith(f"aimforge-{slug(deployment)}-")]
    return [*(each["Names"][0] for each in containers), *ours]


@pytest.mark.parametrize("behind", [in_this_process, behind_a_launcher])
async def test_a_start_that_is_called_off_and_deleted_leaves_nothing(
    runtime: DockerRuntime,
    engine: Engine,
    deployment: str,
    behind: type,
):
    async with behind(runtime) as asked:
        begun = asyncio.get_running_loop().time()
        await asked.start(spec("measure"))
        whole = asyncio.get_running_loop().time() - begun
        await asked.delete_workspace("measure")
        assert await left(engine, deployment) == []

        async def race(number: int) -> None:
            project = f"race-{number}"
            starting = asyncio.create_task(asked.start(spec(project)))
            # Most moments lie early in a start, where volume and container are made: which step each meets is chance.
            await asyncio.wait({starting}, timeout=whole * (number / MOMENTS) ** 2)
            starting.cancel()
            with suppress(asyncio.CancelledError, AimforgeError):
                await starting
            await asked.delete_workspace(project)

        for number in range(MOMENTS):
            await race(number)
        await asyncio.gather(*(race(MOMENTS + number) for number in range(3)))
        assert await left(engine, deployment) == []
