"""A folder as a zip archive, made while it is sent: nothing is gathered in memory or on disk."""

import os
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from sandbox_image.agent.errors import AgentError

from .names import shown_path
from .tree import STATE, Parts, Tree, kind_of

SLICE: Final = 256 * 1024
SKIPPED: Final = frozenset({b".venv", b"__pycache__", b"node_modules"})
"""Folders that can be made anew and are large; left out unless one of them is what is archived."""


class _Sink:
    """A file that cannot be sought, for ``zipfile`` to write to."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep ``data`` until ``take``."""
        self._chunks.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        """What was written since the last call."""
        data = b"".join(self._chunks)
        self._chunks.clear()
        return data


def archive(tree: Tree, parts: Parts) -> Iterator[bytes]:
    """The archive's bytes, piece by piece. Links and special files are left out, as are files that vanish meanwhile."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:  # type: ignore[arg-type]
        for path in _files(tree, parts):
            yield from _add(tree, path, len(parts), target, sink)
    yield sink.take()


def _files(tree: Tree, top: Parts) -> Iterator[Parts]:
    waiting = [top]
    while waiting:
        parts = waiting.pop()
        folders: list[Parts] = []
        # A folder below may have been removed or replaced since it was seen; the one asked for was checked before.
        with suppress(AgentError), tree.folder(parts) as folder:
            with os.scandir(folder) as found:
                names = sorted(os.fsencode(entry.name) for entry in found)
            for name in names:
                if name in SKIPPED or (not parts and name == STATE):
                    continue
                with suppress(FileNotFoundError):
                    kind = kind_of(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
                    if kind == "file":
                        yield (*parts, name)
                    elif kind == "folder":
                        folders.append((*parts, name))
        waiting += reversed(folders)


def _add(tree: Tree, parts: Parts, skip: int, target: zipfile.ZipFile, sink: _Sink) -> Iterator[bytes]:
    try:
        fd, found = tree.open_file(parts)
    except AgentError:
        return
    with os.fdopen(fd, "rb", buffering=0) as source:
        moment = time.gmtime(min(max(found.st_mtime, 315_532_800), 4_354_819_199))
        info = zipfile.ZipInfo(_member_name(parts[skip:]), moment[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = (found.st_mode & 0o777 | 0o100000) << 16
        with target.open(info, "w", force_zip64=found.st_size > 2**31 - SLICE) as member:
            # No more than it had: a log that grows would never end.
            left = found.st_size
            while left > 0 and (data := source.read(min(SLICE, left))):
                member.write(data)
                left -= len(data)
                if ready := sink.take():
                    yield ready
    yield sink.take()


def _member_name(parts: Parts) -> str:
    try:
        return b"/".join(parts).decode()
    except UnicodeDecodeError:
        # An archive's names are text.
        return shown_path(parts)
