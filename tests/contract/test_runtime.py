"""What every ``SandboxRuntime`` does: the fake of the tests, Docker, and each of them behind a launcher."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.runtime import DockerRuntime
from control_plane.adapters.docker.spec import ContainerSettings
from control_plane.adapters.handover import Sockets
from control_plane.adapters.launcher.client import LauncherRuntime
from control_plane.adapters.launcher.rules import LauncherRules
from control_plane.adapters.launcher.service import LauncherService
from control_plane.adapters.roles.server import RoleServer
from control_plane.domain.errors import SandboxFailed
from control_plane.domain.sandbox import EndReason, Limits
from control_plane.ports import Container, ContainerState, SandboxRuntime, SandboxSpec
from tests.fakes.runtime import FakeRuntime

MIB = 1024 * 1024


@dataclass
class World:
    runtime: SandboxRuntime
    kill: Callable[[str], Awaitable[None]]


@pytest.fixture(
    params=[
        "fake",
        "launcher",
        pytest.param("docker", marks=pytest.mark.engine),
        pytest.param("launcher on docker", marks=pytest.mark.engine),
    ]
)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def image_or_fake(request: pytest.FixtureRequest, kind: str) -> str:
    """The image to start from on the engine; empty for the fake."""
    return request.getfixturevalue("image") if "docker" in kind else ""


@pytest.fixture
async def world(kind: str, image_or_fake: str, tmp_path: Path) -> AsyncGenerator[World]:
    async with AsyncExitStack() as stack:
        if image_or_fake:
            there = await stack.enter_async_context(on_docker(image_or_fake, tmp_path))
        else:
            there = in_memory()
        if "launcher" in kind:
            path = Path(stack.enter_context(TemporaryDirectory(prefix="launcher-")), "launcher.sock")
            rules = LauncherRules(most=Limits(cpus=2), uid_base=200_000)
            service = LauncherService(there.runtime, rules, lambda _: None)
            await stack.enter_async_context(RoleServer(path, service.serve, peers=frozenset({os.getuid()})))
            there = World(LauncherRuntime(str(path)), there.kill)
        yield there


def in_memory() -> World:
    fake = FakeRuntime()

    async def end(container_id: str) -> None:
        fake.end(container_id)

    return World(fake, end)


@asynccontextmanager
async def on_docker(image: str, tmp_path: Path) -> AsyncGenerator[World]:
    engine = Engine()
    settings = ContainerSettings(deployment=f"contract-{tmp_path.name}-{id(tmp_path):x}", image=image)
    sockets = Sockets(tmp_path)
    runtime = DockerRuntime(engine, settings, sockets)

    async def kill(container_id: str) -> None:
        await engine.call("POST", f"containers/{container_id}/kill")

    yield World(runtime, kill)
    for project in await runtime.workspaces():
        await runtime.delete_workspace(project)
    sockets.close()
    await engine.close()


def spec(project: str = "prices", generation: int = 1) -> SandboxSpec:
    return SandboxSpec(
        project_id=project,
        project_name="Prices",
        generation=generation,
        uid=200_001,
        limits=Limits(memory=256 * MIB, cpus=1, pids=64),
        template="empty",
    )


async def test_nothing_keeps_sandboxes_from_being_started(world: World) -> None:
    await world.runtime.check()


async def test_a_started_sandbox_is_found(world: World) -> None:
    started = await world.runtime.start(spec())

    assert (started.project_id, started.generation, started.state) == ("prices", 1, ContainerState.RUNNING)
    assert await world.runtime.inspect(started.id) == started
    assert await world.runtime.list() == [started]
    assert await world.runtime.workspaces() == ["prices"]


async def test_a_new_generation_takes_the_place_of_the_old_one(world: World) -> None:
    first = await world.runtime.start(spec(generation=1))
    second = await world.runtime.start(spec(generation=2))
    other = await world.runtime.start(spec("rates"))

    assert await world.runtime.inspect(first.id) is None
    assert {each.id for each in await world.runtime.list()} == {second.id, other.id}


async def test_pausing_and_resuming_twice_is_no_error(world: World) -> None:
    started = await world.runtime.start(spec())

    for switch, state in (
        (world.runtime.pause, ContainerState.PAUSED),
        (world.runtime.resume, ContainerState.RUNNING),
    ):
        for _ in range(2):
            await switch(started.id)
            found = await world.runtime.inspect(started.id)
            assert found is not None
            assert found.state is state


async def test_what_is_gone_can_be_stopped_and_not_paused(world: World) -> None:
    started = await world.runtime.start(spec())
    await world.runtime.pause(started.id)
    await world.runtime.stop(started.id, grace_sec=0)
    await world.runtime.stop(started.id)

    assert await world.runtime.inspect(started.id) is None
    assert await world.runtime.workspaces() == ["prices"]
    await world.runtime.update_limits(started.id, Limits())
    for switch in (world.runtime.pause, world.runtime.resume):
        with pytest.raises(SandboxFailed, match="gone"):
            await switch(started.id)


async def test_deleting_a_workspace_removes_its_sandbox_too(world: World) -> None:
    await world.runtime.start(spec())
    kept = await world.runtime.start(spec("rates"))
    await world.runtime.delete_workspace("prices")
    await world.runtime.delete_workspace("prices")

    assert await world.runtime.list() == [kept]
    assert await world.runtime.workspaces() == ["rates"]


async def test_an_end_is_told_with_its_reason(world: World) -> None:
    ends = world.runtime.ends()
    started = await world.runtime.start(spec())
    await world.kill(started.id)

    ended = await _next(ends.__anext__())
    assert (ended.id, ended.project_id, ended.generation) == (started.id, "prices", 1)
    assert (ended.state, ended.end_reason, ended.exit_code) == (ContainerState.EXITED, EndReason.CRASHED, 137)
    found = await world.runtime.inspect(started.id)
    assert found is not None
    assert found.state is ContainerState.EXITED


async def test_limits_change_while_it_runs(world: World) -> None:
    started = await world.runtime.start(spec())
    await world.runtime.update_limits(started.id, Limits(memory=300 * MIB, cpus=0.5, pids=80))

    assert await world.runtime.inspect(started.id) == started


async def _next(end: Awaitable[Container]) -> Container:
    async with asyncio.timeout(60):
        return await end
