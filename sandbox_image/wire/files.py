"""Files of the workspace. Paths are relative to it, with ``/`` between parts; bytes that are no UTF-8 are escaped."""

from enum import StrEnum

from msgspec import Struct, field


class EntryKind(StrEnum):
    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symlink"
    SPECIAL = "special"
    """Devices, FIFOs, sockets: listed, never opened."""


class Entry(Struct, frozen=True, kw_only=True):
    """``name`` is safe to show; ``path`` names the entry in every call. ``modified`` is seconds since 1970."""

    name: str
    path: str
    kind: EntryKind
    size: int = 0
    modified: float = 0.0
    etag: str = ""


class Listing(Struct, frozen=True, kw_only=True):
    path: str
    entries: list[Entry] = field(default_factory=list[Entry])
    truncated: bool = False


class Rename(Struct, frozen=True, kw_only=True):
    source: str
    target: str
    overwrite: bool = False


class NewFolder(Struct, frozen=True, kw_only=True):
    path: str
