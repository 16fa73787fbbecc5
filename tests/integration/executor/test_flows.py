"""Flows over real processes: order, branches, failures, the cache and its reasons, partial runs, history."""

import asyncio
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.events import NodeFinished, NodeStream, RunFinished, RunStarted
from sandbox_image.wire.project import CachePolicy, Freshness, Node
from sandbox_image.wire.runs import RunKind, RunRequest, RunResult, RunStatus

from .conftest import Bench, FlowBench, plain_json

PASS = "def main(input_data):\n    return input_data\n"


def statuses(result: RunResult) -> dict[str, str]:
    return {node: found.status.value for node, found in result.nodes.items()}


def cached(result: RunResult) -> dict[str, bool]:
    return {node: found.cached for node, found in result.nodes.items()}


def diamond(flows: FlowBench) -> None:
    flows.graph.code_node("load", "def main():\n    print('loading')\n    return [3, 4]\n")
    flows.graph.code_node("least", "def main(x, *, plus: int = 0):\n    return min(x) + plus\n")
    flows.graph.code_node("most", "def main(x):\n    return max(x)\n")
    flows.graph.code_node("join", PASS)
    for source, target in (("load", "least"), ("load", "most"), ("least", "join"), ("most", "join")):
        flows.graph.link(source, target)


async def test_a_diamond_runs_and_a_merging_port_gets_a_dict_in_edge_order(flows: FlowBench) -> None:
    diamond(flows)
    result = await flows.flow()
    assert result.status is RunStatus.SUCCEEDED
    assert plain_json(result.nodes["join"]) == {"Least": 3, "Most": 4}
    assert list(plain_json(result.nodes["join"])) == ["Least", "Most"]
    assert result.nodes["load"].stdout == "loading\n"
    flows.graph.edges[2] = replace(flows.graph.edges[2], target_port="low")
    assert plain_json(await flows.node("join")) == {"low": 3, "Most": 4}
    flows.graph.edges[2] = replace(flows.graph.edges[2], target_port="Most")
    refused = (await flows.node("join")).error
    assert refused is not None
    assert refused.message.startswith("Two connections give Join a value called `Most`.")
    flows.graph.nodes["join"] = replace(flows.graph.nodes["join"], legacy=True)
    assert plain_json(await flows.node("join")) == {"least": 3, "most": 4}


async def test_a_second_run_comes_from_the_cache_with_its_output_and_edits_stop_early(flows: FlowBench) -> None:
    diamond(flows)
    first = await flows.flow()
    assert not any(cached(first).values())
    again = await flows.flow()
    assert all(cached(again).values())
    assert again.nodes["load"].stdout == "loading\n"
    assert first.run_id in again.nodes["load"].reason
    # An edited node that returns an equal value leaves what follows fresh.
    flows.graph.code_node("load", "def main():\n    return list((3, 4))\n")
    edited = await flows.flow()
    assert cached(edited) == {"load": False, "least": True, "most": True, "join": True}
    assert edited.nodes["load"].reason == "Its code was edited."
    flows.graph.nodes["least"] = replace(flows.graph.nodes["least"], settings={"plus": 5})
    changed = await flows.flow()
    assert cached(changed) == {"load": True, "least": False, "most": True, "join": False}
    assert changed.nodes["least"].reason == "Its settings were changed: plus."
    assert changed.nodes["join"].reason == "What it gets was changed: input_data from Least."
    assert plain_json(changed.nodes["join"]) == {"Least": 8, "Most": 4}
    flows.bench.environment.change("2")
    assert (await flows.flow()).nodes["load"].reason == "The packages of the environment were changed."
    assert not any(cached(await flows.flow(use_cache=False)).values())


async def test_policies_never_and_pinned(flows: FlowBench) -> None:
    flows.graph.code_node("now", "import time\ndef main():\n    return time.time_ns()\n")
    first = await flows.flow()
    flows.graph.nodes["now"] = replace(flows.graph.nodes["now"], cache=CachePolicy.NEVER)
    second = await flows.flow()
    assert plain_json(second.nodes["now"]) != plain_json(first.nodes["now"])
    flows.graph.code_node("now", "def main():\n    return 0\n", cache=CachePolicy.PINNED)
    assert plain_json((await flows.flow()).nodes["now"]) == plain_json(second.nodes["now"])


async def test_a_failure_skips_its_descendants_only(flows: FlowBench) -> None:
    diamond(flows)
    flows.graph.code_node("least", "def main(x):\n    return 1 / 0\n")
    flows.graph.code_node("after", PASS)
    flows.graph.link("most", "after")
    result = await flows.flow()
    assert result.status is RunStatus.FAILED
    assert statuses(result) == {
        "load": "succeeded", "least": "failed", "most": "succeeded", "join": "skipped", "after": "succeeded",
    }  # fmt: skip
    assert result.nodes["join"].reason == "Least did not succeed."
    error = result.nodes["least"].error
    assert error is not None
    assert [(frame.node, frame.file, frame.line) for frame in error.frames] == [("least", "nodes/least.py", 2)]


async def test_halt_on_error_starts_nothing_more(flows: FlowBench) -> None:
    flows.graph.code_node("bad", "def main():\n    return 1 / 0\n")
    flows.graph.code_node("good", "def main():\n    return 1\n")
    result = await flows.flow(halt_on_error=True, max_workers=1)
    assert statuses(result) == {"bad": "failed", "good": "skipped"}
    assert statuses(await flows.flow(max_workers=1)) == {"bad": "failed", "good": "succeeded"}


async def test_independent_nodes_run_at_the_same_time(flows: FlowBench) -> None:
    # Each waits for the other's file, so that the flow can only succeed if both are running at once.
    meet = "import pathlib, time\ndef main():\n    pathlib.Path('{0}').touch()\n    while not pathlib.Path('{1}').exists(): time.sleep(0.01)\n    return '{0}'\n"
    flows.graph.code_node("a", meet.format("a", "b"))
    flows.graph.code_node("b", meet.format("b", "a"))
    assert (await flows.flow(max_workers=2, timeout_sec=60)).status is RunStatus.SUCCEEDED


async def test_partial_runs_take_the_rest_from_the_cache_or_name_what_is_missing(flows: FlowBench) -> None:
    diamond(flows)
    early = await flows.flow(start_node_id="most")
    assert statuses(early) == {"most": "failed", "join": "skipped"}
    error = early.nodes["most"].error
    assert error is not None
    assert (error.type, error.message.startswith("Load has no cached result")) == ("MissingInput", True)
    assert statuses(await flows.flow(until_node_id="most")) == {"load": "succeeded", "most": "succeeded"}
    assert statuses(await flows.flow(until_node_id="join"))["join"] == "succeeded"
    assert set(statuses(await flows.flow(start_node_id="least"))) == {"least", "join"}
    assert plain_json(await flows.node("least")) == 3
    assert plain_json(await flows.node("least", input_data=[9, 8])) == 8


async def test_null_is_a_value_and_what_is_absent_is_absent(flows: FlowBench) -> None:
    flows.graph.input_node("rate", 3, "number")
    flows.graph.code_node("work", "def main(rate):\n    return ['got', rate]\n")
    flows.graph.result_node("shown")
    flows.graph.link("rate", "work", target_port="rate")
    flows.graph.link("work", "shown")
    assert plain_json(await flows.node("work")) == ["got", 3]
    given = await flows.node("work", input_data=None)
    assert (plain_json(given), given.cached) == (["got", None], False)
    again = await flows.node("work", input_data=None)
    assert (plain_json(again), again.cached) == (["got", None], True)
    assert plain_json(await flows.node("work")) == ["got", 3]
    assert plain_json(await flows.node("shown", input_data=None)) is None
    run = await flows.flow(params={"rate": None})
    assert [plain_json(run.nodes[name]) for name in ("rate", "work")] == [None, ["got", None]]
    assert plain_json((await flows.flow()).nodes["work"]) == ["got", 3]


async def test_inputs_results_params_and_named_outputs(flows: FlowBench) -> None:
    flows.graph.input_node("rate", 3, "number")
    fields = "from typing import TypedDict\nclass Out(TypedDict):\n    low: int\n    high: int\n"
    flows.graph.code_node(
        "work", fields + "def main(rate, *, add: int) -> Out:\n    return {'low': rate, 'high': rate + add}\n"
    )
    flows.graph.result_node("shown")
    flows.graph.link("rate", "work", target_port="rate")
    flows.graph.link("work", "shown", source_port="high")
    refused = (await flows.flow()).nodes["work"].error
    assert refused is not None
    assert "`add` of Work has no value" in refused.message
    result = await flows.flow(params={"Work.add": 10})
    assert plain_json(result.nodes["shown"]) == 13
    assert plain_json((await flows.flow(params={"Work.add": 10, "Rate": 5})).nodes["shown"]) == 15
    with pytest.raises(AgentError, match="Nope"):
        flows.runs.start(RunRequest(kind=RunKind.FLOW, params={"Nope": 1}))


async def test_a_cycle_is_named_and_bad_requests_are_refused(flows: FlowBench) -> None:
    flows.graph.code_node("a", PASS)
    flows.graph.code_node("b", PASS)
    flows.graph.link("a", "b")
    flows.graph.link("b", "a")
    result = await flows.flow()
    assert result.status is RunStatus.FAILED
    assert result.error is not None
    assert "A → B → A" in result.error.message
    for request, code in (
        (RunRequest(kind=RunKind.NODE, node_id="nope"), ErrorCode.NOT_FOUND),
        (RunRequest(kind=RunKind.FLOW, start_node_id="nope"), ErrorCode.NOT_FOUND),
        (RunRequest(kind=RunKind.NODE), ErrorCode.INVALID),
        (RunRequest(kind=RunKind.FLOW, timeout_sec=0), ErrorCode.INVALID),
        (RunRequest(kind=RunKind.FLOW, max_workers=0), ErrorCode.INVALID),
    ):
        with pytest.raises(AgentError) as refused:
            flows.runs.start(request)
        assert refused.value.code is code


async def test_cancelling_a_flow_ends_what_runs_and_skips_the_rest(flows: FlowBench) -> None:
    flows.graph.code_node("slow", "import time\ndef main():\n    print('here')\n    time.sleep(600)\n")
    flows.graph.code_node("after", PASS)
    flows.graph.link("slow", "after")
    run = flows.runs.start(RunRequest(kind=RunKind.FLOW))
    assert flows.runs.busy() == ["run of the flow"]
    async with asyncio.timeout(60):
        async for block in await flows.runs.events(run.id, 0, follow=True):
            if b'"here' in block:
                break
        result = await flows.runs.cancel(run.id)
    assert result.status is RunStatus.CANCELLED
    assert statuses(result) == {"slow": "cancelled", "after": "skipped"}
    assert flows.runs.busy() == []
    flows.graph.code_node("slow", "def main():\n    return 1\n")
    assert (await flows.flow()).status is RunStatus.SUCCEEDED


async def test_events_are_numbered_and_read_again_from_any_number(flows: FlowBench) -> None:
    diamond(flows)
    result = await flows.flow()
    lines = [
        line async for block in await flows.runs.events(result.run_id, 0, follow=True) for line in block.splitlines()
    ]
    events: list[dict[str, Any]] = [msgspec.json.decode(line) for line in lines]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert (events[0]["type"], events[-1]["type"]) == ("run_started", "run_finished")
    rest = [
        line async for block in await flows.runs.events(result.run_id, 3, follow=False) for line in block.splitlines()
    ]
    assert rest == lines[3:]
    kinds = [type(data) for data in flows.published.data]
    assert (kinds[0], kinds[-1], kinds.count(NodeFinished), NodeStream in kinds) == (RunStarted, RunFinished, 4, True)


async def test_freshness_says_why(flows: FlowBench) -> None:
    diamond(flows)

    async def states() -> dict[str, tuple[Freshness, str]]:
        return {found.node_id: (found.state, found.reason) for found in await flows.runs.freshness()}

    assert {state for state, _ in (await states()).values()} == {Freshness.NEVER_RUN}
    await flows.flow()
    assert {state for state, _ in (await states()).values()} == {Freshness.FRESH}
    flows.graph.code_node("least", "def main(x):\n    return 1 / 0\n")
    stale = await states()
    assert stale["least"] == (Freshness.STALE, "Its code was edited.")
    assert stale["join"] == (Freshness.STALE, "Least, which it needs, has to run first.")
    assert stale["most"][0] is Freshness.FRESH
    await flows.flow()
    assert (await states())["least"] == (Freshness.FAILED, "Its last run failed: division by zero")
    await flows.runs.clear_cache()
    assert {state for state, _ in (await states()).values()} == {Freshness.NEVER_RUN}


async def test_a_run_that_began_while_the_environment_was_made_is_noted_under_the_one_that_was_made(
    flows: FlowBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = flows.bench.environment
    whole = environment.status
    environment.status = replace(whole, usable=False)

    asked, source = asyncio.Event(), flows.graph.source

    def noted(node: Node) -> bytes:
        asked.set()
        return source(node)

    async def made() -> None:
        await asked.wait()  # the run has begun
        environment.status, environment.fingerprint = whole, "2"

    monkeypatch.setattr(flows.graph, "source", noted)
    monkeypatch.setattr(environment, "ready", made)
    environment.change("1")  # whatever was warm is made anew, and waits for the environment
    flows.graph.code_node("a", "def main():\n    return 1\n")
    await flows.flow()
    assert environment.fingerprint == "2"
    assert [found.state for found in await flows.runs.freshness()] == [Freshness.FRESH]
    environment.change("3")
    assert [found.state for found in await flows.runs.freshness()] == [Freshness.STALE]


async def test_declared_files_and_own_modules_belong_to_the_code(flows: FlowBench) -> None:
    (flows.bench.workspace / "data.txt").write_text("1")
    (flows.bench.workspace / "own.py").write_text("N = 1\n")
    flows.graph.code_node(
        "read", "import own\ndef main():\n    return open('data.txt').read() + str(own.N)\n", files=["data.txt"]
    )
    assert plain_json((await flows.flow()).nodes["read"]) == "11"
    assert cached(await flows.flow()) == {"read": True}
    (flows.bench.workspace / "data.txt").write_text("two")
    changed = (await flows.flow()).nodes["read"]
    assert (plain_json(changed), changed.reason) == ("two1", "Files that it reads were changed: data.txt.")
    (flows.bench.workspace / "own.py").write_text("N = 22\n")
    assert plain_json((await flows.flow()).nodes["read"]) == "two22"


async def test_a_return_type_with_one_field_gives_that_field(flows: FlowBench) -> None:
    fields = "from typing import TypedDict\nclass Out(TypedDict):\n    price: int\n"
    flows.graph.code_node("make", f"{fields}def main() -> Out:\n    return {{'price': 5}}\n")
    flows.graph.code_node("use", "def main(price):\n    return price + 1\n")
    flows.graph.link("make", "use", source_port="price", target_port="price")
    flows.graph.result_node("shown")
    flows.graph.link("make", "shown", source_port="price")
    result = await flows.flow()
    assert plain_json(result.nodes["use"]) == 6
    assert plain_json(result.nodes["shown"]) == 5


async def test_the_table_of_a_result_node_has_pages(flows: FlowBench) -> None:
    flows.graph.code_node("make", "def main():\n    return [{'a': n} for n in range(500)]\n")
    flows.graph.result_node("shown")
    flows.graph.result_node("again")
    flows.graph.link("make", "shown")
    flows.graph.link("shown", "again")
    await flows.flow()
    for node in ("make", "shown", "again"):
        page = await flows.runs.table(node, offset=400, limit=2, column="a", descending=True)
        assert page["rows"] == [[99], [98]]


async def test_defaults_stand_in_for_parameters_without_a_name_that_nothing_reaches(flows: FlowBench) -> None:
    flows.graph.input_node("seven", 7)
    flows.graph.code_node("main", "def main(a=1, b=2, /, c=3, d=4):\n    return [a, b, c, d]\n")
    flows.graph.link("seven", "main", target_port="b")
    flows.graph.link("seven", "main", target_port="d")
    assert plain_json((await flows.flow()).nodes["main"]) == [1, 7, 3, 7]


async def test_a_source_with_a_byte_order_mark_runs(flows: FlowBench) -> None:
    flows.graph.code_node("marked", "\ufeffdef main(*, k: int = 2):\n    return k\n")
    assert flows.graph.nodes["marked"].ports.settings[0].name == "k"
    assert plain_json((await flows.flow()).nodes["marked"]) == 2


async def test_results_and_runs_survive_a_restart_and_interrupted_runs_are_lost(bench: Bench) -> None:
    first = FlowBench(bench)
    first.graph.code_node("big", "import numpy as np\ndef main():\n    return np.arange(400_000)\n")
    first.graph.code_node("total", "def main(x):\n    return int(x.sum())\n")
    first.graph.link("big", "total")
    async with first.runs:
        result = await first.flow()
    runs = bench.workspace / ".aimforge" / "runs"
    summary = msgspec.json.decode((runs / f"{result.run_id}.summary.json").read_bytes())
    interrupted = {**summary, "run_id": "abc123", "status": "running", "created_at": summary["created_at"] + 1}
    (runs / "abc123.summary.json").write_bytes(msgspec.json.encode(interrupted))
    second = FlowBench(bench)
    second.graph = first.graph
    second.runs = second.engine()
    async with second.runs:
        assert [found.status for found in second.runs.list(10)] == [RunStatus.LOST, RunStatus.SUCCEEDED]
        lost = await second.runs.get("abc123")
        assert lost.error is not None
        assert lost.error.type == "SandboxLost"
        assert plain_json((await second.runs.get(result.run_id)).nodes["total"]) == plain_json(result.nodes["total"])
        assert [block async for block in await second.runs.events(result.run_id, 0, follow=True)]
        assert all(cached(await second.flow()).values())
        assert plain_json(await second.node("total", use_cache=False)) == 400_000 * 399_999 // 2
        with pytest.raises(AgentError):
            await second.runs.get("../../etc/passwd")
    leftover = [
        path.name for path in (bench.workspace / ".aimforge/cache/values").iterdir() if path.name.startswith("new-")
    ]
    assert leftover == []
