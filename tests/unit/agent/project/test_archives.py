import codecs
import io
import json
import os
import stat
import struct
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.events import EventLog
from sandbox_image.agent.project import ProjectStore
from sandbox_image.agent.project.archive import UNWANTED, unpack
from sandbox_image.agent.project.exporting import check_importable, export_zip, packable
from sandbox_image.agent.project.importing import import_zip
from sandbox_image.agent.project.part import Part
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_UPLOAD
from sandbox_image.wire.project import NewEdge, NewNode, NodeKind, Position

FLOW = '{"schema_version": 1, "name": "Imported", "nodes": [], "edges": []}'


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 1000):
        yield data[start : start + 1000]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def file_at(folder: Path, data: bytes) -> Path:
    path = folder / "archive.zip"
    path.write_bytes(data)
    return path


async def test_an_export_is_imported_as_the_same_project(store: ProjectStore, tmp_path: Path):
    load = store.add_node(NewNode(title="Load", position=Position(x=1, y=2), code="def main(): return 1\n"))
    show = store.add_node(NewNode(title="Show", position=Position(x=3, y=4), kind=NodeKind.RESULT))
    store.add_edge(NewEdge(source=load.id, target=show.id))
    (tmp_path / "data").mkdir()
    (tmp_path / "data/rows.csv").write_text("a,b\n")
    (tmp_path / "data/secret").symlink_to("/etc/passwd")
    exported = b"".join(export_zip(tmp_path))
    names = zipfile.ZipFile(io.BytesIO(exported)).namelist()
    assert names == ["data/rows.csv", "flow.json", "nodes/load.py", "requirements.txt"]

    other = tmp_path / "other"
    other.mkdir()
    async with ProjectStore(other, EventLog(), name="Other") as target:
        target.add_node(NewNode(title="Old", position=Position(x=0, y=0)))
        told: list[str] = []
        target.on_import(lambda: told.append((other / "requirements.txt").read_text()))
        project, etag = await import_zip(target, chunks(exported), "ada")
        assert told == ["matplotlib\nnumpy\npandas\n"]
        assert (project, etag) == store.read()
        assert target.code(load.id) == store.code(load.id)
    assert (other / "data/rows.csv").read_text() == "a,b\n"
    assert not (other / "nodes/old.py").exists()
    assert (other / ".aimforge/before-import/nodes/old.py").exists()
    assert not [path for path in (other / ".aimforge").iterdir() if path.name.startswith("import-")]


async def test_whatever_a_project_holds_its_export_can_be_imported(store: ProjectStore, tmp_path: Path):
    store.add_node(NewNode(title="Load", position=Position(x=1, y=2), code="def main(): return 1\n"))
    (tmp_path / "zeros.bin").write_bytes(bytes(5_000_000))
    (tmp_path / "same.csv").write_text("0,0,0\n" * 500_000)
    folder = os.fsencode(tmp_path)
    for name in (b"a\\b.txt", b"a_b.txt", b"a\nb.txt", b"line\x1b[31m", b"\xff" * 255, b"\xfe" * 255, b"C:"):
        Path(os.fsdecode(folder + b"/" + name)).write_text(repr(name))
    (tmp_path / "odd\tfolder" / "x:").mkdir(parents=True)
    (tmp_path / "odd\tfolder" / "x:" / "plain.txt").write_text("plain")
    (tmp_path / "odd_folder").write_text("file")
    os.mkfifo(tmp_path / "pipe")

    other = tmp_path / "other"
    exported = b"".join(export_zip(tmp_path))
    other.mkdir()
    async with ProjectStore(other, EventLog()) as target:
        project, _ = await import_zip(target, chunks(exported), "ada")
    assert [node.title for node in project.nodes] == ["Load"]
    assert (other / "zeros.bin").stat().st_size == 5_000_000
    assert (other / "a_b.txt").read_text() == repr(b"a_b.txt")
    assert {(other / name).read_text() for name in ("2_b.txt", "3_b.txt")} == {repr(b"a\\b.txt"), repr(b"a\nb.txt")}
    assert (other / "2dd_folder/x_/plain.txt").read_text() == "plain"
    assert len(names_in(other)) == len(names_in(tmp_path)) - len(["other", "pipe"])


async def test_what_could_not_be_imported_is_told_before_it_is_exported(store: ProjectStore, tmp_path: Path):
    with (tmp_path / "sparse.bin").open("wb") as file:
        file.truncate(8 << 40)
    with pytest.raises(AgentError, match=r"'sparse.bin' has 8388608 MiB") as caught:
        check_importable(tmp_path)
    assert caught.value.code is ErrorCode.TOO_LARGE
    check_importable(tmp_path, Part(b"{}", lambda path: path != "sparse.bin"))
    (tmp_path / "sparse.bin").unlink()
    check_importable(tmp_path)
    (tmp_path / "many").mkdir()
    for number in range(20_001):
        (tmp_path / "many" / str(number)).touch()
    with pytest.raises(AgentError, match="more than 20000 files"):
        check_importable(tmp_path)


async def test_a_file_that_grows_while_it_is_exported_ends_where_it_ended(store: ProjectStore, tmp_path: Path):
    log = tmp_path / "a.log"
    log.write_bytes(os.urandom(1_000_000))
    exported = b""
    for piece in export_zip(tmp_path):
        exported += piece
        with log.open("ab") as file:
            file.write(bytes(1_000_000))
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        assert archive.getinfo("a.log").file_size == 1_000_000


@given(st.sets(st.binary(min_size=1, max_size=4).filter(lambda name: not {0, 0x2F} & set(name)), max_size=12))
def test_files_of_different_names_are_packed_under_different_ones(raw: set[bytes]):
    names = {os.fsdecode(name) for name in raw}
    packed = packable(names)
    assert packed.keys() == names
    assert len(set(packed.values())) == len(names)
    for name, plain in packed.items():
        assert len(plain.encode()) <= len(os.fsencode(name)) + 1
        assert UNWANTED.isdisjoint(plain)


async def test_a_refused_import_changes_nothing(store: ProjectStore, tmp_path: Path):
    node = store.add_node(NewNode(title="Mine", position=Position(x=0, y=0)))
    before = store.read()
    cycle = {
        "nodes": [
            {"id": name, "title": name, "position": {"x": 0, "y": 0}, "file": f"nodes/{name}.py"} for name in "ab"
        ],
        "edges": [{"id": "1", "source": "a", "target": "b"}, {"id": "2", "source": "b", "target": "a"}],
    }
    sources = {"nodes/a.py": "def main(x): ...", "nodes/b.py": "def main(x): ..."}
    for files, message in [
        ({"flow.json": json.dumps(cycle), **sources}, "cycle"),
        ({"flow.json": "{"}, "no valid JSON"),
        ({"readme.txt": "hello"}, "neither flow.json nor structure.json"),
        ({"flow.json": FLOW, "../evil": "x"}, "leads out"),
    ]:
        with pytest.raises(AgentError, match=message):
            await import_zip(store, chunks(zipped(files)), "")
    assert store.read() == before
    assert (tmp_path / node.file).exists()
    assert not [path for path in (tmp_path / ".aimforge").iterdir() if path.name.startswith("import-")]
    project, _ = await import_zip(store, chunks(zipped({"project-main/flow.json": FLOW})), "")
    assert project.name == "Imported"


async def test_what_desktops_add_to_an_archive_and_to_a_text_is_left_out(store: ProjectStore, tmp_path: Path):
    litter = {"__MACOSX/project/._flow.json": "x", ".DS_Store": "x", "Thumbs.db": "x"}
    for flow in ("project/flow.json", "flow.json"):
        project, _ = await import_zip(store, chunks(zipped({flow: codecs.BOM_UTF8 + FLOW.encode(), **litter})), "")
        assert project.name == "Imported"
        assert names_in(tmp_path) == [".aimforge", "flow.json"]


def entry(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("../up", 0),
        ("a/../../up", 0),
        ("/etc/passwd", 0),
        ("C:/windows", 0),
        ("a\\..\\b", 0),
        ("a//b", 0),
        ("a\nb", 0),
        ("x" * 256, 0),
        ("/".join("d" * 41), 0),
        ("link", stat.S_IFLNK | 0o777),
        ("pipe", stat.S_IFIFO | 0o644),
    ],
)
def test_entries_that_lead_elsewhere_are_refused(tmp_path: Path, name: str, mode: int):
    def archive(bad: zipfile.ZipInfo) -> Path:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            file.writestr("good.txt", "x")
            file.writestr(bad, "x")
        return file_at(tmp_path, buffer.getvalue())

    with pytest.raises(AgentError) as caught:
        unpack(archive(entry(name, mode)), tmp_path / "refused")
    assert caught.value.code is ErrorCode.INVALID
    assert not (tmp_path / "refused").exists()
    unpack(archive(entry("folder/fine.txt", stat.S_IFREG | 0o644)), tmp_path / "taken")
    assert (tmp_path / "taken/folder/fine.txt").read_text() == "x"


def size_told(size: int, instead: int) -> tuple[bytes, bytes]:
    """A file's size as an archive's directory tells it, and another one."""
    return struct.pack("<L", size), struct.pack("<L", instead)


def test_bombs_are_refused_before_they_are_unpacked(tmp_path: Path):
    huge = zipped({"flow.json": FLOW, "bomb": bytes(50_000_000)}).replace(*size_told(50_000_000, MAX_UPLOAD))
    with pytest.raises(AgentError, match=f"more than {MAX_UPLOAD} bytes") as caught:
        unpack(file_at(tmp_path, huge), tmp_path / "huge")
    assert caught.value.code is ErrorCode.TOO_LARGE
    lies = zipped({"flow.json": FLOW, "bomb": bytes(50_000_000)}).replace(*size_told(50_000_000, 1000))
    with pytest.raises(AgentError, match=r"longer than the archive says|damaged"):
        unpack(file_at(tmp_path, lies), tmp_path / "lies")
    with pytest.raises(AgentError, match="more than 1000 bytes"):
        unpack(file_at(tmp_path, zipped({"a": "x" * 600, "b": "y" * 600})), tmp_path / "total", max_total=1000)
    many = zipped({f"f{number}": "" for number in range(20_001)})
    with pytest.raises(AgentError, match="more than 20000 entries"):
        unpack(file_at(tmp_path, many), tmp_path / "many")
    unpack(file_at(tmp_path, zipped({"a": "x" * 600, "b": bytes(1_000_000)})), tmp_path / "fine")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_are_there_twice_are_refused(tmp_path: Path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a", "1")
        file.writestr("a", "2")
    with pytest.raises(AgentError, match="twice"):
        unpack(file_at(tmp_path, buffer.getvalue()), tmp_path / "duplicate")
    with pytest.raises(AgentError, match="a file and a folder"):
        unpack(file_at(tmp_path, zipped({"a": "1", "a/b": "2"})), tmp_path / "both")


steady = settings(
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
VALID = zipped({"flow.json": FLOW, "data/x.bin": bytes(range(256)) * 8})


@steady
@given(st.data())
def test_a_damaged_archive_is_refused_or_unpacked_inside(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    folder = tmp_path_factory.mktemp("fuzz")
    archive = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 4))):
        archive[data.draw(st.integers(0, len(archive) - 1))] = data.draw(st.integers(0, 255))
    del archive[data.draw(st.integers(len(archive) // 2, len(archive))) :]
    with suppress(AgentError):
        unpack(file_at(folder, bytes(archive)), folder / "tree")
    assert {path.name for path in folder.iterdir()} <= {"archive.zip", "tree"}


LEGACY = {
    "project_name": "Old one",
    "project_description": "from before",
    "project_id": "p1",
    "nodes": [
        {
            "id": "1",
            "type": "start",
            "position": {"x": 10.123456789, "y": 0},
            "data": {"title": "Start", "file": "1_Start.py"},
        },
        {"id": "2", "type": "textInput", "position": {"x": 0, "y": 0}, "data": {"title": "Name", "value": "Ada"}},
        {"id": "3", "type": "custom", "position": {"x": 0, "y": 0}, "data": {"title": "Start", "file": "3_Start.py"}},
        {"id": "4", "type": "result", "position": {"x": 0, "y": 0}, "data": {"title": "Out/put"}},
        {
            "id": "5",
            "type": "markdownNote",
            "position": {"x": 0, "y": 0},
            "data": {"title": "", "value": "# Hi", "dimensions": {"width": 300, "height": 200}},
        },
    ],
    "edges": [
        {"id": "e1-3-1757259193717", "source": "1", "target": "3", "sourceHandle": "a + b", "targetHandle": "a"},
        {"id": "e1-3-1757259193718", "source": "1", "target": "3", "sourceHandle": None, "targetHandle": "b"},
        {"id": "e2-3", "source": "2", "target": "3", "sourceHandle": None, "targetHandle": None},
        {"id": "e3-4", "source": "3", "target": "4"},
    ],
}


async def test_a_project_of_the_original_system_is_translated(store: ProjectStore, tmp_path: Path):
    files: dict[str, bytes | str] = {
        "old/structure.json": codecs.BOM_UTF8 + json.dumps(LEGACY).encode(),
        "old/1_Start.py": "def main():\n    return 1\n",
        "old/3_Start.py": "def main(input_data):\n    return input_data\n",
        "old/rows.csv": "1\n",
    }
    project, _ = await import_zip(store, chunks(zipped(files)), "")
    assert [(node.id, node.title, node.kind, node.file) for node in project.nodes] == [
        ("1", "Start", "code", "nodes/start.py"),
        ("2", "Name", "input", ""),
        ("3", "Start 2", "code", "nodes/start_2.py"),
        ("4", "Out put", "result", ""),
        ("5", "Node 5", "note", ""),
    ]
    assert all(node.legacy for node in project.nodes)
    assert project.nodes[1].settings == {"input": "text", "value": "Ada"}
    assert project.nodes[4].settings == {"text": "# Hi"}
    assert [(edge.source, edge.target) for edge in project.edges] == [("1", "3"), ("2", "3"), ("3", "4")]
    assert store.code("3")[0] == b"def main(input_data):\n    return input_data\n"
    assert names_in(tmp_path) == [".aimforge", "flow.json", "nodes", "rows.csv"]
