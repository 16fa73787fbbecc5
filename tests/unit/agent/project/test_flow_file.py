import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox_image.agent.project.flow_file import Damaged, Flow, decode, encode, etag_of
from sandbox_image.agent.project.names import Taken, file_for, slug
from sandbox_image.wire.project import Edge, Node, NodeKind, Position

# The same examples each time, and no limit of time for one: a busy machine must not make a test fail.
steady = settings(
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
nodes = st.lists(
    st.builds(
        Node,
        id=st.from_regex(r"\A[a-z0-9]{1,8}\Z"),
        title=st.text(min_size=1, max_size=20),
        kind=st.sampled_from([NodeKind.NOTE, NodeKind.INPUT, NodeKind.RESULT]),
        position=st.builds(Position, x=st.integers(-(10**6), 10**6), y=st.floats(-1e6, 1e6)),
        settings=st.dictionaries(st.text(), values, max_size=3),
        description=st.text(max_size=20),
    ),
    unique_by=lambda node: node.id,
    max_size=5,
)


@steady
@given(name=st.text(max_size=20), nodes=nodes)
def test_what_is_written_is_read_back_and_written_the_same(name: str, nodes: list[Node]):
    edges = [Edge(id=f"e{index}", source=node.id, target=nodes[0].id) for index, node in enumerate(nodes)]
    flow = Flow(name=name, nodes=nodes, edges=edges)
    read = decode(encode(flow))
    assert encode(read) == encode(flow)
    assert etag_of(read) == etag_of(flow)
    assert json.loads(encode(flow))["schema_version"] == 1


@steady
@given(st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()))
def test_any_other_bytes_are_damaged_or_read_never_worse(data: bytes):
    with suppress(Damaged):
        decode(data)


def test_a_change_of_one_node_changes_its_lines_alone():
    before = Flow(nodes=[Node(id=name, title=name, kind=NodeKind.NOTE, position=Position(x=0, y=0)) for name in "abc"])
    moved = Node(id="b", title="b", kind=NodeKind.NOTE, position=Position(x=5, y=0))
    after = Flow(nodes=[before.nodes[0], moved, before.nodes[2]])
    lines = zip(encode(before).splitlines(), encode(after).splitlines(), strict=True)
    assert [new for old, new in lines if old != new] == [b'      "position": {"x": 5, "y": 0}']


def test_a_file_without_version_is_migrated_and_a_newer_one_refused():
    assert decode(b'{"name": "by hand", "nodes": [], "edges": []}').schema_version == 1
    with pytest.raises(Damaged, match="version 99"):
        decode(b'{"schema_version": 99}')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"nodes": [{"id": "a", "title": "A", "position": {"x": 0, "y": 0}, "file": "../../etc/passwd"}]}', "passwd"),
        ('{"nodes": [{"id": "a", "title": "A", "position": {"x": 0, "y": 0}, "file": "nodes/../x.py"}]}', "x.py"),
        ('{"edges": [{"id": "e", "source": "a", "target": "b"}]}', "no such node"),
        ('{"nodes": [{"id": "a"}]}', "title"),
        ("[]", "no JSON object"),
    ],
)
def test_a_file_that_leads_elsewhere_is_damaged(text: str, message: str):
    with pytest.raises(Damaged, match=message):
        decode(text.encode())


@steady
@given(st.text(min_size=1, max_size=200))
def test_a_slug_is_a_short_identifier_without_path_parts(title: str):
    stem = slug(title)
    assert stem.isidentifier()
    assert len(stem.encode()) <= 102


def test_file_names_differ_even_where_case_does_not_count():
    assert file_for("Load!", Taken({"nodes/LOAD.py", "nodes/load_2.py"})) == "nodes/load_3.py"
    assert file_for("数据 清洗", Taken([])) == "nodes/数据_清洗.py"
    assert file_for("***", Taken([])) == "nodes/node.py"
    assert file_for("2 steps", Taken([])) == "nodes/n_2_steps.py"
    taken = Taken([])
    assert [file_for(title, taken) for title in ("a", "A!", "a 2", "a?")] == [
        "nodes/a.py",
        "nodes/a_2.py",
        "nodes/a_2_2.py",
        "nodes/a_3.py",
    ]
