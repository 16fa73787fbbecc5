"""Starts that fail: each is told with its reason, and leaves nothing behind."""

import asyncio
from pathlib import Path

import pytest

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.runtime import DockerRuntime
from control_plane.adapters.docker.spec import ContainerSettings
from control_plane.adapters.handover import Sockets
from control_plane.domain.errors import EngineUnavailable, ImageMissing, SandboxFailed
from control_plane.domain.sandbox import EndReason
from control_plane.ports import AgentAddress, Container, ContainerState
from tests.integration.engine.conftest import StartWith
from tests.integration.engine.sandbox import MIB, run_inside, spec

pytestmark = pytest.mark.engine

TAKE = """
import socket
with socket.socket(socket.AF_UNIX) as bootstrap:
    bootstrap.connect("/run/aimforge/bootstrap.sock")
    message, descriptors, _, _ = socket.recv_fds(bootstrap, 65536, 1)
listener = socket.socket(fileno=descriptors[0])
listener.setblocking(True)
"""
EAT = "hoard = []\nwhile True:\n    hoard.append(bytearray(b'x' * 1048576))\n"


async def nothing_left(runtime: DockerRuntime, sockets: Sockets) -> bool:
    path = Path(sockets.agent_path(AgentAddress(project_id="prices", generation=1)))
    return not await runtime.list() and not path.exists()


async def test_an_image_that_is_missing(engine: Engine, deployment: str, sockets: Sockets) -> None:
    runtime = DockerRuntime(engine, ContainerSettings(deployment=deployment, image="aimforge-nowhere:1"), sockets)
    for attempt in (runtime.check(), runtime.start(spec())):
        with pytest.raises(ImageMissing, match="aimforge image ensure"):
            await attempt
    assert await nothing_left(runtime, sockets)


async def test_an_agent_that_ends_at_once_is_quoted(runtime_of: StartWith, sockets: Sockets) -> None:
    runtime = await runtime_of("import sys; sys.exit('there is no agent here')")
    with pytest.raises(SandboxFailed, match="there is no agent here") as failed:
        await runtime.start(spec())
    assert failed.value.reason is EndReason.START_FAILED
    assert await nothing_left(runtime, sockets)


async def test_an_agent_that_runs_out_of_memory_at_its_start(runtime_of: StartWith, sockets: Sockets) -> None:
    runtime = await runtime_of(EAT)
    with pytest.raises(SandboxFailed) as failed:
        await runtime.start(spec(memory=64 * MIB))
    assert failed.value.reason is EndReason.OUT_OF_MEMORY
    assert await nothing_left(runtime, sockets)


async def test_an_agent_that_runs_out_of_memory_later(runtime_of: StartWith) -> None:
    runtime = await runtime_of(f"{TAKE}\nlistener.accept()\n{EAT}")
    ends = runtime.ends()
    container = await runtime.start(spec(memory=64 * MIB))
    assert container.state is ContainerState.RUNNING
    await run_into_the_wall(runtime, container)

    async with asyncio.timeout(60):
        ended = await anext(ends)
    assert (ended.id, ended.end_reason) == (container.id, EndReason.OUT_OF_MEMORY)
    inspected = await runtime.inspect(container.id)
    assert inspected is not None
    assert inspected.end_reason is EndReason.OUT_OF_MEMORY


async def run_into_the_wall(runtime: DockerRuntime, container: Container) -> None:
    """Connect to the agent's socket: the program of this test eats memory from then on."""
    address = AgentAddress(project_id=container.project_id, generation=container.generation)
    _, writer = await asyncio.open_unix_connection(runtime._sockets.agent_path(address))
    writer.close()


async def test_a_start_that_is_cancelled_leaves_nothing(runtime_of: StartWith, sockets: Sockets) -> None:
    runtime = await runtime_of("import time; time.sleep(1000)")
    start = asyncio.create_task(runtime.start(spec()))
    async with asyncio.timeout(60):
        while not any(each.state is ContainerState.RUNNING for each in await runtime.list()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    assert await nothing_left(runtime, sockets)


async def test_an_engine_that_is_not_there(tmp_path: Path, settings: ContainerSettings, runtime: DockerRuntime) -> None:
    nowhere = Engine(f"unix://{tmp_path}/no.sock")
    try:
        absent = DockerRuntime(nowhere, settings, Sockets(tmp_path / "data"))
        for call in (absent.start(spec()), absent.list(), absent.stop("x"), absent.delete_workspace("prices")):
            with pytest.raises(EngineUnavailable, match="does not answer"):
                await call
    finally:
        await nowhere.close()
    assert await runtime.list() == []


async def test_the_same_generation_can_be_started_again(runtime: DockerRuntime) -> None:
    """As after a control plane that was killed between a start and its note of it."""
    first = await runtime.start(spec())
    second = await runtime.start(spec())
    assert [each.id for each in await runtime.list()] == [second.id] != [first.id]


async def test_where_volumes_are_out_of_reach_a_container_makes_the_workspace(
    runtime: DockerRuntime, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with an engine on another machine, or a control plane that is not root."""
    monkeypatch.setattr(Engine, "is_local", property(lambda _: False))
    container = await runtime.start(spec())
    owner = await run_inside(container.id, 'import os; open("/workspace/x", "w"); print(os.stat("/workspace").st_uid)')
    assert owner == spec().uid
    assert [each.id for each in await runtime.list()] == [container.id]


async def test_containers_of_others_are_left_alone(
    runtime: DockerRuntime, engine: Engine, settings: ContainerSettings, sockets: Sockets
) -> None:
    other = DockerRuntime(
        engine, ContainerSettings(deployment=f"{settings.deployment}-2", image=settings.image), sockets
    )
    container = await runtime.start(spec())

    assert await other.inspect(container.id) is None
    assert await other.list() == await other.workspaces() == []
    await other.stop(container.id)
    await other.delete_workspace("prices")
    assert await runtime.inspect(container.id) == container
