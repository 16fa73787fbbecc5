import pickle
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sandbox_image.agent.executor.child import halves, plain, tables, values
from sandbox_image.agent.executor.child.outputs import represent
from sandbox_image.agent.executor.faults import ended
from sandbox_image.agent.executor.imports import top_level_imports
from sandbox_image.agent.executor.messages import MessageReader, Misbehaved, encode
from sandbox_image.agent.executor.values import SECOND, Value, files_of, link, unlink


def test_values_come_back_equal_with_their_buffers_outside_the_pickle(tmp_path: Path) -> None:
    value = {"a": np.arange(50_000), "b": [np.ones(3), "text"], "c": b"x" * 100_000}
    packed = values.Packed(value)
    assert packed.size > values.INLINE
    packed.write(str(tmp_path / "v"))
    assert (tmp_path / "v").read_bytes() == packed.joined()
    for found in (values.load(bytearray(packed.joined())), values.load_file(str(tmp_path / "v"))):
        assert np.array_equal(found["a"], value["a"])
        assert found["c"] == value["c"]
        found["a"][0] = 99  # a private copy: writing is allowed, and reaches nobody else
    assert values.load_file(str(tmp_path / "v"))["a"][0] == 0
    assert packed.digest() == values.Packed(value).digest()
    with pytest.raises(FileExistsError):
        packed.write(str(tmp_path / "v"))


def test_a_large_value_lies_in_two_files_and_is_mapped_as_one(tmp_path: Path) -> None:
    value = {"a": np.arange(6_000_000), "b": b"y" * 1_000_003, "c": "text"}
    packed = values.Packed(value)
    assert packed.size >= halves.SPLIT
    path = tmp_path / "v"
    packed.write(str(path))
    both = files_of(path)
    assert [file.name for file in both] == ["v", "v.second"]
    assert b"".join(file.read_bytes() for file in both) == packed.joined()
    found = values.load_file(str(path))
    assert np.array_equal(found["a"], value["a"])
    assert found["b"] == value["b"]
    found["a"][:] = 99
    assert np.array_equal(values.load_file(str(path))["a"], value["a"])
    with pytest.raises(FileExistsError):
        packed.write(str(path))
    assert len(files_of(path)) == 2


def test_of_a_large_value_that_cannot_be_written_nothing_is_left(tmp_path: Path) -> None:
    packed = values.Packed(np.zeros(6_000_000))
    in_the_way = tmp_path / "v.second"
    in_the_way.touch()
    with pytest.raises(FileExistsError):
        packed.write(str(tmp_path / "v"))
    assert list(tmp_path.iterdir()) == [in_the_way]


def test_half_a_value_is_refused(tmp_path: Path) -> None:
    packed = values.Packed(np.zeros(6_000_000))
    packed.write(str(tmp_path / "v"))
    (tmp_path / "v.second").unlink()
    with pytest.raises(ValueError, match="damaged"):
        values.load_file(str(tmp_path / "v"))


def test_both_files_of_a_value_get_another_name_and_go_together(tmp_path: Path) -> None:
    packed = values.Packed(np.arange(6_000_000))
    packed.write(str(tmp_path / "new-1"))
    for _ in range(2):  # an attempt that was cut off is made again
        link(tmp_path / "new-1", tmp_path / "digest")
        (tmp_path / "digest").unlink()
    link(tmp_path / "new-1", tmp_path / "digest")
    unlink(tmp_path / "new-1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digest", "digest.second"]
    assert values.load_file(str(tmp_path / "digest"))[-1] == 5_999_999
    unlink(tmp_path / "digest")
    unlink(tmp_path / "digest")
    assert not list(tmp_path.iterdir())


def test_agent_and_child_agree_on_the_name_of_the_second_file() -> None:
    assert halves.SECOND == SECOND


async def test_the_agent_digests_both_files(tmp_path: Path) -> None:
    packed = values.Packed(np.arange(6_000_000))
    packed.write(str(tmp_path / "v"))
    assert await Value(packed.size, path=tmp_path / "v").digest() == packed.digest()


def test_damaged_values_are_refused() -> None:
    with pytest.raises(ValueError, match="damaged"):
        values.load(bytearray(b"nope" + bytes(100)))
    with pytest.raises((pickle.UnpicklingError, EOFError)):
        values.load(bytearray(values.Packed([1, 2]).joined()[:-3]))


def test_text_is_bounded_whatever_the_value() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    for value, expected in (
        ([1, "a", (2,), {3: b"x"}, {4}, frozenset([5]), ()], "[1, 'a', (2,), {3: b'x'}, {4}, frozenset({5}), ()]"),
        (float("inf"), "inf"),
        (set(), "set()"),
    ):
        assert plain.bounded_repr(value, 1000) == (expected, False)
    assert plain.bounded_repr("x" * 10**7, 100)[1]
    assert len(plain.bounded_repr([[0] * 1000] * 1000, 100)[0]) == 100
    assert len(plain.bounded_repr(loop, 100)[0]) == 100
    assert plain.bounded_repr(10**100_000, 100)[0].startswith("<integer of")


def test_json_is_bounded_and_refuses_what_is_not_plain() -> None:
    budget = plain.Budget(100)
    assert len(plain.to_json(list(range(1000)), budget)) < 10
    assert budget.cut
    for value in (object(), {"a": {1}}, {(1, 2): 3}):
        with pytest.raises(plain.NotPlain):
            plain.to_json(value, plain.Budget(1000))
    assert plain.to_json({1: None, "b": (True, 2.0)}, plain.Budget(1000)) == {"1": None, "b": [True, 2.0]}


def test_tables_of_records_and_their_order() -> None:
    rows = [{"n": 2}, {"n": None}, {"n": 1, "x": [1]}]
    found = tables.table(rows, 100_000)
    assert found is not None
    assert found[0] == {
        "columns": [{"name": "n", "type": "int"}, {"name": "x", "type": "list"}],
        "rows": [[2, None], [None, None], [1, "[1]"]],
        "total_rows": 3,
    }
    assert [row["n"] for row in tables.ordered(rows, "n", descending=True)] == [2, 1, None]
    assert tables.table([1], 100_000) is None
    assert tables.table([], 100_000) is None


def test_outputs_drop_what_would_not_fit_an_event() -> None:
    class Huge:
        def _repr_html_(self) -> str:
            return "<p>" * 1_000_000

        def _repr_png_(self) -> bytes:
            return bytes(10**6)

    output = represent(Huge(), 256 * 1024)
    assert output["truncated"]
    assert "image/png of" in output["note"]
    assert len(output["mime"]["text/html"]) == 256 * 1024


def test_messages_are_cut_from_the_stream_and_checked() -> None:
    seen: list[tuple[str, bytes]] = []
    reader = MessageReader(lambda message, blob: seen.append((message.kind, blob)))
    data = encode({"is": "started"}) + encode({"is": "result"}, b"blob")
    for index in range(len(data)):
        reader.feed(data[index : index + 1])
    assert seen == [("started", b""), ("result", b"blob")]
    for junk in (
        b"\xff" * 8,
        encode({"is": 5}),
        encode({"values": []}),
        encode({"is": "result", "output": {"type": 1}}),
    ):
        with pytest.raises(Misbehaved):
            MessageReader(lambda message, blob: None).feed(junk)


def test_imports_to_preload() -> None:
    source = "from __future__ import annotations\nimport a.b as c, d\nfrom e.f import g\nfrom . import h\ndef main():\n    import i\n"
    assert top_level_imports(source) == {"a.b", "d", "e.f"}
    assert top_level_imports("def (") == frozenset()


def test_ends_of_processes_have_names() -> None:
    assert ended(-9, out_of_memory_kill=True).type == "OutOfMemory"
    assert ended(-9, out_of_memory_kill=False).type == "Killed"
    assert "SIGSEGV" in ended(-11, out_of_memory_kill=True).message
    assert ended(4, out_of_memory_kill=False).type == "Exited"
    assert ended(None, out_of_memory_kill=False).type == "Killed"


def test_keys_that_look_alike_are_not_lost() -> None:
    assert "application/json" not in represent({1: "a", "1": "b"}, 10_000)["mime"]
    assert represent({1: "a", "2": "b"}, 10_000)["mime"]["application/json"] == {"1": "a", "2": "b"}


def test_a_text_of_a_class_of_its_own_is_that_text() -> None:
    class Colour(str, Enum):  # noqa: UP042 the kind whose __str__ says something else
        RED = "red"

    assert represent([Colour.RED], 10_000)["mime"]["application/json"] == ["red"]


def test_an_index_that_tells_something_is_shown_and_can_be_sorted_by() -> None:
    frame = pd.DataFrame({"v": [3, 1, 2]})
    plain_table, part_table, named_table = (
        tables.table(shown, 100_000) for shown in (frame, frame[1:], frame.rename_axis("row"))
    )
    assert plain_table is not None
    assert part_table is not None
    assert named_table is not None
    assert [column["name"] for column in plain_table[0]["columns"]] == ["v"]
    assert part_table[0]["rows"] == [[1, 1], [2, 2]]
    assert [column["name"] for column in named_table[0]["columns"]] == ["row", "v"]
    assert list(tables.ordered(frame.rename_axis("row"), "row", descending=True)["v"]) == [2, 1, 3]
    assert list(tables.ordered(frame[1:], "index", descending=True)["v"]) == [2, 1]
    with pytest.raises(KeyError):
        tables.ordered(frame, "index", descending=True)


def test_one_cell_that_cannot_be_shown_does_not_hide_the_table() -> None:
    class Odd:
        def __str__(self) -> str:
            raise ValueError("no")

    found = tables.table([{"a": Odd(), "b": 1}], 100_000)
    assert found is not None
    assert found[0]["rows"] == [["<Odd>", 1]]
    assert tables.table([*[{"a": 1}] * 200, 5], 100_000) is None
