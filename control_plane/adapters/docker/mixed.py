"""Workspaces of both kinds: those that were made as volumes stay volumes, new ones get a quota."""

from collections.abc import Sequence

from control_plane.adapters.docker.quota import QuotaWorkspaces
from control_plane.adapters.docker.workspace import VolumeWorkspaces
from control_plane.ports import SandboxSpec


class MixedWorkspaces:
    """The workspaces of a deployment that was given a quota, perhaps after it had projects."""

    def __init__(self, quota: QuotaWorkspaces, volumes: VolumeWorkspaces) -> None:
        self._quota = quota
        self._volumes = volumes

    async def ensure(self, spec: SandboxSpec) -> str:
        """Create what is missing; return the path of a folder, or the name of the volume that the project has already."""
        if not self._quota.has(spec.project_id) and await self._volumes.has(spec.project_id):
            return await self._volumes.ensure(spec)
        return await self._quota.ensure(spec)

    async def list(self) -> Sequence[str]:
        """Return the project ids of all workspaces."""
        return list({*await self._quota.list(), *await self._volumes.list()})

    async def delete(self, project_id: str) -> None:
        """Remove a project's workspace, of whichever kind. No error when it is gone."""
        await self._quota.delete(project_id)
        await self._volumes.delete(project_id)
