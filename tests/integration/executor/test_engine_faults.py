"""What goes wrong in the engine itself, or in its folder, stays with the node that it happens to."""

import shutil

import pytest

from sandbox_image.wire.project import Node
from sandbox_image.wire.runs import RunResult, RunStatus

from .conftest import FlowBench


def statuses(result: RunResult) -> dict[str, str]:
    return {node: found.status.value for node, found in result.nodes.items()}


async def test_what_no_path_can_be_is_told_on_its_node_and_the_next_run_works(flows: FlowBench) -> None:
    flows.graph.input_node("file", "a\0b", kind="file")
    flows.graph.code_node("reads", "def main():\n    return 1\n", files=["a\0b", "x" * 5000, "../x"])
    result = await flows.flow()
    assert statuses(result) == {"file": "failed", "reads": "succeeded"}
    assert result.nodes["file"].error is not None
    assert result.nodes["file"].error.type == "MissingInput"
    assert len(await flows.runs.freshness()) == 2
    flows.graph.input_node("file", "words")
    assert statuses(await flows.flow()) == {"file": "succeeded", "reads": "succeeded"}


async def test_a_fault_of_the_engine_itself_fails_its_node_and_nothing_else(
    flows: FlowBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    flows.graph.code_node("odd", "def main():\n    return 1\n")
    flows.graph.code_node("even", "def main():\n    return 2\n")
    source = flows.graph.source

    def broken(node: Node) -> bytes:
        if node.id == "odd":
            raise ZeroDivisionError("nobody thought of this")
        return source(node)

    monkeypatch.setattr(flows.graph, "source", broken)
    result = await flows.flow()
    assert statuses(result) == {"odd": "failed", "even": "succeeded"}
    assert result.nodes["odd"].error is not None
    assert "nobody thought of this" in result.nodes["odd"].error.message
    monkeypatch.undo()
    assert statuses(await flows.flow()) == {"odd": "succeeded", "even": "succeeded"}


async def test_the_cache_can_be_cleared_after_its_folder_was_deleted(flows: FlowBench) -> None:
    flows.graph.code_node(
        "a", "import shutil\ndef main():\n    shutil.rmtree('.aimforge')\n    return bytes(3_000_000)\n"
    )
    flows.graph.code_node("b", "def main(x):\n    return len(x)\n")
    flows.graph.link("a", "b")
    assert (await flows.flow()).status is RunStatus.SUCCEEDED
    values = flows.bench.workspace / ".aimforge" / "cache" / "values"
    shutil.rmtree(values, ignore_errors=True)
    await flows.runs.clear_cache()
    (values / "folder").mkdir()
    await flows.runs.clear_cache()
    assert not list(values.glob("folder"))
    assert (await flows.flow()).status is RunStatus.SUCCEEDED
