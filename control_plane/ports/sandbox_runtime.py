"""The container engine, as the services see it: what a sandbox is to be, and what became of it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from control_plane.domain.sandbox import EndReason, Limits
from control_plane.domain.unenforced import Unenforced


class ContainerState(StrEnum):
    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    EXITED = "exited"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSpec:
    """All that a launcher is told of a sandbox; how it is hardened is the launcher's own knowledge."""

    project_id: str
    project_name: str
    generation: int
    uid: int
    limits: Limits
    template: str
    egress: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container of this deployment, as the engine reports it."""

    id: str
    project_id: str
    generation: int
    state: ContainerState
    created_at: float
    image_current: bool = True
    end_reason: EndReason | None = None
    """Set when it has exited by itself: out of memory, crashed …"""
    exit_code: int | None = None


class SandboxRuntime(Protocol):
    """A container engine. Raises ``EngineUnavailable``, ``ImageMissing``, ``SandboxFailed``; never leaves half a start.

    ``start`` returns when the agent has its listening socket (it may not answer yet). All calls are idempotent: stopping
    what is gone is no error. Only containers and volumes with this deployment's label are ever touched.
    """

    async def check(self) -> frozenset[Unenforced]:
        """Return what the engine cannot do to sandboxes.

        Raises what keeps every sandbox from being started now: ``EngineUnavailable``, ``ImageMissing``.
        """
        ...

    async def start(self, spec: SandboxSpec) -> Container: ...
    async def pause(self, container_id: str) -> None: ...
    async def resume(self, container_id: str) -> None: ...
    async def stop(self, container_id: str, grace_sec: float = 3.0) -> None:
        """Stop and remove the container; the workspace stays."""
        ...

    async def inspect(self, container_id: str) -> Container | None: ...
    async def list(self) -> Sequence[Container]: ...
    async def workspaces(self) -> Sequence[str]:
        """Project ids of all workspaces that exist."""
        ...

    async def delete_workspace(self, project_id: str) -> None: ...
    def ends(self) -> AsyncIterator[Container]:
        """Containers as they end, from the engine's event stream. Reconnects by itself; ends only when cancelled."""
        ...

    async def update_limits(self, container_id: str, limits: Limits) -> None: ...
