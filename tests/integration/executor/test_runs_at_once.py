"""Runs that meet: of one node, of a node that is edited meanwhile, of a project that changed under a page."""

import asyncio
from typing import Any

import pytest

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.project import Freshness
from sandbox_image.wire.runs import RunKind, RunRequest, RunStatus

from .conftest import FlowBench, plain_json
from .test_cancelling import DEADLINE, ended, new_files, seen, until

WAITS_FOR = """
import pathlib, time
def main(*, n: int = 0):
    print("here", flush=True)
    while not pathlib.Path(f"go{{n}}").exists():
        time.sleep(0.01)
    return {value}
"""


def start(flows: FlowBench, node_id: str, **request: Any) -> Any:
    return flows.runs.start(RunRequest(kind=RunKind.NODE, node_id=node_id, **request))


async def done(run: Any) -> Any:
    async with asyncio.timeout(DEADLINE):
        await run.done.wait()
    return run.result()


async def test_two_runs_of_one_node_have_each_their_own_result_and_end(flows: FlowBench) -> None:
    flows.graph.code_node("a", WAITS_FOR.format(value="n"))
    one, two, three = (start(flows, "a", params={"a.n": number}) for number in (1, 2, 3))
    for run in (one, two, three):
        await seen(flows, run, b'"here')
    assert flows.runs.busy() == ["run of A"] * 3
    # One is cancelled, and the others do not notice.
    assert (await ended(asyncio.ensure_future(flows.runs.cancel(two.id)))).status is RunStatus.CANCELLED
    (flows.bench.workspace / "go3").touch()
    assert plain_json((await done(three)).nodes["a"]) == 3
    (flows.bench.workspace / "go1").touch()
    assert plain_json((await done(one)).nodes["a"]) == 1
    # Both results are kept, each under its settings.
    for number in (1, 3):
        again = await flows.node("a", params={"a.n": number})
        assert (again.cached, plain_json(again)) == (True, number)


async def test_a_node_that_is_edited_while_it_runs_gives_what_it_was_and_is_stale(flows: FlowBench) -> None:
    flows.graph.code_node("a", WAITS_FOR.format(value="'old'"))
    run = start(flows, "a")
    await seen(flows, run, b'"here')
    flows.graph.code_node("a", WAITS_FOR.format(value="'new'"))
    (flows.bench.workspace / "go0").touch()
    assert plain_json((await done(run)).nodes["a"]) == "old"
    (found,) = await flows.runs.freshness()
    assert (found.state, found.reason) == (Freshness.STALE, "Its code was edited.")
    again = await flows.node("a")
    assert (again.cached, plain_json(again)) == (False, "new")


async def test_a_node_that_is_deleted_while_it_runs_comes_to_its_end(flows: FlowBench) -> None:
    flows.graph.code_node("a", WAITS_FOR.format(value="'last'"))
    flows.graph.code_node("b", "def main(x):\n    return x\n")
    flows.graph.link("a", "b")
    run = flows.runs.start(RunRequest(kind=RunKind.FLOW))
    await seen(flows, run, b'"here')
    for name in ("a", "b"):
        del flows.graph.nodes[name], flows.graph.sources[name]
    flows.graph.edges.clear()
    (flows.bench.workspace / "go0").touch()
    result = await done(run)
    assert plain_json(result.nodes["a"]) == "last"
    assert result.nodes["b"].error is not None
    assert result.nodes["b"].error.type == "MissingInput"
    assert result.status is RunStatus.FAILED


@pytest.mark.parametrize("field", ["start_node_id", "until_node_id"])
async def test_a_start_that_a_page_remembers_and_nobody_has_any_more_is_refused(flows: FlowBench, field: str) -> None:
    flows.graph.code_node("a", "def main():\n    return 1\n")
    flows.graph.code_node("b", "def main(x):\n    return x + 1\n")
    flows.graph.link("a", "b")
    await flows.flow()
    assert plain_json((await flows.flow(**{field: "b"})).nodes["b"]) == 2
    del flows.graph.nodes["b"]
    with pytest.raises(AgentError) as refused:
        await flows.flow(**{field: "b"})
    assert refused.value.code is ErrorCode.NOT_FOUND


async def test_a_start_takes_what_comes_before_as_it_last_was_or_says_what_to_run(flows: FlowBench) -> None:
    flows.graph.code_node("a", "def main():\n    return 1\n")
    flows.graph.code_node("b", "def main(x):\n    return x + 1\n")
    flows.graph.link("a", "b")
    await flows.flow()
    # Edited since, and not run: its last result still is what the next one gets.
    flows.graph.code_node("a", "def main():\n    return 10\n")
    assert plain_json((await flows.flow(start_node_id="b")).nodes["b"]) == 2
    assert {found.node_id: found.state for found in await flows.runs.freshness()}["a"] is Freshness.STALE
    # Another node in its place has no result, whatever it is called.
    del flows.graph.nodes["a"]
    flows.graph.code_node("a2", "def main():\n    return 10\n")
    flows.graph.edges.clear()
    flows.graph.link("a2", "b")
    missing = (await flows.flow(start_node_id="b")).nodes["b"]
    assert missing.error is not None
    assert (missing.error.type, "Run it first" in missing.error.message) == ("MissingInput", True)
    await flows.runs.clear_cache()
    assert (await flows.flow(start_node_id="b")).nodes["b"].status is RunStatus.FAILED
    assert plain_json((await flows.flow()).nodes["b"]) == 11


async def test_values_that_are_gone_from_the_disk_are_made_anew(flows: FlowBench) -> None:
    flows.graph.code_node("a", "def main():\n    return bytes(3_000_000)\n")
    flows.graph.code_node("b", "def main(x):\n    return len(x)\n")
    flows.graph.link("a", "b")
    await flows.flow()
    values = flows.bench.workspace / ".aimforge/cache/values"
    await until(lambda: list(values.iterdir()) and not new_files(flows.bench))
    for path in values.iterdir():
        path.unlink()
    flows.graph.code_node("b", "def main(x):\n    return len(x) + 1\n")
    assert plain_json((await flows.flow()).nodes["b"]) == 3_000_001


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Typed.n": "seven"}, None),
        ({"Typed.n": [1, {"a": None}]}, None),
        ({"Typed.n": 10**400}, None),
        ({"Typed.unknown": 1}, ErrorCode.INVALID),
        ({"Nobody": 1}, ErrorCode.INVALID),
        ({"": 1}, ErrorCode.INVALID),
        ({"Words": {"not": "text"}}, None),
    ],
)
async def test_parameters_of_a_wrong_type_reach_the_node_as_they_are_or_are_refused(
    flows: FlowBench, params: dict[str, Any], code: ErrorCode | None
) -> None:
    """A parameter's annotation is for people; the node says itself what it does not take."""
    flows.graph.code_node("typed", "def main(words, *, n: int = 1):\n    return [words, type(n).__name__, n + 1]\n")
    flows.graph.input_node("words", "text")
    flows.graph.link("words", "typed")
    if code is not None:
        with pytest.raises(AgentError) as refused:
            await flows.flow(params=params)
        assert refused.value.code is code
        return
    node = (await flows.flow(params=params)).nodes["typed"]
    if "Words" in params:
        assert plain_json(node) == [{"not": "text"}, "int", 2]
    elif isinstance(params["Typed.n"], int):
        assert node.status is RunStatus.SUCCEEDED
    else:
        assert node.error is not None
        assert (node.error.type, node.error.frames[-1].file) == ("TypeError", "nodes/typed.py")
    assert plain_json((await flows.flow()).nodes["typed"]) == ["text", "int", 2]
