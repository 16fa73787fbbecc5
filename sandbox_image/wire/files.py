"""Files of the workspace. Paths are relative to it, with ``/`` between parts; bytes that are no UTF-8 are escaped."""

from dataclasses import dataclass, field
from enum import StrEnum


class EntryKind(StrEnum):
    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symlink"
    SPECIAL = "special"
    """Devices, FIFOs, sockets: listed, never opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """``name`` is safe to show; ``path`` names the entry in every call. ``modified`` is seconds since 1970."""

    name: str
    path: str
    kind: EntryKind
    size: int = 0
    modified: float = 0.0
    etag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    path: str
    entries: list[Entry] = field(default_factory=list[Entry])
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    source: str
    target: str
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFolder:
    path: str
