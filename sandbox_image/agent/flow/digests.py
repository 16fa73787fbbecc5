"""Digests of everything that a result depends on."""

import hashlib
from pathlib import Path
from typing import Any, Final

import msgspec

READ: Final = 1024 * 1024


def of_bytes(data: bytes) -> str:
    """Return the digest of bytes, 32 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def of_json(value: Any) -> str:
    """Return the digest of a JSON value, in which the order of keys does not matter."""
    return of_bytes(msgspec.json.encode(value, order="sorted"))


class FileDigests:
    """Digests of files below the workspace, remembered while size and times stay the same."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._known: dict[str, tuple[tuple[int, int, int], str]] = {}

    def of(self, path: str) -> str:
        """Return the digest of a file's content, empty for what is no readable file in the workspace. Blocks."""
        try:
            target = (self._workspace / path).resolve()
            if not target.is_relative_to(self._workspace.resolve()):
                return ""
            if not target.is_file():
                return ""
            found = target.stat()
            mark = (found.st_size, found.st_mtime_ns, found.st_ino)
            known = self._known.get(path)
            if known is not None and known[0] == mark:
                return known[1]
            with target.open("rb") as file:
                digest = _of_stream(file)
        except (OSError, ValueError, RuntimeError):  # unreadable, no path at all (NUL bytes), a circle of links
            return ""
        self._known[path] = (mark, digest)
        return digest


def _of_stream(file: Any) -> str:
    state = hashlib.blake2b(digest_size=16)
    while piece := file.read(READ):
        state.update(piece)
    return state.hexdigest()
