"""What a build of the front end consists of, as one look at its folder found it."""

import mimetypes
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from os import stat_result
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
TAG_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Form:
    """A file with the entity tag of what was in it when it was looked at.

    The tag is of the content alone: two builds, or two forms, may be as large and of the same time.
    """

    path: Path
    stamp: Stamp
    tag: str

    def is_as_found(self, now: stat_result) -> bool:
        """Tell whether the file is the one that the tag is of."""
        return stamp_in(now) == self.stamp


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, with its compressed forms by encoding. ``lasting``: named after its content, so that it never changes."""

    plain: Form
    media_type: str
    lasting: bool
    compressed: Mapping[str, Form]


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
    return stamp_in(found)


def stamp_in(found: stat_result) -> Stamp:
    """Return the identity that a look gave."""
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
        # The build names what is in assets/ after its content.
        lasting = name.startswith("assets/")
        with suppress(OSError):  # it went meanwhile
            found = {
                encoding: form_of(form, f"{encoding} {name}" if lasting else "")
                for encoding, form in forms.items()
                if form in files
            }
            yield name, Asset(form_of(file, name if lasting else ""), media_type, lasting, found)


def form_of(file: Path, content: str) -> Form:
    """Describe a file; ``content`` stands for what is in it, where that need not be read. Raises ``OSError``."""
    stamp = stamp_in(file.stat())
    digest = blake2b(content.encode() or file.read_bytes(), digest_size=TAG_BYTES)
    return Form(file, stamp, f'"{digest.hexdigest()}"')
