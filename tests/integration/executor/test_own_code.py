"""Results depend on the code that a node reaches: modules of the project, and the classes of what it gets."""

import asyncio

from msgspec.structs import replace

from sandbox_image.wire.project import Freshness
from sandbox_image.wire.runs import RunResult

from .conftest import FlowBench, plain_json


def cached(result: RunResult) -> dict[str, bool]:
    return {node: found.cached for node, found in result.nodes.items()}


async def test_modules_count_however_they_are_reached(flows: FlowBench) -> None:
    workspace = flows.bench.workspace
    (workspace / "package").mkdir()
    (workspace / "package" / "__init__.py").write_text("from .part import K\n")
    (workspace / "package" / "part.py").write_text("K = 1\n")
    (workspace / "first.py").write_text("import second\ndef get():\n    return second.K\n")
    (workspace / "second.py").write_text("import first\nK = 1\n")
    (workspace / "nodes").mkdir()
    (workspace / "nodes" / "other.py").write_text("K = 1\n")
    flows.graph.code_node("packages", "import package\ndef main():\n    return package.K\n")
    flows.graph.code_node("chain", "def main():\n    from first import get\n    return get()\n")
    flows.graph.code_node("sibling", "from nodes.other import K\ndef main():\n    return K\n")
    await flows.flow()
    assert all(cached(await flows.flow()).values())
    for path, node in (("package/part.py", "packages"), ("second.py", "chain"), ("nodes/other.py", "sibling")):
        (workspace / path).write_text("K = 22\n")
        result = await flows.flow()
        assert cached(result) == {other: other != node for other in flows.graph.nodes}
        assert plain_json(result.nodes[node]) == 22
        assert result.nodes[node].reason == f"Files that it reads were changed: {path}."


CLASS = """
from dataclasses import dataclass

@dataclass
class Box:
    width: int

    def area(self):
        return self.width * {factor}

def main():
    return Box(2)
"""


def on_disk(flows: FlowBench, name: str, source: str) -> None:
    """A node whose source lies in its file as well, so that other nodes can import its classes."""
    flows.graph.code_node(name, source)
    (flows.bench.workspace / "nodes").mkdir(exist_ok=True)
    (flows.bench.workspace / "nodes" / f"{name}.py").write_text(source)


async def test_a_value_whose_class_was_edited_is_another_value(flows: FlowBench) -> None:
    on_disk(flows, "make", CLASS.format(factor=1))
    flows.graph.code_node("use", "def main(box):\n    return box.area()\n")
    flows.graph.link("make", "use")
    assert plain_json((await flows.flow()).nodes["use"]) == 2
    assert all(cached(await flows.flow()).values())
    on_disk(flows, "make", CLASS.format(factor=1000))
    assert plain_json((await flows.flow()).nodes["use"]) == 2000


async def test_a_result_whose_class_got_another_file_is_made_anew(flows: FlowBench) -> None:
    on_disk(flows, "make", CLASS.format(factor=1))
    flows.graph.code_node("use", "def main(box):\n    return box.area()\n")
    flows.graph.link("make", "use")
    await flows.flow()
    nodes = flows.bench.workspace / "nodes"
    (nodes / "make.py").rename(nodes / "renamed.py")
    flows.graph.nodes["make"] = replace(flows.graph.nodes["make"], title="Renamed", file="nodes/renamed.py")
    flows.graph.code_node("use", "def main(box):\n    return box.area() + 1\n")
    alone = await flows.node("use")
    assert alone.error is not None
    assert alone.error.message == "Renamed has no cached result. Run it first, or run the flow from there."
    assert next(found.state for found in await flows.runs.freshness()) is Freshness.STALE
    result = await flows.flow()
    assert cached(result) == {"make": False, "use": False}
    assert plain_json(result.nodes["use"]) == 3


async def test_an_input_that_cannot_be_read_is_named(flows: FlowBench) -> None:
    on_disk(
        flows,
        "make",
        "class Odd(Exception):\n    def __init__(self, a, b):\n        super().__init__(a)\ndef main():\n    return Odd(1, 2)\n",
    )
    flows.graph.code_node("use", "def main(found):\n    return str(found)\n")
    flows.graph.link("make", "use")
    error = (await flows.flow()).nodes["use"].error
    assert error is not None
    assert error.type == "TypeError"
    assert "while the input `found` was read" in error.message


async def test_own_modules_come_before_what_was_imported_ahead_of_time(flows: FlowBench) -> None:
    (flows.bench.workspace / "statistics.py").write_text("MINE = 1\n")
    flows.graph.code_node("mine", "import statistics\ndef main():\n    return statistics.MINE\n")
    for _ in range(3):
        assert plain_json(await flows.node("mine", use_cache=False)) == 1
        flows.bench.executor.learn(["import statistics, random"])
        zygote_has_it = "import sys\ndef main():\n    return 'statistics' in sys.modules\n"
        async with asyncio.timeout(60):
            while not plain_json(await flows.bench.run(zygote_has_it)):
                pass
