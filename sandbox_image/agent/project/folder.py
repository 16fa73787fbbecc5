"""Reading and writing below the project's folder without ever leaving it.

A tenant may replace any file or folder by a symbolic link at any moment. So paths are walked part by part with
descriptors, and no link is followed: a link in a place that the project needs is refused by name.
"""

import errno
import os
import secrets
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode

STATE_FOLDER: Final = ".aimforge"
"""The agent's own folder, ignored by git and left out of exports."""

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Not blocking: opening a FIFO that somebody put there would wait for its writer.
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Signature(Struct, frozen=True):
    """Tells two contents of a file apart without reading them."""

    inode: int
    size: int
    modified_ns: int


class Folder:
    """The project's folder. Paths are relative, with ``/`` between parts; missing files raise ``FileNotFoundError``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def signature(self, path: str) -> Signature | None:
        """The signature of a regular file, None when there is none. Raises CONFLICT for anything else at ``path``."""
        try:
            with self._parent(path) as (parent, name):
                return _signature(os.stat(name, dir_fd=parent, follow_symlinks=False), path)
        except FileNotFoundError:
            return None

    def signatures(self, folder: str) -> dict[str, Signature]:
        """The signatures of the regular files in a folder, by name: one look instead of one for each. None where it is missing."""
        try:
            with self._parent(f"{folder}/x") as (parent, _), os.scandir(parent) as entries:
                found = {entry.name: entry.stat(follow_symlinks=False) for entry in entries}
        except FileNotFoundError:  # the folder, or a file that went while they were looked at
            return {}
        return {name: _signature(status, name) for name, status in found.items() if stat.S_ISREG(status.st_mode)}

    def read(self, path: str, limit: int) -> tuple[bytes, Signature]:
        """A regular file's bytes. Raises TOO_LARGE above ``limit``, CONFLICT for anything that is no regular file."""
        with self._parent(path) as (parent, name), _open(name, _READ, parent, path) as descriptor:
            signature = _signature(os.fstat(descriptor), path)
            if signature.size > limit:
                raise AgentError(
                    ErrorCode.TOO_LARGE, f"{path} is larger than {limit} bytes, the limit here.", path=path
                )
            data = bytearray()
            while len(data) <= limit and (chunk := os.read(descriptor, 1 << 20)):
                data += chunk
            return bytes(data[:limit]), signature

    def write(self, path: str, data: bytes) -> Signature:
        """Replace a file in one step: readers see the old bytes or the new ones. Makes the folders above it."""
        # Written aside, in a folder that nobody watches, so that no one sees the temporary name come and go.
        temporary = f"{STATE_FOLDER}/{secrets.token_hex(8)}.tmp"
        with self._parent(path, make=True) as (parent, name), self._parent(temporary, make=True) as (aside, new):
            self._refuse_odd(parent, name, path)
            try:
                with os.fdopen(os.open(new, _CREATE, 0o644, dir_fd=aside), "wb") as file:
                    file.write(data)
                    file.flush()
                    signature = _signature(os.fstat(file.fileno()), path)
                os.rename(new, name, src_dir_fd=aside, dst_dir_fd=parent)
            except BaseException:
                _remove(new, aside)
                raise
            return signature

    def move(self, source: str, target: str) -> None:
        """Rename a file. A missing source is no error; an existing target is replaced."""
        with self._parent(source) as (old, old_name), self._parent(target, make=True) as (new, new_name):
            try:
                os.rename(old_name, new_name, src_dir_fd=old, dst_dir_fd=new)
            except FileNotFoundError:
                return

    def remove(self, path: str) -> None:
        """Delete a file or a link; a missing one is no error."""
        try:
            with self._parent(path) as (parent, name):
                _remove(name, parent)
        except FileNotFoundError:
            return

    def make(self, path: str) -> None:
        """Make the folder ``path`` and those above it, where they are missing."""
        with self._parent(f"{path}/x", make=True):
            pass

    def names(self, path: str = "") -> list[str]:
        """Names in a folder, none when it is missing."""
        try:
            with self._parent(f"{path}/x" if path else "x") as (parent, _), os.scandir(parent) as entries:
                return sorted(entry.name for entry in entries)
        except FileNotFoundError:
            return []

    @contextmanager
    def _parent(self, path: str, *, make: bool = False) -> Generator[tuple[int, str]]:
        """The descriptor of the folder that holds ``path``, and the last part of the path."""
        *folders, name = parts_of(path)
        descriptor = os.open(self.root, _FOLDER)
        try:
            for index, folder in enumerate(folders):
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(folder, 0o755, dir_fd=descriptor)
                with _refusing(path="/".join(folders[: index + 1])):
                    below = os.open(folder, _FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor, name
        finally:
            os.close(descriptor)

    @staticmethod
    def _refuse_odd(parent: int, name: str, path: str) -> None:
        try:
            _signature(os.stat(name, dir_fd=parent, follow_symlinks=False), path)
        except FileNotFoundError:
            return


def parts_of(path: str) -> list[str]:
    """The parts of a relative path. Raises INVALID for one that could lead elsewhere."""
    parts = path.split("/")
    if any(part in {"", ".", ".."} or "\0" in part for part in parts):
        raise AgentError(ErrorCode.INVALID, f"{path!r} is no path below the project's folder.", path=path)
    return parts


def _signature(status: os.stat_result, path: str) -> Signature:
    if not stat.S_ISREG(status.st_mode):
        raise _odd(path, "symbolic link" if stat.S_ISLNK(status.st_mode) else "folder or device")
    return Signature(status.st_ino, status.st_size, status.st_mtime_ns)


@contextmanager
def _open(name: str, flags: int, parent: int, path: str) -> Generator[int]:
    with _refusing(path):
        descriptor = os.open(name, flags, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _refusing(path: str) -> Generator[None]:
    """Turn the kernel's refusal of a link, or of something that is no folder, into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise _odd(path, "symbolic link or no folder") from error
        if error.errno == errno.ENXIO:
            raise _odd(path, "device") from error
        raise


def _odd(path: str, what: str) -> AgentError:
    message = f"{path} is a {what}; the project needs a plain file or folder there. Move it away to go on."
    return AgentError(ErrorCode.CONFLICT, message, path=path)


def _remove(name: str, parent: int) -> None:
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return
