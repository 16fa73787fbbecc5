"""A container engine in memory."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace

from control_plane.domain.errors import EngineUnavailable, ImageMissing, SandboxFailed
from control_plane.domain.sandbox import EndReason, Limits
from control_plane.domain.unenforced import Unenforced
from control_plane.ports import Container, ContainerState, SandboxSpec


class FakeRuntime:
    """``ports.SandboxRuntime`` without an engine. ``failures`` are raised by the next starts, one each."""

    def __init__(self) -> None:
        self.containers: dict[str, Container] = {}
        self.limits: dict[str, Limits] = {}
        self.started: list[SandboxSpec] = []
        self.failures: list[Exception] = []
        self.down = False
        """Whether it answers no question about a container."""
        self.unenforced: frozenset[Unenforced] = frozenset()
        self._workspaces: set[str] = set()
        self._listeners: list[asyncio.Queue[Container]] = []
        self._numbers = itertools.count(1)

    async def check(self) -> frozenset[Unenforced]:
        """Raise the first of ``failures`` that concerns every sandbox."""
        for failure in self.failures:
            if isinstance(failure, EngineUnavailable | ImageMissing):
                raise failure
        return self.unenforced

    async def start(self, spec: SandboxSpec) -> Container:
        """Start a sandbox, or raise the next of ``failures``."""
        await self._remove_project(spec.project_id)
        self._workspaces.add(spec.project_id)
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        number = next(self._numbers)
        container = Container(
            id=f"container-{number}",
            project_id=spec.project_id,
            generation=spec.generation,
            state=ContainerState.RUNNING,
            created_at=float(number),
        )
        self.containers[container.id] = container
        self.limits[container.id] = spec.limits
        self.started.append(spec)
        return container

    async def pause(self, container_id: str) -> None:
        """Freeze a sandbox."""
        self._switch(container_id, ContainerState.PAUSED)

    async def resume(self, container_id: str) -> None:
        """Thaw a sandbox."""
        self._switch(container_id, ContainerState.RUNNING)

    async def stop(self, container_id: str, grace_sec: float = 3.0) -> None:
        """Stop and remove a container."""
        container = self.containers.pop(container_id, None)
        if container is not None and container.state is not ContainerState.EXITED:
            self._tell(replace(container, state=ContainerState.EXITED, end_reason=EndReason.CRASHED, exit_code=0))

    async def inspect(self, container_id: str) -> Container | None:
        """Return the container, None when it is gone."""
        if self.down:
            raise EngineUnavailable("The container engine is unavailable.")
        return self.containers.get(container_id)

    async def list(self) -> Sequence[Container]:
        """Return all containers."""
        return list(self.containers.values())

    async def workspaces(self) -> Sequence[str]:
        """Return the project ids of all workspaces."""
        return sorted(self._workspaces)

    async def delete_workspace(self, project_id: str) -> None:
        """Remove a project's containers and workspace."""
        await self._remove_project(project_id)
        self._workspaces.discard(project_id)

    def ends(self) -> AsyncIterator[Container]:
        """Yield containers as they end, from now on."""
        queue: asyncio.Queue[Container] = asyncio.Queue()
        self._listeners.append(queue)
        return _drain(queue)

    async def update_limits(self, container_id: str, limits: Limits) -> None:
        """Change a sandbox's limits."""
        if container_id in self.containers:
            self.limits[container_id] = limits

    def end(self, container_id: str, reason: EndReason = EndReason.CRASHED, exit_code: int = 137) -> None:
        """Let a container end by itself, as the tests want it."""
        ended = replace(
            self.containers[container_id], state=ContainerState.EXITED, end_reason=reason, exit_code=exit_code
        )
        self.containers[container_id] = ended
        self._tell(ended)

    def _switch(self, container_id: str, state: ContainerState) -> None:
        container = self.containers.get(container_id)
        if container is None or container.state is ContainerState.EXITED:
            raise SandboxFailed("The sandbox is gone. It starts again on the next action.", EndReason.CRASHED)
        self.containers[container_id] = replace(container, state=state)

    async def _remove_project(self, project_id: str) -> None:
        for container in [each for each in self.containers.values() if each.project_id == project_id]:
            await self.stop(container.id)

    def _tell(self, container: Container) -> None:
        for queue in self._listeners:
            queue.put_nowait(container)


async def _drain(queue: asyncio.Queue[Container]) -> AsyncGenerator[Container]:
    while True:
        yield await queue.get()
