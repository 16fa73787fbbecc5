"""Archives of a part of a project: what leaves nodes out tells nothing of them, what holds them can be added elsewhere."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.events import EventLog
from sandbox_image.agent.project import ProjectStore
from sandbox_image.agent.project.adding import add_zip
from sandbox_image.agent.project.exporting import export_zip
from sandbox_image.agent.project.importing import import_zip
from sandbox_image.agent.project.part import ids_in, only, without
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.project import NewEdge, NewNode, Node, NodeKind, NodePatch, Position
from tests.unit.agent.project.test_archives import chunks, zipped

HERE = Position(x=0, y=0)
SECRET = "the-answer-is-42"
TEST_CODE = f"def main(area):\n    assert area == 42, {SECRET!r}\n    return {{'points': 2}}\n"


def contents(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        return {name: file.read(name) for name in file.namelist()}


def exported(store: ProjectStore, *, without_: list[str] | None = None, only_: list[str] | None = None) -> bytes:
    flow = store.flow()
    part = without(flow, without_, store.folder.names("nodes")) if without_ is not None else only(flow, only_ or [])
    return b"".join(export_zip(store.folder.root, part))


@pytest.fixture
def work(store: ProjectStore) -> Node:
    return store.add_node(NewNode(title="Area", position=HERE, code="def main():\n    return 6 * 7\n"))


@pytest.fixture
def test(store: ProjectStore, work: Node) -> Node:
    node = store.add_node(NewNode(title="Test area", position=HERE, code=TEST_CODE))
    store.add_edge(NewEdge(source=work.id, target=node.id))
    return store.patch_node(node.id, NodePatch(files=["tests/expected.csv", "data/rows.csv"], timeout_sec=5))


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[ProjectStore]:
    folder = tmp_path / "other"
    folder.mkdir()
    async with ProjectStore(folder, EventLog(), name="Other") as store:
        yield store


def test_an_export_without_nodes_tells_nothing_of_them(store: ProjectStore, tmp_path: Path, work: Node, test: Node):
    store.patch_node(work.id, NodePatch(files=["data/rows.csv"]))
    for path in (
        "tests/expected.csv",
        ".git/objects/ab/cd",
        ".aimforge/cache/x",
        "nodes/__pycache__/test_area.cpython-311.pyc",
        "nodes/.test_area.py.swp",
        "nodes/test_area.py~",
        "lib/__pycache__/x.pyc",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(SECRET)
    for path in ("data/rows.csv", "nodes/helper.py", "notes.md"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("for everybody")
    archive = contents(exported(store, without_=[test.id]))
    assert sorted(archive) == [
        "data/rows.csv",
        "flow.json",
        "nodes/area.py",
        "nodes/helper.py",
        "notes.md",
        "requirements.txt",
    ]
    assert all(SECRET.encode() not in data and b"expected" not in data for data in archive.values())
    flow = json.loads(archive["flow.json"])
    assert ([node["id"] for node in flow["nodes"]], flow["edges"]) == ([work.id], [])
    # The control: everything but the agent's own folder is in a whole export.
    whole = contents(b"".join(export_zip(tmp_path)))
    assert SECRET.encode() in whole["nodes/test_area.py"]
    assert not [path for path in whole if path.startswith(".aimforge")]


def test_a_hidden_source_that_is_renamed_meanwhile_is_not_exported(store: ProjectStore, test: Node):
    part = without(store.flow(), [test.id], store.folder.names("nodes"))
    store.patch_node(test.id, NodePatch(title="Renamed"))
    archive = contents(b"".join(export_zip(store.folder.root, part)))
    assert sorted(archive) == ["flow.json", "nodes/area.py", "requirements.txt"]


def test_unknown_nodes_and_no_nodes_are_refused(store: ProjectStore, test: Node):
    for ids in (["gone"], [test.id, "gone"]):
        with pytest.raises(AgentError, match="'gone'") as caught:
            without(store.flow(), ids, [])
        assert caught.value.code is ErrorCode.NOT_FOUND
    with pytest.raises(AgentError, match="separated by commas"):
        ids_in(",")
    assert ids_in("a,b") == ["a", "b"]


async def test_nodes_are_added_where_the_rest_went(
    store: ProjectStore, tmp_path: Path, test: Node, other: ProjectStore
):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/expected.csv").write_text("42\n")
    await import_zip(other, chunks(exported(store, without_=[test.id])), "")
    (other.folder.root / "tests").mkdir()
    (other.folder.root / "tests/expected.csv").write_text("forged\n")
    archive = exported(store, only_=[test.id])
    assert sorted(contents(archive)) == ["flow.json", "nodes/test_area.py", "tests/expected.csv"]
    added = await add_zip(other, chunks(archive), "ada")
    assert (added.left_out, [node.id for node in added.nodes]) == ([], [test.id])
    project, theirs = other.read()[0], store.read()[0]
    assert [replaced.id for replaced in project.nodes] == [node.id for node in theirs.nodes]
    assert (project.edges, other.node(test.id)) == (theirs.edges, store.node(test.id))
    assert other.code(test.id)[0].decode() == TEST_CODE
    assert (other.folder.root / "tests/expected.csv").read_text() == "42\n"
    assert (other.folder.root / ".aimforge/before-import/tests/expected.csv").read_text() == "forged\n"
    before = other.read()
    with pytest.raises(AgentError, match="already") as caught:
        await add_zip(other, chunks(archive), "ada")
    assert caught.value.code is ErrorCode.CONFLICT
    assert other.read() == before


async def test_names_that_are_taken_get_a_number(store: ProjectStore, test: Node, work: Node, other: ProjectStore):
    await import_zip(other, chunks(exported(store, without_=[test.id])), "")
    other.add_node(NewNode(title="test AREA", position=HERE, code="def main(x): ...\n"))
    added = await add_zip(other, chunks(exported(store, only_=[test.id])), "")
    assert [(node.title, node.file) for node in added.nodes] == [("Test area 2", "nodes/test_area_2.py")]
    assert other.code(test.id)[0].decode() == TEST_CODE
    assert len(other.read()[0].edges) == 1


async def test_edges_that_cannot_be_are_left_out_and_told(
    store: ProjectStore, test: Node, work: Node, other: ProjectStore
):
    second = store.add_node(NewNode(title="Second", position=HERE, code="def main(a, b):\n    return a\n"))
    store.add_edge(NewEdge(source=work.id, target=second.id, target_port="a"))
    store.add_edge(NewEdge(source=test.id, target=second.id, target_port="b"))
    archive = exported(store, only_=[test.id, second.id])
    added = await add_zip(other, chunks(archive), "")  # nobody handed the first node in
    assert [(left.edge.source, left.edge.target) for left in added.left_out] == [
        (work.id, test.id),
        (work.id, second.id),
    ]
    assert all("is not in this project" in left.reason for left in added.left_out)
    assert [(edge.source, edge.target) for edge in added.edges] == [(test.id, second.id)]


async def test_an_output_that_is_gone_leaves_its_edge_out(
    store: ProjectStore, test: Node, work: Node, other: ProjectStore
):
    await import_zip(other, chunks(exported(store, without_=[test.id])), "")
    two = b"from typing import NamedTuple\n\n\nclass Two(NamedTuple):\n    a: int\n    b: int\n\n\n"
    other.save_code(work.id, two + b"def main() -> Two:\n    return Two(1, 2)\n", None)
    added = await add_zip(other, chunks(exported(store, only_=[test.id])), "")
    assert (added.edges, len(added.nodes)) == ([], 1)
    assert added.left_out[0].reason == "'Area' has no output 'output': it has a, b."


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"readme.txt": "hello"}, "holds no flow.json"),
        ({"flow.json": "{"}, "no valid JSON"),
        ({"flow.json": '{"nodes": [], "edges": []}', "../evil": "x"}, "leads out"),
        (
            {"flow.json": '{"nodes": [{"id": "n", "title": "N", "position": {"x": 0, "y": 0}, "file": "nodes/n.py"}]}'},
            "is not in the archive",
        ),
        (
            {
                "flow.json": '{"nodes": [{"id": "a b", "title": "N", "position": {"x": 0, "y": 0}, "file": "nodes/n.py"}]}',
                "nodes/n.py": "def main(): ...",
            },
            "node id",
        ),
        ({"flow.json": '{"nodes": [], "edges": []}', "line\nbreak": "x"}, "must not have"),
    ],
)
async def test_a_hostile_archive_adds_nothing(store: ProjectStore, tmp_path: Path, files: dict[str, str], message: str):
    before = store.read()
    with pytest.raises(AgentError, match=message):
        await add_zip(store, chunks(zipped(files)), "")
    assert store.read() == before
    assert not [path for path in (tmp_path / ".aimforge").iterdir() if path.name.startswith("import-")]


async def test_a_link_in_the_way_of_a_file_is_refused(
    store: ProjectStore, tmp_path: Path, test: Node, other: ProjectStore
):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/expected.csv").write_text("42\n")
    outside = tmp_path / "outside"
    outside.mkdir()
    (other.folder.root / "tests").symlink_to(outside)
    archive = exported(store, only_=[test.id])
    with pytest.raises(AgentError, match="symbolic link"):
        await add_zip(other, chunks(archive), "")
    assert (list(outside.iterdir()), other.read()[0].nodes) == ([], [])
    (other.folder.root / "tests").unlink()
    assert (await add_zip(other, chunks(archive), "")).nodes[0].id == test.id


def test_a_group_that_is_left_out_holds_nothing_any_more(store: ProjectStore):
    group = store.add_node(NewNode(title="Frame", position=HERE, kind=NodeKind.GROUP))
    inside = store.add_node(NewNode(title="Inside", position=HERE, code="def main(): ...\n", group=group.id))
    flow = json.loads(contents(exported(store, without_=[group.id]))["flow.json"])
    assert [(node["id"], node.get("group", "")) for node in flow["nodes"]] == [(inside.id, "")]
