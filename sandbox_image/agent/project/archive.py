"""Unpacks a project's zip archive, which anybody may have made: nothing leaves the target, nothing grows without limit."""

import stat
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import KIB, MAX_UPLOAD, MIB

MAX_ENTRIES: Final = 20_000
MAX_DIRECTORY: Final = 16 * MIB
"""Bytes of the archive's directory, which is read into memory as a whole."""
MAX_DEPTH: Final = 40
MAX_PART: Final = 255
"""Bytes of one part of a path, the limit of file systems."""
UNWANTED: Final = frozenset({*map(chr, range(32)), "\x7f", "\\"})
"""Characters of no path in an archive: some programs take a backslash for a slash, and show the others as no name."""
LITTER: Final = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"})
"""What desktops put at the top of the archives that they make, beside what people meant."""
_CHUNK: Final = 256 * KIB
_END: Final = struct.Struct("<4s4H2LH")
_ENCRYPTED: Final = 0x1


def unpack(archive: Path, target: Path, max_total: int = MAX_UPLOAD) -> None:
    """Unpack into the new folder ``target``. A single folder at the top, as forges make it, is left out.

    Raises INVALID or TOO_LARGE naming the entry. What was unpacked until then stays for the caller to delete.
    """
    try:
        with archive.open("rb") as file:
            _check_directory(file)
            with ZipFile(file) as unpacker:
                entries = _checked(unpacker.infolist(), max_total)
                target.mkdir(mode=0o755)
                for path, entry in entries.items():
                    _extract(unpacker, entry, target / path)
    except (BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError) as error:
        raise _refused(f"The archive is damaged: {error}.") from error


def _check_directory(file: BinaryIO) -> None:
    """Refuse a directory that would fill the memory, before the library reads it."""
    end = file.seek(0, 2)
    tail_size = min(end, _END.size + 65535 + 20)
    file.seek(end - tail_size)
    tail = file.read(tail_size)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise _refused("This is no zip archive.")
    if tail[max(0, at - 20) :].startswith(b"PK\6\7"):
        raise _refused(f"The archive has more than {MAX_ENTRIES} entries.")
    _, _, _, _, count, size, _, _ = _END.unpack_from(tail, at)
    if count > MAX_ENTRIES or size > MAX_DIRECTORY:
        raise _refused(f"The archive has more than {MAX_ENTRIES} entries.")


def _checked(entries: Iterable[ZipInfo], max_total: int) -> dict[PurePosixPath, ZipInfo]:
    """The files to unpack by their path. The whole archive is refused for one bad entry: it was not made by us."""
    files: dict[PurePosixPath, ZipInfo] = {}
    folders: set[PurePosixPath] = set()
    total = 0
    for entry in entries:
        path = _path(entry)
        _check_kind(entry)
        if entry.is_dir():
            folders.add(path)
            continue
        if path in files:
            raise _refused(f"{entry.filename!r} is in the archive twice.", entry)
        # How well something is packed tells no bomb: zeros are packed a thousand times. What it comes to is limited, as uploads are.
        total += entry.file_size
        if total > max_total:
            raise AgentError(ErrorCode.TOO_LARGE, f"Unpacked, the archive has more than {max_total} bytes.")
        files[path] = entry
        folders.update(path.parents)
    if len(files) > MAX_ENTRIES:
        raise _refused(f"The archive has more than {MAX_ENTRIES} entries.")
    for path in folders & files.keys():
        raise _refused(f"{str(path)!r} is a file and a folder in the archive.")
    return _without_top(files)


def _path(entry: ZipInfo) -> PurePosixPath:
    name = entry.orig_filename
    parts = name.removesuffix("/").split("/")
    if not UNWANTED.isdisjoint(name):
        raise _refused(f"{name!r} in the archive has characters that a path must not have.", entry)
    if name.startswith("/") or any(part in {"", ".", ".."} for part in parts) or parts[0].endswith(":"):
        raise _refused(f"{name!r} in the archive leads out of the project's folder.", entry)
    if len(parts) > MAX_DEPTH or any(len(part.encode(errors="replace")) > MAX_PART for part in parts):
        raise _refused(f"{name[:100]!r}… in the archive is too long or too deep.", entry)
    return PurePosixPath(*parts)


def _check_kind(entry: ZipInfo) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        what = "symbolic link" if kind == stat.S_IFLNK else "device"
        raise _refused(f"{entry.filename!r} in the archive is a {what}; only files and folders are taken.", entry)
    if entry.flag_bits & _ENCRYPTED:
        raise _refused(f"{entry.filename!r} in the archive is encrypted.", entry)
    if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise _refused(f"{entry.filename!r} in the archive is packed by an unknown method; use deflate.", entry)


def _without_top(files: dict[PurePosixPath, ZipInfo]) -> dict[PurePosixPath, ZipInfo]:
    kept = {path: entry for path, entry in files.items() if path.parts[0] not in LITTER}
    single = len({path.parts[0] for path in kept}) == 1 and all(len(path.parts) > 1 for path in kept)
    return {PurePosixPath(*path.parts[1:]): entry for path, entry in kept.items()} if single else kept


def _extract(unpacker: ZipFile, entry: ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    left = entry.file_size
    with unpacker.open(entry) as packed, path.open("xb") as file:
        while chunk := packed.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise _refused(f"{entry.filename!r} is longer than the archive says.", entry)
            file.write(chunk)
    mode = (entry.external_attr >> 16) & 0o777
    path.chmod(0o755 if mode & 0o100 else 0o644)


def _refused(message: str, entry: ZipInfo | None = None) -> AgentError:
    return AgentError(ErrorCode.INVALID, message, **({"entry": entry.filename} if entry else {}))
