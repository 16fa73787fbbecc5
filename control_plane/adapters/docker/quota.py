"""Workspaces with a quota: an ext4 image a project, mounted by loop device, so that a full disk is a real ENOSPC.

::

    <folder>/<project>.json      its id and its uid
    <folder>/<project>.ext4      the file system; sparse, so it takes what is in it
    <folder>/<project>/          where it is mounted

Needs root, on the engine's machine. The image's content is written through the kernel only, never by a sandbox.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from control_plane.adapters.docker.naming import slug
from control_plane.domain.errors import SandboxFailed
from control_plane.domain.sandbox import EndReason
from control_plane.ports import SandboxSpec
from control_plane.services.unreadable import UNREADABLE

log = structlog.get_logger(__name__)

MKFS = ("mkfs.ext4", "-q", "-F", "-m", "0", "-J", "size=8", "-E")
DROP_LOST_AND_FOUND = ("debugfs", "-w", "-R", "rmdir lost+found")
"""People would ask what it is; it is dropped while nothing is mounted, by a program that follows no link."""
PROBE_BYTES = 1024 * 1024
MOUNT = ("mount", "-o", "loop,nosuid,nodev,noatime")


class Note(msgspec.Struct, frozen=True):
    """Whose a file system is: a folder's name does not tell the project's id."""

    project: str
    uid: int


class QuotaWorkspaces:
    """The file system images of one deployment, below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def ensure(self, spec: SandboxSpec) -> str:
        """Make, grow and mount the project's file system as needed, and return where it is mounted.

        It is never made smaller: what is stored may not fit. It grows at a start, or at a later one if it is still held.
        """
        mountpoint, image, note = self._paths(spec.project_id)
        if not image.exists():
            await self._make(spec, image, note)
        elif image.stat().st_size < spec.limits.disk and await self._is_free(mountpoint):
            await self._grow(image, spec.limits.disk)
        mountpoint.mkdir(mode=0o700, exist_ok=True)
        if not mountpoint.is_mount():
            await _run(*MOUNT, str(image), str(mountpoint))
        return str(mountpoint)

    def has(self, project_id: str) -> bool:
        """Tell whether a project's file system has been made."""
        return self._paths(project_id)[1].exists()

    async def list(self) -> Sequence[str]:
        """Return the project ids of all workspaces."""
        notes = [_read(path) for path in self._folder.glob("*.json")]
        return [note.project for note in notes if note is not None]

    async def delete(self, project_id: str) -> None:
        """Unmount and remove a project's file system. No error when it is gone."""
        mountpoint, image, note = self._paths(project_id)
        await self._unmount(mountpoint)
        if mountpoint.exists():
            mountpoint.rmdir()
        image.unlink(missing_ok=True)
        note.unlink(missing_ok=True)

    def _paths(self, project_id: str) -> tuple[Path, Path, Path]:
        name = slug(project_id)
        return self._folder / name, self._folder / f"{name}.ext4", self._folder / f"{name}.json"

    async def _make(self, spec: SandboxSpec, image: Path, note: Path) -> None:
        """Under another name first: what a crash leaves half made is never mounted."""
        unfinished = image.with_suffix(".new")
        _allocate(unfinished, spec.limits.disk)
        await _run(*MKFS, f"root_owner={spec.uid}:{spec.uid}", str(unfinished))
        await _run(*DROP_LOST_AND_FOUND, str(unfinished))
        _write(note, Note(spec.project_id, spec.uid))
        unfinished.rename(image)

    async def _grow(self, image: Path, size: int) -> None:
        """Unmounted: growing a mounted file system needs a right that a container or a virtual machine may lack."""
        os.truncate(image, size)
        await _run("e2fsck", "-f", "-p", str(image), accepted=(0, 1))  # 1: it made lost+found again
        await _run("resize2fs", str(image))
        await _run(*DROP_LOST_AND_FOUND, str(image))

    async def _is_free(self, mountpoint: Path) -> bool:
        """Unmount for real, so that nobody writes any more; False when somebody holds it."""
        if not await asyncio.to_thread(mountpoint.is_mount):
            return True
        try:
            await _run("umount", str(mountpoint))
        except SandboxFailed as error:
            log.warning("workspace.held", mountpoint=str(mountpoint), error=error.message)
            return False
        return True

    async def _unmount(self, mountpoint: Path) -> None:
        """Lazily: a container that just ended may hold it for a moment longer."""
        if await asyncio.to_thread(mountpoint.is_mount):
            await _run("umount", "--lazy", str(mountpoint))


async def quota_problem(folder: Path) -> str:
    """Try it: make, mount and unmount a small file system below ``folder``. Returns what is in the way; empty: nothing."""
    if os.geteuid() != 0:
        return "it needs root"
    image, mountpoint = folder / ".probe.ext4", folder / ".probe"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # noqa: ASYNC240 - an entry of ours
        mountpoint.mkdir(exist_ok=True)
        _allocate(image, PROBE_BYTES)
        await _run("mkfs.ext4", "-q", "-F", str(image))
        await _run(*MOUNT, str(image), str(mountpoint))
        await _run("umount", str(mountpoint))
    except (SandboxFailed, OSError) as error:
        return str(error)
    finally:
        image.unlink(missing_ok=True)
        if mountpoint.exists() and not mountpoint.is_mount():
            mountpoint.rmdir()
    return ""


def _read(path: Path) -> Note | None:
    """Read a note; None for one that is gone or damaged, whose workspace stays as it is."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Note)
    except (OSError, *UNREADABLE) as error:
        log.warning("workspace.note_unreadable", note=str(path), error=str(error))
        return None


def _write(path: Path, note: Note) -> None:
    """Write a note whole or not at all: a full disk would leave half of it."""
    unfinished = path.with_suffix(".note")
    unfinished.write_bytes(msgspec.json.encode(note))
    unfinished.rename(path)


def _allocate(path: Path, size: int) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    os.truncate(path, size)


async def _run(*command: str, accepted: Sequence[int] = (0,)) -> None:
    """Run a program. Raises ``SandboxFailed`` with what it printed when it ends with another code."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except FileNotFoundError as error:
        raise SandboxFailed(
            f"{command[0]} is missing, and a workspace with a quota needs it. Install e2fsprogs and mount.",
            EndReason.START_FAILED,
        ) from error
    output, _ = await process.communicate()
    if process.returncode not in accepted:
        text = output.decode(errors="replace").strip()[-500:]
        full = "no space left on device" in text.lower()
        reason = EndReason.DISK_FULL if full else EndReason.START_FAILED
        raise SandboxFailed(f"The workspace could not be made ready: {command[0]}: {text}", reason)
