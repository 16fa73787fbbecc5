"""Puts byte code into wheels: ``python3 ready_wheels.py FOLDER`` writes each wheel of the folder anew, in place.

Wheels carry source alone, so the first import of pandas in a fresh environment compiles hundreds of modules. With byte
code inside, installers unpack it like any other file. It holds the hash of its source (PEP 552): unpacked files have
the times of their unpacking, and what somebody edits in ``site-packages`` must still take effect.
See docs/decisions/0023-ready-packages.md.
"""

import base64
import compileall
import csv
import hashlib
import io
import py_compile
import re
import sys
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

SKIPPED: Final = re.compile(r"/(tests?|_pyinstaller)/")
"""Folders whose modules hardly anybody imports; Python compiles those when they are."""
COMPRESSION: Final = zipfile.ZIP_STORED
"""Each new project unpacks these wheels: that takes half the processor time when they are not compressed."""


def make_ready(wheel: Path) -> int:
    """Write ``wheel`` anew with byte code of the running Python beside each module, and return how many files that are.

    A module that this Python cannot compile stays as it is. A wheel that has its byte code already is left alone.
    Raises ``zipfile.BadZipFile`` and ``KeyError`` for what is no wheel.
    """
    with zipfile.ZipFile(wheel) as archive, TemporaryDirectory(dir=wheel.parent) as scratch:
        names = archive.namelist()
        if any(name.endswith(f".{sys.implementation.cache_tag}.pyc") for name in names):
            return 0
        record = next((name for name in names if re.fullmatch(r"[^/]+\.dist-info/RECORD", name)), None)
        if record is None:
            raise KeyError(f"{wheel.name} has no RECORD, so it is no wheel.")
        compiled = _compiled(archive, Path(scratch) / "files")
        rows = list(csv.reader(io.StringIO(archive.read(record).decode())))
        rows += [[name, _digest(content), str(len(content))] for name, content in compiled.items()]
        target = Path(scratch) / "wheel"
        with zipfile.ZipFile(target, "w", COMPRESSION) as ready:
            for entry in archive.infolist():
                if entry.filename != record:
                    ready.writestr(entry, archive.read(entry), COMPRESSION)
            for name, content in compiled.items():
                ready.writestr(_entry(name), content)
            # Installers expect it at the end.
            ready.writestr(_entry(record), _lines(rows))
        target.chmod(0o644)
        target.replace(wheel)
    return len(compiled)


def _compiled(archive: zipfile.ZipFile, folder: Path) -> dict[str, bytes]:
    """Byte code of an archive's modules, by its path in the archive."""
    for name in archive.namelist():
        if name.endswith(".py") and ".data/" not in name and not SKIPPED.search(f"/{name}"):
            archive.extract(name, folder)
    compileall.compile_dir(
        folder,
        maxlevels=100,
        quiet=2,
        stripdir=str(folder),
        invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
    )
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.pyc"))}


def _digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _entry(name: str) -> zipfile.ZipInfo:
    """A plain file with a fixed time, so that equal inputs give equal wheels."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = COMPRESSION
    entry.external_attr = 0o100644 << 16
    return entry


def _lines(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def main() -> None:
    """Make the wheels of the folder on the command line ready."""
    # The largest first: one of them takes as long as all the small ones.
    wheels = sorted(Path(sys.argv[1]).glob("*.whl"), key=lambda wheel: -wheel.stat().st_size)
    with ProcessPoolExecutor() as pool:
        list(pool.map(make_ready, wheels))


if __name__ == "__main__":
    main()
