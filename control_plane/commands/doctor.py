"""``aimforge doctor``: what is missing on this machine, and the command that mends it."""

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from control_plane.domain.errors import EngineUnavailable

if TYPE_CHECKING:
    from control_plane.adapters.docker.engine import Engine
    from control_plane.settings import Settings

OLDEST_API: Final = (1, 41)
LEAST_DISK: Final = 5 * 1024**3
"""Bytes that the image, its build and a few workspaces need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. ``mend`` is the command or change that helps when it is not well."""

    what: str
    well: bool
    detail: str
    mend: str = ""

    def __str__(self) -> str:
        line = f"{'ok  ' if self.well else 'FAIL'}  {self.what:<12} {self.detail}"
        return line if self.well or not self.mend else f"{line}\n      → {self.mend}"


def doctor() -> None:
    """Look at everything that AIM-Forge needs; exits with 1 when something is missing."""
    from pydantic import ValidationError

    from control_plane.settings import Settings

    try:
        settings = Settings()
    except ValidationError as error:
        print(Finding(what="settings", well=False, detail=str(error), mend="Correct the variables named above."))
        sys.exit(1)
    if not asyncio.run(_report(settings)):
        sys.exit(1)


async def _report(settings: "Settings") -> bool:
    all_well = True
    async for finding in examine(settings):
        print(finding, flush=True)
        all_well &= finding.well
    return all_well


async def examine(settings: "Settings") -> AsyncIterator[Finding]:
    """Yield the findings one by one. What needs an engine is left out when there is none."""
    from control_plane.adapters.docker.engine import Engine

    engine = Engine(settings.docker_host or None)
    try:
        try:
            version = await engine.call("GET", "version")
        except EngineUnavailable as error:
            detail = error.message.partition(".")[0] + "."
            yield Finding(what="engine", well=False, detail=detail, mend=_engine_mending())
        else:
            yield _engine(version["Version"], version["ApiVersion"])
            yield await _image(engine, settings.image)
            yield await _runtime(engine, settings.runtime)
            yield await _limits(engine)
    finally:
        await engine.close()
    yield _data_dir(settings.data_dir)
    yield _disk(settings.data_dir)
    yield await _quota(settings)
    yield _user()
    yield _port(settings.host, settings.port)
    yield _frontend(settings.frontend_dir)


def _engine_mending() -> str:
    path = Path("/var/run/docker.sock")
    if path.exists() and not os.access(path, os.W_OK):
        return "You may not use its socket: sudo usermod -aG docker $USER, then sign in again."
    return "scripts/engine"


def _engine(version: str, api: str) -> Finding:
    number = tuple(int(part) for part in api.split("."))
    detail = f"Docker {version}, API {api}"
    return Finding(what="engine", well=number >= OLDEST_API, detail=detail, mend="Update Docker to 20.10 or newer.")


async def _image(engine: "Engine", wanted: str) -> Finding:
    from control_plane.adapters.docker.base_image import has_image
    from control_plane.adapters.docker.image import current_image

    name = wanted or current_image(os.environ.get("BASE_IMAGE") or None)
    there = await has_image(engine, name)
    if wanted:
        mend = f"docker pull {wanted}, or unset AIMFORGE_IMAGE and run: aimforge image ensure"
        return Finding(what="image", well=there, detail=name if there else f"{name} is not there", mend=mend)
    detail = name if there else f"{name} is not built"
    return Finding(what="image", well=there, detail=detail, mend="aimforge image ensure")


async def _runtime(engine: "Engine", wanted: str) -> Finding:
    found: dict[str, object] = (await engine.call("GET", "info"))["Runtimes"]
    detail = wanted or "the engine's default"
    mend = f"Add {wanted} to the engine's runtimes, or choose one of: {', '.join(sorted(found))} (AIMFORGE_RUNTIME)."
    return Finding(what="runtime", well=not wanted or wanted in found, detail=detail, mend=mend)


async def _limits(engine: "Engine") -> Finding:
    missing = await engine.unenforced()
    if not missing:
        return Finding(what="limits", well=True, detail="the engine keeps memory, cpus and pids, and can pause")
    detail = f"the engine does not enforce {', '.join(sorted(missing))}: a sandbox can take the whole machine"
    mend = "A rootless engine needs control groups of version 2, delegated to its user; see docs/operations.md."
    return Finding(what="limits", well=False, detail=detail, mend=mend)


def _data_dir(path: Path) -> Finding:
    existing = next(each for each in (path, *path.parents) if each.exists())
    try:
        # Tried, since root may write by its permissions where the file system takes nothing.
        with tempfile.TemporaryFile(dir=existing):
            well = True
    except OSError:
        well = False
    mend = f"Make {existing} writable, or set AIMFORGE_DATA_DIR to another folder."
    return Finding(what="data", well=well, detail=str(path), mend=mend)


def _disk(path: Path) -> Finding:
    existing = next(each for each in (path, *path.parents) if each.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{free / 1024**3:.1f} GiB free at {existing}"
    return Finding(
        what="disk", well=free >= LEAST_DISK, detail=detail, mend="Free some space: docker system df tells where it is."
    )


async def _quota(settings: "Settings") -> Finding:
    """Whether a full workspace is its own project's trouble alone; only a quota that was asked for can be missing."""
    from control_plane.adapters.docker.quota import quota_problem

    problem = await quota_problem(settings.data_dir / "workspaces")
    if settings.disk_quota:
        detail = f"each workspace has {settings.disk / 1024**3:.1f} GiB of its own"
        mend = "Start it as root where loop devices can be mounted, with e2fsprogs, or unset AIMFORGE_DISK_QUOTA."
        return Finding(what="quota", well=not problem, detail=f"{detail}: {problem}" if problem else detail, mend=mend)
    possible = f"cannot be had here: {problem}" if problem else "AIMFORGE_DISK_QUOTA=true would limit each"
    return Finding(what="quota", well=True, detail=f"workspaces share the disk; {possible}")


def _user() -> Finding:
    if os.geteuid() == 0:
        return Finding(what="user", well=True, detail="root: every sandbox gets a uid of its own")
    return Finding(what="user", well=True, detail="not root: a container gives each workspace to its sandbox's uid")


def _port(host: str, port: int) -> Finding:
    detail = f"{host}:{port} is free"
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            mend = "Stop what listens there, or set AIMFORGE_PORT to another port."
            return Finding(what="port", well=False, detail=f"{host}:{port}: {error.strerror}", mend=mend)
    return Finding(what="port", well=True, detail=detail)


def _frontend(path: Path) -> Finding:
    well = (path / "index.html").is_file()
    return Finding(what="front end", well=well, detail=str(path), mend="scripts/frontend")
