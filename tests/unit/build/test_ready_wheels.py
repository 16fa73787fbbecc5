"""Byte code in wheels: listed as installers demand, used by imports, and never in the way of an edited source."""

import base64
import csv
import hashlib
import importlib.util
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sandbox_image.build.ready_wheels import make_ready

INFO = "alpha-1.0.dist-info"
TAG = sys.implementation.cache_tag
CHECKED_HASH = 0b11
"""Flags of a byte code file that holds the hash of its source, which each import compares."""

FILES = {
    "alpha/__init__.py": "version = 1\n",
    "alpha/deep/part.py": "def part():\n    raise ValueError\n",
    "alpha/template.py": "this is {{ no }} Python\n",
    "alpha/tests/test_alpha.py": "x = 1\n",
    "alpha-1.0.data/scripts/tool.py": "x = 1\n",
    f"{INFO}/METADATA": "Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}


def digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "alpha-1.0-py3-none-any.whl"
    rows = [[name, digest(text.encode()), len(text)] for name, text in FILES.items()]
    record = io.StringIO()
    csv.writer(record).writerows([*rows, [f"{INFO}/RECORD", "", ""]])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in FILES.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o100755 if "scripts" in name else 0o100644) << 16
            archive.writestr(entry, text)
        archive.writestr(f"{INFO}/RECORD", record.getvalue())
    return path


def imported(folder: Path, expression: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import alpha, alpha.deep.part; print({expression})"
    return subprocess.run([sys.executable, "-I", "-B", "-v", "-c", code], capture_output=True, text=True, check=True)


def test_all_files_stay_and_the_record_lists_each_with_its_hash(wheel: Path):
    assert make_ready(wheel) == 2
    assert [path.name for path in wheel.parent.iterdir()] == [wheel.name]
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        added = {f"alpha/__pycache__/__init__.{TAG}.pyc", f"alpha/deep/__pycache__/part.{TAG}.pyc"}
        assert set(names) == {*FILES, *added, f"{INFO}/RECORD"}
        assert names[-1] == f"{INFO}/RECORD"
        assert archive.getinfo("alpha-1.0.data/scripts/tool.py").external_attr >> 16 == 0o100755
        for name, text in FILES.items():
            assert archive.read(name).decode() == text
        listed = {row[0]: row[1:] for row in csv.reader(io.StringIO(archive.read(names[-1]).decode()))}
        assert listed.pop(names[-1]) == ["", ""]
        assert listed == {name: [digest(archive.read(name)), str(len(archive.read(name)))] for name in names[:-1]}
        for name in added:
            content = archive.read(name)
            source = archive.read(importlib.util.source_from_cache(name))
            assert content[:4] == importlib.util.MAGIC_NUMBER
            assert int.from_bytes(content[4:8], "little") == CHECKED_HASH
            assert content[8:16] == importlib.util.source_hash(source)


def test_imports_use_the_byte_code_until_the_source_changes(wheel: Path, tmp_path: Path):
    make_ready(wheel)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    source = tmp_path / "site/alpha/__init__.py"
    compiled = importlib.util.cache_from_source(str(source))

    used = imported(tmp_path / "site", "alpha.version, alpha.deep.part.part.__code__.co_filename, sep=':'")
    assert f"{compiled} matches {source}" in used.stderr
    assert used.stdout.strip() == f"1:{tmp_path / 'site/alpha/deep/part.py'}"

    source.write_text("version = 2\n")
    edited = imported(tmp_path / "site", "alpha.version")
    assert f"{compiled} matches {source}" not in edited.stderr
    assert edited.stdout.strip() == "2"


def test_a_ready_wheel_is_left_alone_and_what_is_no_wheel_is_refused(wheel: Path, tmp_path: Path):
    make_ready(wheel)
    ready = wheel.read_bytes()
    assert make_ready(wheel) == 0
    assert wheel.read_bytes() == ready

    other = tmp_path / "other.whl"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("other.py", "x = 1\n")
    with pytest.raises(KeyError, match=r"other\.whl has no RECORD"):
        make_ready(other)
