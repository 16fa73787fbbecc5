"""A runtime on the real engine, and sandboxes whose agent is a program of the test's own."""

import io
import tarfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.runtime import DockerRuntime
from control_plane.adapters.docker.spec import ContainerSettings
from control_plane.adapters.handover import Sockets

StartWith = Callable[[str], Awaitable[DockerRuntime]]


@pytest.fixture
def settings(deployment: str, image: str) -> ContainerSettings:
    return ContainerSettings(deployment=deployment, image=image)


@pytest.fixture
def sockets(tmp_path: Path) -> Sockets:
    return Sockets(tmp_path)


@pytest.fixture
def runtime(engine: Engine, settings: ContainerSettings, sockets: Sockets) -> DockerRuntime:
    return DockerRuntime(engine, settings, sockets)


@pytest.fixture
async def runtime_of(engine: Engine, settings: ContainerSettings, sockets: Sockets) -> AsyncGenerator[StartWith]:
    """Make a runtime whose sandboxes run a Python program instead of the agent."""
    built: list[str] = []

    async def build(program: str) -> DockerRuntime:
        name = f"{settings.deployment}:{len(built)}"
        dockerfile = (
            f"FROM {settings.image}\nCOPY agent.py /agent.py\n"
            'CMD ["/opt/aimforge/venv/bin/python", "-I", "/agent.py"]\n'
        )
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as archive:
            for path, text in (("Dockerfile", dockerfile), ("agent.py", program)):
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode = len(text.encode()), 0o644
                archive.addfile(entry, io.BytesIO(text.encode()))
        context.seek(0)
        await engine.docker.images.build(fileobj=context, encoding="identity", tag=name, rm=True, forcerm=True)
        built.append(name)
        return DockerRuntime(engine, ContainerSettings(deployment=settings.deployment, image=name), sockets)

    yield build
    for name in built:
        await engine.call("DELETE", f"images/{name}", params={"force": 1})
