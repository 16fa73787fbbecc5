"""``ports.SandboxRuntime`` by asking a launcher. Holds no engine: all it can do is what the protocol has words for."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, Final

import structlog

from control_plane.adapters.launcher import protocol
from control_plane.adapters.roles.client import RoleClient
from control_plane.domain.errors import AimforgeError
from control_plane.domain.sandbox import Limits
from control_plane.domain.unenforced import Unenforced
from control_plane.ports import Container, ContainerState, SandboxSpec

log = structlog.stdlib.get_logger()

CALL_TIMEOUT_SEC: Final = 150.0
"""The launcher's own deadlines towards the engine are shorter; this one is for a launcher that hangs."""
RETRY_SEC: Final = (0.2, 0.5, 1.0, 2.0, 5.0)


class LauncherRuntime:
    """Sandboxes of the launcher that listens at a socket."""

    def __init__(self, socket_path: str) -> None:
        self._role = RoleClient(socket_path, "launcher")

    async def check(self) -> frozenset[Unenforced]:
        """Return what the engine cannot do; raise what keeps every sandbox from being started now."""
        return await self._ask(protocol.Check(), frozenset[Unenforced])

    async def start(self, spec: SandboxSpec) -> Container:
        """Start a sandbox; hanging up, as a cancellation does, calls the start off."""
        wanted = protocol.WantedSandbox(
            project_id=spec.project_id,
            project_name=spec.project_name,
            generation=spec.generation,
            uid=spec.uid,
            limits=_wanted(spec.limits),
            template=spec.template,
            egress=spec.egress,
        )
        return await self._ask(protocol.Start(wanted), Container)

    async def pause(self, container_id: str) -> None:
        """Freeze a sandbox."""
        await self._ask(protocol.Pause(container_id))

    async def resume(self, container_id: str) -> None:
        """Thaw a sandbox."""
        await self._ask(protocol.Resume(container_id))

    async def stop(self, container_id: str, grace_sec: float = 3.0) -> None:
        """Stop and remove a container; its workspace stays."""
        await self._ask(protocol.Stop(container_id, min(grace_sec, protocol.LONGEST_GRACE_SEC)))

    async def inspect(self, container_id: str) -> Container | None:
        """Return what the engine says of a container of ours; None when it is gone."""
        return await self._ask(protocol.Inspect(container_id), Container | None)

    async def list(self) -> Sequence[Container]:
        """Return all sandboxes of the deployment."""
        return await self._ask(protocol.ListAll(), list[Container])

    async def workspaces(self) -> Sequence[str]:
        """Return the project ids of all workspaces."""
        return await self._ask(protocol.Workspaces(), list[str])

    async def delete_workspace(self, project_id: str) -> None:
        """Remove a project's sandbox, workspace and sockets."""
        await self._ask(protocol.DeleteWorkspace(project_id))

    async def update_limits(self, container_id: str, limits: Limits) -> None:
        """Change the limits of a sandbox that runs."""
        await self._ask(protocol.UpdateLimits(container_id, _wanted(limits)))

    async def prepare_gate(self, project_id: str) -> None:
        """Have the folder made in which a project's gate is bound."""
        await self._ask(protocol.PrepareGate(project_id))

    def ends(self) -> AsyncIterator[Container]:
        """Yield containers as they end. What ended while the launcher was away is told once it is back."""
        return self._ends()

    async def _ends(self) -> AsyncGenerator[Container]:
        failures = 0
        while True:
            try:
                async with aclosing(self._role.listen(protocol.Ends(), Container | None)) as answers:
                    async for container in answers:
                        failures = 0
                        for ended in (container,) if container is not None else await self._exited():
                            yield ended
            except AimforgeError as error:
                log.warning("launcher.ends_lost", error=error.message)
            delay = RETRY_SEC[min(failures, len(RETRY_SEC) - 1)]
            failures += 1
            # A launcher that is gone cannot tell that it is back: all that is left is to ask again.
            await asyncio.sleep(delay)

    async def _exited(self) -> Sequence[Container]:
        """Return what ended before the launcher began to listen for us."""
        return [container for container in await self.list() if container.state is ContainerState.EXITED]

    async def _ask(self, request: protocol.Request, answer: Any = None) -> Any:
        return await self._role.ask(request, answer, CALL_TIMEOUT_SEC)


def _wanted(limits: Limits) -> protocol.WantedLimits:
    return protocol.WantedLimits(
        memory=limits.memory,
        cpus=limits.cpus,
        pids=limits.pids,
        open_files=limits.open_files,
        shm=limits.shm,
        tmp=limits.tmp,
        disk=limits.disk,
    )
