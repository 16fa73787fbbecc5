"""What a build of the front end consists of, as one look at its folder found it."""

import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Final, Self

PAGE: Final = "index.html"
ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
"""Best first; files of these endings beside the original are offered to browsers that take them."""
SETTLED_SEC: Final = 2.0
"""What changed within this time may change again: a build writes for seconds, and clocks of file systems are coarse."""

Stamp = tuple[int, int, int]
"""Device, inode, and time of the last change in nanoseconds: of a folder, when a name in it came, went or was replaced."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, with its compressed forms by encoding. ``lasting``: named after its content, so that it never changes."""

    path: Path
    media_type: str
    lasting: bool
    compressed: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class BuiltFrontEnd:
    """All files of a build by their path below its folder, and how its folders were when they were looked through."""

    assets: Mapping[str, Asset]
    folders: Mapping[Path, Stamp | None]
    looked_at: float

    @classmethod
    def found_in(cls, folder: Path) -> Self:
        """Look through a folder. Blocks; one that is not there, or goes meanwhile, has no files."""
        looked_at = time()
        # Before the files: what comes while these are read is seen as a change.
        folders = [folder, *(each for each in entries(folder) if each.is_dir())]
        stamps = {each: stamp_of(each) for each in folders}
        return cls(dict(assets_in(folder)), stamps, looked_at)

    def is_current(self) -> bool:
        """Tell whether its folders are as they were, and had been so for long enough."""
        return all(
            stamp_of(folder) == stamp and (stamp is None or is_settled(stamp[2] / 1e9, self.looked_at))
            for folder, stamp in self.folders.items()
        )


def is_settled(changed_at: float, now: float) -> bool:
    """Tell whether what changed then is likely to be whole now. Seconds since 1970."""
    return abs(now - changed_at) >= SETTLED_SEC


def stamp_of(folder: Path) -> Stamp | None:
    """Return the identity of a folder and of what it lists; None when there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns


def entries(folder: Path) -> list[Path]:
    """Return all that lies below a folder, in order; nothing of one that goes meanwhile."""
    try:
        return sorted(folder.rglob("*"))
    except OSError:
        return []


def assets_in(folder: Path) -> Iterator[tuple[str, Asset]]:
    """Find the files of a build. A link that leads out of its folder is none of them."""
    root = folder.resolve()
    files = {each for each in entries(folder) if each.is_file() and each.resolve().is_relative_to(root)}
    for file in sorted(files):
        if file.suffix in (".br", ".gz"):
            continue
        name = file.relative_to(folder).as_posix()
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        forms = {encoding: file.with_name(file.name + ending) for encoding, ending in ENCODINGS}
        compressed = {encoding: form for encoding, form in forms.items() if form in files}
        # The build names what is in assets/ after its content.
        yield name, Asset(file, media_type, name.startswith("assets/"), compressed)
