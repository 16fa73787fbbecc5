"""Streams the project's folder as a zip archive, without a copy on disk or in memory."""

import os
import stat
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import KIB, MAX_UPLOAD, MIB

from .archive import MAX_ENTRIES, UNWANTED
from .flow_file import FLOW_FILE
from .folder import STATE_FOLDER
from .part import Part

_CHUNK: Final = 256 * KIB
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)


def export_zip(root: Path, part: Part | None = None) -> Iterator[bytes]:
    """The archive piece by piece. The agent's own folder is left out; links and devices are, since they lead elsewhere.

    With ``part``, its graph and its files only. For a thread: it reads files. A file that disappears meanwhile is left
    out, one that changes is taken as it is read, no further than it went at first. It can be imported whatever files
    are called: ``packable`` says what their names become.
    """
    sink = _Sink()
    with ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=1) as packer:
        if part is not None:
            packer.writestr(_graph_entry(len(part.flow)), part.flow)
        for path, packed_path, descriptor in _files(os.open(root, _FOLDER), "", ""):
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                if part is not None and (path == FLOW_FILE or not part.takes(path)):
                    continue
                entry = _entry(packed_path, os.fstat(descriptor))
                left = entry.file_size
                with packer.open(entry, "w", force_zip64=left >= 1 << 31) as packed:
                    while chunk := file.read(min(_CHUNK, left)):
                        left -= len(chunk)
                        packed.write(chunk)
                        yield from sink.taken()
            yield from sink.taken()
    yield from sink.taken()


def check_importable(root: Path, part: Part | None = None) -> None:
    """Raise TOO_LARGE when what would be exported now could not be imported. For a thread: it looks at files."""
    count = total = largest = 0
    name = ""
    for path, _, descriptor in _files(os.open(root, _FOLDER), "", ""):
        size = os.fstat(descriptor).st_size
        os.close(descriptor)
        if part is not None and not part.takes(path):
            continue
        count, total = count + 1, total + size
        if size > largest:
            largest, name = size, path
        if total > MAX_UPLOAD:
            message = (
                f"The project's files come to more than {MAX_UPLOAD // MIB} MiB; {name!r} has {largest // MIB} MiB."
            )
            raise AgentError(ErrorCode.TOO_LARGE, f"{message} Delete what is not needed.", path=name)
        if count > MAX_ENTRIES:
            message = f"The project has more than {MAX_ENTRIES} files. Delete what is not needed."
            raise AgentError(ErrorCode.TOO_LARGE, message)


class _Sink:
    """A file that can only be written to, and whose bytes are taken out as they come."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, data: Any) -> int:
        self._chunks.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        return

    def close(self) -> None:
        return

    def taken(self) -> Iterator[bytes]:
        """What was written since the last call."""
        chunks, self._chunks = self._chunks, []
        if chunks:
            yield b"".join(chunks)


def packable(names: Iterable[str]) -> dict[str, str]:
    """What the files and folders of one folder are called in an archive, in the order of their names.

    Characters that an import refuses, and bytes that are no UTF-8, become ``_``. Names differ as they did: of two that
    would be one, the later gets a number in front.
    """
    packed = {name: _plain(name) for name in sorted(names)}
    taken = {name for name, plain in packed.items() if name == plain}
    numbers = Counter[str]()
    for name, plain in packed.items():
        wanted = plain
        while wanted != name and wanted in taken:
            numbers[plain] += 1
            number = str(numbers[plain] + 1)
            # In front and in place of what is there: the end of a name tells its kind, and it gets no longer.
            wanted = f"{number}{plain[len(number) :]}"
        taken.add(wanted)
        packed[name] = wanted
    return packed


def _plain(name: str) -> str:
    text = os.fsencode(name).decode(errors="surrogateescape")
    plain = "".join(
        "_" if character in UNWANTED or "\ud800" <= character <= "\udfff" else character for character in text
    )
    # At the top, an import takes it for the name of a drive.
    return f"{plain[:-1]}_" if plain.endswith(":") else plain


def _files(folder: int, prefix: str, packed_prefix: str) -> Iterator[tuple[str, str, int]]:
    """Path, path in the archive and descriptor of regular files below ``folder``, in the order of their names. Closes ``folder``."""
    try:
        with os.scandir(folder) as entries:
            names = packable(entry.name for entry in entries)
        for name, packed in names.items():
            path, packed_path = f"{prefix}{name}", f"{packed_prefix}{packed}"
            if path == STATE_FOLDER:
                continue
            try:
                kind = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
                if stat.S_ISDIR(kind):
                    yield from _files(os.open(name, _FOLDER, dir_fd=folder), f"{path}/", f"{packed_path}/")
                elif stat.S_ISREG(kind):
                    yield path, packed_path, os.open(name, _FILE, dir_fd=folder)
            except (FileNotFoundError, PermissionError, NotADirectoryError):
                continue
    finally:
        os.close(folder)


def _entry(path: str, status: os.stat_result) -> ZipInfo:
    entry = ZipInfo.from_file(os.devnull, path, strict_timestamps=False)
    entry.date_time = _date(status.st_mtime)
    entry.external_attr = (stat.S_IFREG | (0o755 if status.st_mode & 0o100 else 0o644)) << 16
    entry.compress_type = ZIP_DEFLATED
    entry.file_size = status.st_size
    return entry


def _graph_entry(size: int) -> ZipInfo:
    entry = ZipInfo(FLOW_FILE, _EARLIEST)
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    entry.compress_type = ZIP_DEFLATED
    entry.file_size = size
    return entry


def _date(modified: float) -> tuple[int, int, int, int, int, int]:
    date = time.gmtime(modified) if 0 <= modified < 1 << 32 else None
    if date is None or not 1980 <= date.tm_year <= 2107:
        return _EARLIEST
    return date.tm_year, date.tm_mon, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec
