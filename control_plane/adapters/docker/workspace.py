"""Workspaces as named volumes, one a project, owned by the sandbox's uid."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from control_plane.adapters.docker.engine import Engine, EngineRefused
from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL, PROJECT_LABEL, labels, volume_name
from control_plane.adapters.docker.spec import WORKSPACE, ContainerSettings
from control_plane.domain.errors import SandboxFailed
from control_plane.domain.sandbox import EndReason
from control_plane.ports import SandboxSpec


class Workspaces(Protocol):
    """Where the projects of one deployment keep their files."""

    async def ensure(self, spec: SandboxSpec) -> str:
        """Create what is missing; return the name of a volume or the path of a folder to mount."""
        ...

    async def list(self) -> Sequence[str]: ...
    async def delete(self, project_id: str) -> None: ...


class VolumeWorkspaces:
    """The volumes of one deployment."""

    def __init__(self, engine: Engine, settings: ContainerSettings) -> None:
        self._engine = engine
        self._settings = settings

    async def ensure(self, spec: SandboxSpec) -> str:
        """Create the project's volume where it is missing, make its root the sandbox's own, and return its name."""
        name = volume_name(self._settings.deployment, spec.project_id)
        volume = await self._find(name)
        fresh = volume is None
        if volume is None:
            body = {"Name": name, "Labels": labels(self._settings.deployment, spec.project_id)}
            volume = cast("dict[str, Any]", await self._engine.call("POST", "volumes/create", body=body))
        elif not self._is_ours(volume):
            raise SandboxFailed(f"The volume {name} is not ours; rename or remove it.", EndReason.START_FAILED)
        reachable = self._engine.is_local and os.geteuid() == 0 and not await self._engine.remaps_users()
        done = reachable and _own(Path(str(volume.get("Mountpoint", ""))), spec.uid)
        if not done and (fresh or spec.generation <= 1):
            await self._own_by_container(name, spec.uid)
        return name

    async def has(self, project_id: str) -> bool:
        """Tell whether a project has a volume of ours."""
        volume = await self._find(volume_name(self._settings.deployment, project_id))
        return volume is not None and self._is_ours(volume)

    async def list(self) -> Sequence[str]:
        """Return the project ids of all workspaces."""
        filters = json.dumps({"label": [f"{DEPLOYMENT_LABEL}={self._settings.deployment}"]})
        answer = await self._engine.call("GET", "volumes", params={"filters": filters})
        volumes = cast("list[dict[str, Any]]", answer.get("Volumes") or [])
        return [volume["Labels"][PROJECT_LABEL] for volume in volumes if PROJECT_LABEL in (volume.get("Labels") or {})]

    async def delete(self, project_id: str) -> None:
        """Remove a project's workspace. No error when it is gone, or when the volume of that name is not ours."""
        name = volume_name(self._settings.deployment, project_id)
        volume = await self._find(name)
        if volume is None or not self._is_ours(volume):
            return
        try:
            await self._engine.call("DELETE", f"volumes/{name}")
        except EngineRefused as error:
            if error.status != 404:
                raise

    def _is_ours(self, volume: Mapping[str, Any]) -> bool:
        found: Mapping[str, str] = volume.get("Labels") or {}
        return found.get(DEPLOYMENT_LABEL) == self._settings.deployment

    async def _find(self, name: str) -> dict[str, Any] | None:
        try:
            return await self._engine.call("GET", f"volumes/{name}")
        except EngineRefused as error:
            if error.status == 404:
                return None
            raise

    async def _own_by_container(self, name: str, uid: int) -> None:
        """Give the volume's root to the sandbox where we cannot reach it ourselves: a container with that one right does."""
        config = {
            "Image": self._settings.image,
            "User": "0:0",
            "Cmd": ["chown", "--no-dereference", f"{uid}:{uid}", WORKSPACE],
            "NetworkDisabled": True,
            "Labels": {DEPLOYMENT_LABEL: self._settings.deployment},
            "HostConfig": {
                "NetworkMode": "none",
                "ReadonlyRootfs": True,
                "CapDrop": ["ALL"],
                "CapAdd": ["CHOWN"],
                "SecurityOpt": ["no-new-privileges"],
                "Mounts": [
                    {"Type": "volume", "Source": name, "Target": WORKSPACE, "VolumeOptions": {"NoCopy": True}},
                ],
            },
        }
        created = await self._engine.call("POST", "containers/create", body=config)
        try:
            await self._engine.call("POST", f"containers/{created['Id']}/start")
            ended = await self._engine.call("POST", f"containers/{created['Id']}/wait")
            if ended["StatusCode"] != 0:
                raise SandboxFailed(f"The workspace {name} could not be made ready.", EndReason.START_FAILED)
        finally:
            await asyncio.shield(self._engine.call("DELETE", f"containers/{created['Id']}", params={"force": 1}))


def _own(mountpoint: Path, uid: int) -> bool:
    """Give a volume's root to ``uid``; False where it cannot be reached from here.

    Only the folder itself, whose parent is root's: nothing in it is looked at, and no link is followed.
    """
    if not mountpoint.is_dir():
        return False
    if mountpoint.lstat().st_uid != uid:
        os.chown(mountpoint, uid, uid, follow_symlinks=False)
    return True
