"""Writing a file so that readers see the old one or the new one, and nothing else, whatever happens meanwhile."""

import ctypes
import errno
import os
import secrets
import shutil
import stat
from contextlib import AbstractContextManager, suppress
from typing import Final

from msgspec import Struct

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode

from .names import shown_path
from .tree import STATE, Parts, Tree, check_changeable, check_regular, etag_of

UPLOADS: Final = (STATE, b"uploads")
RENAME_NOREPLACE: Final = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Precondition(Struct, frozen=True):
    """What must hold for a write: ``if_match`` is an ETag, ``*`` or empty; ``must_be_new`` is ``If-None-Match: *``."""

    if_match: str = ""
    must_be_new: bool = False

    def check(self, parts: Parts, found: os.stat_result | None) -> None:
        """Raise STALE when the file is not what the writer thinks."""
        if self.must_be_new and found is not None:
            raise AgentError(ErrorCode.STALE, f"{shown_path(parts)} exists already.", etag=etag_of(found))
        if not self.if_match:
            return
        if found is None:
            raise AgentError(ErrorCode.STALE, f"{shown_path(parts)} does not exist any more.", etag="")
        if self.if_match != "*" and etag_of(found) not in {tag.strip() for tag in self.if_match.split(",")}:
            message = f"{shown_path(parts)} was changed meanwhile. Read it again and decide what to keep."
            raise AgentError(ErrorCode.STALE, message, etag=etag_of(found))


class Upload:
    """One file being written: ``write`` any number of times, then ``commit``; ``abandon`` is always called at the end.

    All methods block and are for a thread. The bytes gather in the agent's folder, on the same file system.
    """

    def __init__(self, tree: Tree, parts: Parts, precondition: Precondition) -> None:
        check_changeable(parts)
        self._tree = tree
        self._parts = parts
        self._precondition = precondition
        self._mode = _mode_of(self._check())
        self._name = secrets.token_hex(16).encode()
        with _uploads(tree) as folder:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._fd = os.open(self._name, flags, 0o600, dir_fd=folder)

    def write(self, chunks: list[bytes]) -> None:
        """Append ``chunks``. Raises OSError (ENOSPC) when the disk is full."""
        for chunk in chunks:
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(self._fd, rest) :]

    def commit(self) -> tuple[bool, os.stat_result]:
        """Put the file in its place. Returns whether it is new, and its state."""
        os.fchmod(self._fd, self._mode)
        fd, self._fd = self._fd, -1
        # Some file systems say only now that the disk is full.
        os.close(fd)
        found = self._check()
        with self._tree.parent(self._parts) as (target, name), _uploads(self._tree) as folder:
            if found is None and self._precondition.must_be_new:
                self._move_if_new(folder, target, name)
            else:
                os.rename(self._name, name, src_dir_fd=folder, dst_dir_fd=target)
            return found is None, os.stat(name, dir_fd=target, follow_symlinks=False)

    def abandon(self) -> None:
        """Leave nothing behind. After ``commit`` there is nothing to do."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        with suppress(AgentError, FileNotFoundError), _uploads(self._tree) as folder:
            os.unlink(self._name, dir_fd=folder)

    def _check(self) -> os.stat_result | None:
        with self._tree.parent(self._parts) as (folder, name):
            try:
                found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                found = None
        if found is not None:
            check_regular(self._parts, found)
        self._precondition.check(self._parts, found)
        return found

    def _move_if_new(self, source: int, target: int, name: bytes) -> None:
        try:
            rename_if_new(source, self._name, target, name)
        except FileExistsError as error:
            raise AgentError(ErrorCode.STALE, f"{shown_path(self._parts)} exists already.") from error


def rename_if_new(source: int, old: bytes, target: int, new: bytes) -> None:
    """Rename between open folders. Raises FileExistsError when there is an entry of that name."""
    if _libc.renameat2(source, old, target, new, RENAME_NOREPLACE) == 0:
        return
    number = ctypes.get_errno()
    if number == errno.EINVAL and not stat.S_ISDIR(os.stat(old, dir_fd=source, follow_symlinks=False).st_mode):
        # A file system that does not know the flag (9p, some FUSE): a hard link is as exclusive.
        os.link(old, new, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
        os.unlink(old, dir_fd=source)
        return
    raise OSError(number, os.strerror(number))


def clear_uploads(tree: Tree) -> None:
    """Remove what an agent that was killed left half written."""
    with suppress(AgentError), tree.folder((STATE,)) as state:
        shutil.rmtree(UPLOADS[1], ignore_errors=True, dir_fd=state)


def _mode_of(existing: os.stat_result | None) -> int:
    return stat.S_IMODE(existing.st_mode) if existing is not None else 0o644


def _uploads(tree: Tree) -> AbstractContextManager[int]:
    for depth in range(len(UPLOADS)):
        with tree.folder(UPLOADS[:depth]) as folder, suppress(FileExistsError):
            os.mkdir(UPLOADS[depth], 0o700, dir_fd=folder)
    return tree.folder(UPLOADS)
