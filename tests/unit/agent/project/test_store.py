import json
import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.events import EventLog
from sandbox_image.agent.http import decode
from sandbox_image.agent.project import ProjectStore
from sandbox_image.agent.project.folder import Folder, Signature
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.project import (
    Edge,
    NewEdge,
    NewNode,
    Node,
    NodeKind,
    NodePatch,
    Position,
    ProjectUpdate,
    Size,
)

HERE = Position(x=0, y=0)


def add(store: ProjectStore, title: str, code: str | None = None, **more: object) -> Node:
    return store.add_node(NewNode(title=title, position=HERE, code=code, **more))  # type: ignore[arg-type]


def refused(code: ErrorCode, text: str = ""):
    return pytest.raises(AgentError, match=text or None, check=lambda error: error.code is code)


async def test_nodes_edges_and_sources_lie_in_plain_files(store: ProjectStore, tmp_path: Path):
    load = add(store, "Load", "def main() -> int:\n    return 1\n")
    clean = add(store, "Clean", "def main(x, *, window: int = 7): ...\n")
    edge = store.add_edge(NewEdge(source=load.id, target=clean.id))
    flow = json.loads((tmp_path / "flow.json").read_text())
    assert [node["title"] for node in flow["nodes"]] == ["Load", "Clean"]
    assert flow["edges"] == [{"id": edge.id, "source": load.id, "target": clean.id}]
    assert (tmp_path / "nodes/load.py").read_text() == "def main() -> int:\n    return 1\n"
    assert clean.ports.merges
    assert [setting.name for setting in clean.ports.settings] == ["window"]
    assert (tmp_path / ".aimforge/.gitignore").read_text() == "*\n"


async def test_saving_needs_the_tag_that_was_read(store: ProjectStore):
    project, etag = store.read()
    node = Node(id="a", title="A", position=HERE)
    update = ProjectUpdate(nodes=[node], edges=[], code={"a": "def main(): return 5\n"})
    with refused(ErrorCode.PRECONDITION_REQUIRED):
        store.update(update, None)
    saved, new_etag = store.update(update, etag)
    assert (saved.nodes[0].file, store.code("a")[0]) == ("nodes/a.py", b"def main(): return 5\n")
    with refused(ErrorCode.STALE):
        store.update(ProjectUpdate(nodes=[], edges=[]), etag)
    assert store.read()[1] == new_etag
    assert project.nodes == []


async def test_titles_may_be_swapped_and_each_source_follows_its_node(store: ProjectStore):
    a, b = add(store, "A", "def main(): return 'a'\n"), add(store, "B", "def main(): return 'b'\n")
    nodes = [replace(a, title="B"), replace(b, title="A")]
    store.update(ProjectUpdate(nodes=nodes, edges=[]), store.read()[1])
    assert store.code(a.id)[0] == b"def main(): return 'a'\n"
    assert store.code(b.id)[0] == b"def main(): return 'b'\n"


async def test_a_new_title_renames_the_file(store: ProjectStore, tmp_path: Path):
    node = add(store, "First try")
    patched = store.patch_node(node.id, NodePatch(title="Größe in mm"))
    assert patched.file == "nodes/größe_in_mm.py"
    assert [path.name for path in (tmp_path / "nodes").iterdir()] == ["größe_in_mm.py"]


async def test_null_clears_a_size_and_a_limit_and_what_is_left_out_stays(store: ProjectStore, tmp_path: Path):
    node = add(store, "A", size=Size(width=300, height=200))
    limited = store.patch_node(node.id, decode(b'{"timeout_sec": 5}', NodePatch))
    assert (limited.timeout_sec, limited.size) == (5, Size(width=300, height=200))
    unlimited = store.patch_node(node.id, decode(b'{"timeout_sec": null}', NodePatch))
    assert (unlimited.timeout_sec, unlimited.size) == (None, Size(width=300, height=200))
    cleared = store.patch_node(node.id, decode(b'{"size": null, "description": "as its kind"}', NodePatch))
    assert (cleared.size, cleared.description, cleared.title) == (None, "as its kind", "A")
    (written,) = json.loads((tmp_path / "flow.json").read_text())["nodes"]
    assert not {"size", "timeout_sec"} & set(written)


@pytest.mark.parametrize("field", ["title", "position", "settings", "description", "cache", "group", "files"])
def test_null_is_refused_for_what_cannot_be_cleared(field: str):
    with refused(ErrorCode.INVALID, rf"\$\.{field}"):
        decode(f'{{"{field}": null}}'.encode(), NodePatch)


async def test_a_deleted_node_can_be_brought_back_with_its_source(store: ProjectStore, tmp_path: Path):
    node = add(store, "A", "def main(): return 42\n")
    store.delete_node(node.id)
    assert not (tmp_path / node.file).exists()
    again = store.add_node(NewNode(title="A", position=HERE, id=node.id))
    assert (again.id, store.code(again.id)[0]) == (node.id, b"def main(): return 42\n")


async def test_a_file_without_a_node_is_never_overwritten(store: ProjectStore, tmp_path: Path):
    (tmp_path / "nodes").mkdir()
    (tmp_path / "nodes/load.py").write_text("mine")
    assert add(store, "Load").file == "nodes/load_2.py"
    assert (tmp_path / "nodes/load.py").read_text() == "mine"


@pytest.mark.parametrize(
    "title", ["", "  ", "a/b", "..", "a\\b", "a\nb", "a\0b", "x" * 201, "\ud800", "a\u2028b", "a\u202eb", "\u200b"]
)
async def test_titles_that_no_file_or_list_can_show_are_refused_by_field(store: ProjectStore, title: str):
    with refused(ErrorCode.INVALID) as caught:
        add(store, title)
    assert caught.value.detail["field"] == "title"
    for fine in ("x" * 200, "👩\u200d💻 می\u200cخواهم"):
        assert add(store, fine).title == fine


async def test_what_a_graph_must_not_be(store: ProjectStore):
    source = add(store, "Source", "def main(): return 1\n")
    pair = add(store, "Pair", "def main(left, right=None): return left\n")
    note = add(store, "Note", kind=NodeKind.NOTE)
    left = store.add_edge(NewEdge(source=source.id, target=pair.id, target_port="left"))
    with refused(ErrorCode.INVALID, "called 'source'"):
        add(store, "source")
    with refused(ErrorCode.INVALID, "used twice"):
        store.add_node(NewNode(title="Other", position=HERE, id=source.id))
    with refused(ErrorCode.INVALID, "no node 'gone'"):
        store.add_edge(NewEdge(source="gone", target=pair.id))
    with refused(ErrorCode.INVALID, "no input 'middle': it has left, right"):
        store.add_edge(NewEdge(source=source.id, target=pair.id, target_port="middle"))
    with refused(ErrorCode.INVALID, "no output 'rows'"):
        store.add_edge(NewEdge(source=source.id, target=pair.id, source_port="rows", target_port="right"))
    other = add(store, "Other", "def main(): return 1\n")
    with refused(ErrorCode.INVALID, "taken") as caught:
        store.add_edge(NewEdge(source=other.id, target=pair.id))
    assert caught.value.detail["taken_by"] == left.id
    with refused(ErrorCode.INVALID, "'Source' has no input"):
        store.add_edge(NewEdge(source=pair.id, target=source.id))
    with refused(ErrorCode.INVALID, "is a note"):
        store.add_edge(NewEdge(source=source.id, target=note.id))
    assert store.add_edge(NewEdge(source=other.id, target=pair.id, target_port="right")).target_port == "right"


async def test_an_id_that_could_be_a_path_is_named_as_such(store: ProjectStore):
    node = add(store, "A")
    _, etag = store.read()
    with refused(ErrorCode.INVALID, "The node id must be"):
        store.update(ProjectUpdate(nodes=[replace(node, id="../x")], edges=[]), etag)
    store.update(ProjectUpdate(nodes=[replace(node, id="x")], edges=[]), etag)


async def test_a_cycle_is_named(store: ProjectStore):
    a, b, c = (add(store, title) for title in "ABC")
    store.add_edge(NewEdge(source=a.id, target=b.id))
    store.add_edge(NewEdge(source=b.id, target=c.id))
    with refused(ErrorCode.INVALID, "cycle: ") as caught:
        store.add_edge(NewEdge(source=c.id, target=a.id))
    assert set(caught.value.detail["cycle"]) == {"A", "B", "C"}
    assert len(store.read()[0].edges) == 2


async def test_an_edge_whose_port_vanishes_is_kept_and_marked(store: ProjectStore):
    source = add(store, "Source", "def main(): return 1\n")
    target = add(store, "Target", "def main(a, b): ...\n")
    edge = store.add_edge(NewEdge(source=source.id, target=target.id, target_port="b"))
    assert store.read()[0].edges[0].broken == ""
    store.save_code(target.id, b"def main(a, c): ...\n", None)
    assert "no input 'b': it has a, c" in store.read()[0].edges[0].broken
    store.patch_node(source.id, NodePatch(description="still savable"))
    store.save_code(target.id, b"def main(a, b): ...\n", None)
    assert store.read()[0].edges == [edge]


async def test_a_source_with_a_syntax_error_is_saved_and_its_line_told(store: ProjectStore):
    node = add(store, "A")
    saved, *_ = store.save_code(node.id, b"def main(:\n", None)
    assert "line 1" in saved.ports.error
    with refused(ErrorCode.INVALID, "line 2"):
        store.save_code(node.id, b"x = 1\ny = '\xff'\n", None)
    assert store.code(node.id)[0] == b"def main(:\n"


async def test_saving_a_source_can_be_guarded(store: ProjectStore, tmp_path: Path):
    node = add(store, "A")
    _, etag = store.code(node.id)
    (tmp_path / node.file).write_text("def main(): return 'typed in a terminal'\n")
    with refused(ErrorCode.STALE):
        store.save_code(node.id, b"def main(): ...\n", etag)
    _, etag = store.code(node.id)
    store.save_code(node.id, b"def main(): ...\n", etag)


async def test_changes_from_outside_are_seen_and_announced_once(store: ProjectStore, tmp_path: Path, events: EventLog):
    node = add(store, "A", "def main(): ...\n")
    published = events.seq
    store.files_changed(["nodes/a.py"])
    assert events.seq == published
    (tmp_path / "nodes/a.py").write_text("def main(one, two): ...\n")
    assert [port.name for port in store.node(node.id).ports.inputs] == ["one", "two"]
    store.files_changed(["nodes/a.py"])
    store.files_changed(["nodes/a.py"])
    assert events.seq == published + 1
    text = (tmp_path / "flow.json").read_text()
    (tmp_path / "flow.json").write_text(text.replace('"title": "A"', '"title": "Renamed by hand"'))
    assert store.node(node.id).title == "Renamed by hand"
    published = events.seq
    store.files_changed([])
    assert events.seq == published
    store.files_changed([], overflow=True)
    assert events.seq == published + 1


async def test_a_step_is_announced_alone_and_what_changed_outside_before_it(
    store: ProjectStore, tmp_path: Path, events: EventLog
):
    node = add(store, "A", "def main(): ...\n")
    published = events.seq
    before = store.caught_up()
    assert events.seq == published
    store.patch_node(node.id, NodePatch(position=Position(x=8, y=8)))
    assert (events.seq, store.etag() != before) == (published + 1, True)
    # Nobody was told yet that a program wrote this: the next step's announcement must not be all there is of it.
    (tmp_path / "nodes/a.py").write_text("def main(one, two): ...\n")
    assert store.caught_up() == store.etag()
    assert events.seq == published + 2
    store.patch_node(node.id, NodePatch(position=HERE))
    assert events.seq == published + 3


async def test_a_saved_source_says_whether_its_node_is_all_that_was_announced(
    store: ProjectStore, tmp_path: Path, events: EventLog
):
    source = add(store, "Source", "def main(): return 1\n")
    target = add(store, "Target", "def main(a, b): ...\n")
    store.add_edge(NewEdge(source=source.id, target=target.id, target_port="b"))

    def saved(code: str) -> tuple[bool, int]:
        published = events.seq
        node, _, alone = store.save_code(target.id, code.encode(), None)
        assert node in store.read()[0].nodes
        return alone, events.seq - published

    assert saved("def main(a, b): return a\n") == (False, 0)
    assert saved("def main(a, b, c): return a\n") == (True, 1)
    assert saved("def main(a, c): return a\n") == (False, 1)  # the edge is marked
    assert saved("def main(a, c, d): return a\n") == (False, 1)  # the mark names the ports there are
    assert saved("def main(a, b): return a\n") == (False, 1)  # the mark is gone
    (tmp_path / "nodes/source.py").write_text("def main(new): return 1\n")
    assert saved("def main(a, b, c): return a\n") == (True, 2)  # what a program wrote was announced before


async def test_a_source_is_not_read_again_after_it_was_written(store: ProjectStore, monkeypatch: pytest.MonkeyPatch):
    read: list[str] = []

    def noted(path: str, limit: int) -> tuple[bytes, Signature]:
        read.append(path)
        return Folder.read(store.folder, path, limit)

    monkeypatch.setattr(store.folder, "read", noted)
    project, etag = store.read()
    code = {f"n{i}": f"def main(p{i}): ...\n" for i in range(50)}
    nodes = [Node(id=name, title=name, position=HERE) for name in code]
    saved, _ = store.update(ProjectUpdate(nodes=nodes, edges=project.edges, code=code), etag)
    assert [node.ports.inputs[0].name for node in saved.nodes] == [f"p{i}" for i in range(50)]
    assert [path for path in read if path.startswith("nodes/")] == []


async def test_a_damaged_flow_file_is_explained_and_can_be_restored(store: ProjectStore, tmp_path: Path):
    node = add(store, "A")
    (tmp_path / "flow.json").write_text("{<<<<<<< HEAD")
    with refused(ErrorCode.CONFLICT, "flow.json is damaged: it is no valid JSON") as caught:
        store.read()
    assert caught.value.detail["restorable"] is True
    project, _ = store.restore()
    assert [item.id for item in project.nodes] == [node.id]
    assert (tmp_path / ".aimforge/flow.damaged.json").read_text() == "{<<<<<<< HEAD"


@pytest.mark.parametrize("what", ["flow.json", "nodes"])
async def test_nothing_is_read_or_written_through_a_link(tmp_path: Path, what: str):
    outside, workspace = tmp_path / "outside", tmp_path / "workspace"
    (outside / "nodes").mkdir(parents=True)
    (outside / "flow.json").write_text('{"nodes": [], "edges": []}')
    workspace.mkdir()
    async with ProjectStore(workspace, EventLog()) as store:
        add(store, "Before")
        (workspace / what).rename(tmp_path / "aside")
        (workspace / what).symlink_to(outside / what)
        with refused(ErrorCode.CONFLICT, f"{what} is a symbolic link"):
            add(store, "After")
    assert list((outside / "nodes").iterdir()) == []
    assert (outside / "flow.json").read_text() == '{"nodes": [], "edges": []}'


async def test_a_fifo_in_the_place_of_a_file_does_not_stop_the_agent(store: ProjectStore, tmp_path: Path):
    node = add(store, "A")
    (tmp_path / node.file).unlink()
    os.mkfifo(tmp_path / node.file)
    with refused(ErrorCode.CONFLICT, "nodes/a.py"):
        store.code(node.id)


async def test_unknown_ids_are_not_found(store: ProjectStore):
    for call in (
        lambda: store.node("x"),
        lambda: store.code("x"),
        lambda: store.delete_node("x"),
        lambda: store.delete_edge("x"),
        lambda: store.patch_node("x", NodePatch(title="y")),
    ):
        with refused(ErrorCode.NOT_FOUND, "'x'"):
            call()
    note = add(store, "Note", kind=NodeKind.NOTE)
    with refused(ErrorCode.NOT_FOUND, "no source"):
        store.code(note.id)


async def test_an_unknown_edge_end_in_a_whole_graph_is_named(store: ProjectStore):
    update = ProjectUpdate(
        nodes=[Node(id="a", title="A", position=HERE)], edges=[Edge(id="e", source="a", target="nowhere")]
    )
    with refused(ErrorCode.INVALID, "'nowhere'"):
        store.update(update, store.read()[1])
    store.update(replace(update, edges=[]), store.read()[1])
