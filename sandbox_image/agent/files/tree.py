"""The workspace as a tree of open folders: no path is ever resolved by the kernel beyond one name.

Every step opens one name below an open folder and follows no link. A program in the sandbox may swap a folder for a link
at any moment; what was opened stays what it was.
"""

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.files import Entry, EntryKind

from .names import shown, shown_path

Parts = tuple[bytes, ...]
STATE: Final = b".aimforge"
"""The agent's own folder: readable when asked for by name, never changed through the file calls."""
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class Tree:
    """The workspace. ``close`` lets go of it."""

    def __init__(self, workspace: Path) -> None:
        self._root = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of the workspace."""
        os.close(self._root)

    @contextmanager
    def folder(self, parts: Parts) -> Generator[int]:
        """An open folder. Raises NOT_FOUND, or CONFLICT when a name on the way is no folder."""
        current = os.dup(self._root)
        try:
            for depth, part in enumerate(parts):
                with _named(parts[: depth + 1]):
                    following = os.open(part, _FOLDER, dir_fd=current)
                os.close(current)
                current = following
            yield current
        finally:
            os.close(current)

    @contextmanager
    def parent(self, parts: Parts) -> Generator[tuple[int, bytes]]:
        """The open folder that holds an entry, and the entry's name in it."""
        if not parts:
            raise AgentError(ErrorCode.FORBIDDEN, "The workspace's own folder cannot be changed; name something in it.")
        with self.folder(parts[:-1]) as folder, _named(parts):
            yield folder, parts[-1]

    def open_file(self, parts: Parts) -> tuple[int, os.stat_result]:
        """An open regular file, for reading. Raises CONFLICT for anything else."""
        with self.parent(parts) as (folder, name):
            # Looked at first, since opening a device can do something.
            check_regular(parts, os.stat(name, dir_fd=folder, follow_symlinks=False))
            fd = os.open(name, _FILE, dir_fd=folder)
        try:
            found = os.fstat(fd)
            check_regular(parts, found)
        except BaseException:
            os.close(fd)
            raise
        return fd, found

    def entry(self, parts: Parts) -> Entry:
        """What lies at a path."""
        with self.parent(parts) as (folder, name):
            return describe(parts, os.stat(name, dir_fd=folder, follow_symlinks=False))


def describe(parts: Parts, found: os.stat_result) -> Entry:
    """An entry as clients see it."""
    return Entry(
        name=shown(parts[-1]),
        path=shown_path(parts),
        kind=kind_of(found.st_mode),
        size=found.st_size if stat.S_ISREG(found.st_mode) else 0,
        modified=found.st_mtime,
        etag=etag_of(found),
    )


def kind_of(mode: int) -> EntryKind:
    """What an entry with this mode is."""
    if stat.S_ISREG(mode):
        return EntryKind.FILE
    if stat.S_ISDIR(mode):
        return EntryKind.FOLDER
    return EntryKind.SYMLINK if stat.S_ISLNK(mode) else EntryKind.SPECIAL


def etag_of(found: os.stat_result) -> str:
    """Changes with each write and each replacement."""
    return f'"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"'


def check_regular(parts: Parts, found: os.stat_result) -> None:
    """Raise CONFLICT for what is no regular file."""
    if not stat.S_ISREG(found.st_mode):
        what = {
            EntryKind.FOLDER: "a folder",
            EntryKind.SYMLINK: "a symbolic link, and links are not followed",
        }.get(kind_of(found.st_mode), "a device, a pipe or a socket, which are not opened")
        raise AgentError(ErrorCode.CONFLICT, f"{shown_path(parts)} is {what}.")


def check_changeable(parts: Parts) -> None:
    """Raise FORBIDDEN for what belongs to the agent."""
    if parts[:1] == (STATE,):
        raise AgentError(ErrorCode.FORBIDDEN, f"{shown(STATE)} belongs to the agent and is not changed by hand.")


_SENTENCES: Final = {
    errno.ENOENT: (ErrorCode.NOT_FOUND, "does not exist"),
    errno.ENOTDIR: (ErrorCode.CONFLICT, "is not a folder, or is a link, which is not followed"),
    errno.ELOOP: (ErrorCode.CONFLICT, "is a symbolic link, and links are not followed"),
    errno.EEXIST: (ErrorCode.CONFLICT, "exists already"),
    errno.ENOTEMPTY: (ErrorCode.CONFLICT, "is a folder that is not empty"),
    errno.EISDIR: (ErrorCode.CONFLICT, "is a folder"),
    errno.ENXIO: (ErrorCode.CONFLICT, "is a device, a pipe or a socket, which are not opened"),
    errno.EBUSY: (ErrorCode.CONFLICT, "is in use"),
    errno.EINVAL: (ErrorCode.INVALID, "cannot be put there: a folder does not go into itself"),
    errno.ENAMETOOLONG: (ErrorCode.INVALID, "has a name that is too long"),
}


@contextmanager
def _named(parts: Parts) -> Generator[None]:
    """Say which entry an operating system's refusal is about. What is not the entry's fault passes on."""
    try:
        yield
    except OSError as error:
        known = _SENTENCES.get(error.errno or 0)
        if known is None:
            raise
        raise AgentError(known[0], f"{shown_path(parts)} {known[1]}.") from error
