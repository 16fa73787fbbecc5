"""A run can be ended in each of its phases: it ends at once, nothing of it stays, and the next run works."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.executor import NodeJob
from sandbox_image.agent.executor import execution as executing
from sandbox_image.agent.executor.execution import Execution
from sandbox_image.agent.executor.process import RunProcess
from sandbox_image.agent.flow.node_inputs import Inputs
from sandbox_image.agent.flow.runs import Run
from sandbox_image.wire.events import RunFinished
from sandbox_image.wire.runs import RunKind, RunRequest, RunStatus

from .conftest import Bench, FlowBench, Heard, plain_json

DEADLINE = 60.0
WORKS = "def main():\n    return 'works'\n"
WAITS = "import time\ndef main():\n    print('here', flush=True)\n    time.sleep(600)\n"
HALTS_ITS_ZYGOTE = """
import os, signal, time
def main():
    print('here', flush=True)
    os.kill(os.getppid(), signal.SIGSTOP)
    time.sleep(600)
"""
SLOW_TO_PICKLE = """
import pathlib, time
class Slow:
    def __reduce__(self):
        pathlib.Path("pickling").touch()
        time.sleep(600)
        return (Slow, ())
def main():
    return [bytes(40_000_000), Slow()]
"""


async def until(condition: Callable[[], Any]) -> None:
    """Wait for something in another process that no event tells."""
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def new_files(bench: Bench) -> list[str]:
    """Values of runs that are going on, as they are written."""
    return [path.name for path in (bench.workspace / ".aimforge/cache/values").glob("new-*")]


async def ended(running: "asyncio.Future[Any]") -> Any:
    async with asyncio.timeout(DEADLINE):
        return await running


async def test_before_it_has_begun(bench: Bench) -> None:
    execution = bench.executor.execution(NodeJob(source=WAITS, file="nodes/a.py"), Heard())
    execution.cancel()
    assert (await ended(asyncio.ensure_future(execution.run()))).status is RunStatus.CANCELLED
    assert plain_json(await bench.run(WORKS)) == "works"


async def test_while_its_process_is_forked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert plain_json(await bench.run(WORKS)) == "works"
    forking = asyncio.Event()

    async def never() -> RunProcess:
        forking.set()
        await asyncio.Event().wait()
        raise AssertionError

    with monkeypatch.context() as patched:
        patched.setattr(bench.executor, "_fork", never)
        execution = bench.executor.execution(NodeJob(source=WORKS, file="nodes/a.py"), Heard())
        running = asyncio.ensure_future(execution.run())
        await forking.wait()
        execution.cancel()
        assert (await ended(running)).status is RunStatus.CANCELLED
    assert plain_json(await bench.run(WORKS)) == "works"


async def test_at_the_very_moment_in_which_it_gets_its_process(bench: Bench) -> None:
    """The process is there, and the run does not know it yet."""
    processes: list[RunProcess] = []

    async def acquire() -> RunProcess:
        processes.append(await bench.executor._acquire())
        asyncio.get_running_loop().call_soon(execution.cancel)
        return processes[0]

    job = NodeJob(source=WAITS, file="nodes/a.py")
    values = bench.workspace / ".aimforge/cache/values/new-x"
    execution = Execution(job, Heard(), acquire, bench.executor._kills, bench.workspace, values)
    outcome = await ended(asyncio.ensure_future(execution.run()))
    assert (outcome.status, outcome.stdout) == (RunStatus.CANCELLED, "")
    await ended(asyncio.ensure_future(asyncio.wait_for(processes[0].exit_status, DEADLINE)))
    assert plain_json(await bench.run(WORKS)) == "works"


@pytest.mark.parametrize("how", ["cancelled", "timed_out"])
async def test_while_its_value_is_written(bench: Bench, how: str) -> None:
    """What it wrote until then does not stay on the disk."""
    limit = 600.0 if how == "cancelled" else 8.0
    execution = bench.executor.execution(NodeJob(source=SLOW_TO_PICKLE, file="nodes/a.py", timeout_sec=limit), Heard())
    running = asyncio.ensure_future(execution.run())
    await until((bench.workspace / "pickling").exists)
    if how == "cancelled":
        execution.cancel()
    assert (await ended(running)).status.value == how
    await until(lambda: not new_files(bench))
    assert plain_json(await bench.run(WORKS)) == "works"


async def test_while_a_large_input_is_handed_over(flows: FlowBench) -> None:
    """Its process waits in an import at the top of the node, and nobody reads what is sent."""
    flows.graph.code_node("large", "def main():\n    return 'x' * 200_000\n")
    flows.graph.code_node(
        "late", "import time\nprint('here', flush=True)\ntime.sleep(600)\ndef main(x):\n    return len(x)\n"
    )
    flows.graph.link("large", "late")
    run = flows.runs.start(RunRequest(kind=RunKind.FLOW))
    await seen(flows, run, b'"here')
    result = await ended(asyncio.ensure_future(flows.runs.cancel(run.id)))
    assert {name: node.status.value for name, node in result.nodes.items()} == {
        "large": "succeeded",
        "late": "cancelled",
    }
    flows.graph.code_node("late", "def main(x):\n    return len(x)\n")
    assert plain_json((await flows.flow()).nodes["late"]) == 200_000


async def test_while_its_nodes_wait_for_a_worker(flows: FlowBench) -> None:
    for number in range(4):
        flows.graph.code_node(f"n{number}", WAITS)
    run = flows.runs.start(RunRequest(kind=RunKind.FLOW, max_workers=1))
    await seen(flows, run, b'"here')
    result = await ended(asyncio.ensure_future(flows.runs.cancel(run.id)))
    assert result.status is RunStatus.CANCELLED
    assert sorted(node.status.value for node in result.nodes.values()) == ["cancelled", *["skipped"] * 3]
    assert {node.reason or (node.error and node.error.message) for node in result.nodes.values()} >= {
        "The run was cancelled."
    }


async def test_once_it_is_over_it_stays_as_it_was(flows: FlowBench) -> None:
    flows.graph.code_node("a", WORKS)
    before = await flows.flow()
    after = await flows.runs.cancel(before.run_id)
    assert (after.status, plain_json(after.nodes["a"])) == (RunStatus.SUCCEEDED, "works")


async def test_in_its_last_moment_it_either_is_cancelled_or_has_succeeded(flows: FlowBench) -> None:
    """Whatever the cancelling meets, what is told is what is kept."""
    flows.graph.code_node("a", "def main(*, n: int = 0):\n    print('here', flush=True)\n    return [n] * 100_000\n")
    for number in range(8):
        run = flows.runs.start(RunRequest(kind=RunKind.NODE, node_id="a", params={"a.n": number}))
        await seen(flows, run, b'"here')
        for _ in range(number * 20):
            await asyncio.sleep(0)
        result = await ended(asyncio.ensure_future(flows.runs.cancel(run.id)))
        node = result.nodes["a"]
        assert node.status in {RunStatus.CANCELLED, RunStatus.SUCCEEDED}
        assert (node.output is not None) is (node.status is RunStatus.SUCCEEDED)
        assert result.status in {RunStatus.CANCELLED, node.status}
    flows.graph.code_node("a", WORKS)
    assert plain_json(await flows.node("a")) == "works"


async def seen(flows: FlowBench, run: Run, text: bytes) -> None:
    """Wait until a run's events hold this."""
    async with asyncio.timeout(DEADLINE):
        async for block in await flows.runs.events(run.id, 0, follow=True):
            if text in block:
                return
    raise AssertionError(f"the run ended without {text!r}")


async def test_by_the_end_of_the_sandbox(flows: FlowBench) -> None:
    """What ran is lost, and says so; what was done stays; nothing begins any more."""
    flows.graph.code_node("before", WORKS)
    flows.graph.code_node("late", WAITS.replace("main()", "main(x)"))
    flows.graph.code_node("after", "def main(x):\n    return x\n")
    flows.graph.link("before", "late")
    flows.graph.link("late", "after")
    run = flows.runs.start(RunRequest(kind=RunKind.FLOW))
    await seen(flows, run, b'"here')
    flows.runs.stop()
    await ended(asyncio.ensure_future(run.done.wait()))
    result = run.result()
    assert result.status is RunStatus.LOST
    assert {name: node.status.value for name, node in result.nodes.items()} == {
        "before": "succeeded",
        "late": "lost",
        "after": "skipped",
    }
    for error in (result.error, result.nodes["late"].error):
        assert error is not None
        assert (error.type, error.message) == ("SandboxStopped", "The sandbox was stopped during this run.")
    (told,) = [data for data in flows.published.data if isinstance(data, RunFinished)]
    assert (told.status, told.error) == (RunStatus.LOST, "The sandbox was stopped during this run.")
    with pytest.raises(AgentError, match="being stopped"):
        flows.runs.start(RunRequest(kind=RunKind.FLOW))


async def test_by_the_end_of_the_sandbox_which_waits_for_no_process(
    flows: FlowBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody tells of the process's end, as its zygote is halted: that would be waited for much longer than is left."""
    monkeypatch.setattr(executing, "STATUS_DEADLINE", 600.0)
    flows.graph.code_node("halts", HALTS_ITS_ZYGOTE)
    flows.graph.code_node("after", "def main(x):\n    return x\n")
    flows.graph.link("halts", "after")
    run = flows.runs.start(RunRequest(kind=RunKind.FLOW))
    await seen(flows, run, b'"here')
    flows.runs.stop()
    lines = [line async for block in await flows.runs.events(run.id, 0, follow=True) for line in block.splitlines()]
    result = run.result()
    assert (result.status, result.nodes["halts"].stdout) == (RunStatus.LOST, "here\n")
    assert {name: node.status.value for name, node in result.nodes.items()} == {"halts": "lost", "after": "skipped"}
    for error in (result.error, result.nodes["halts"].error):
        assert error is not None
        assert error.type == "SandboxStopped"
    told = [json.loads(line) for line in lines]
    assert [event["data"]["result"]["status"] for event in told if event["type"] == "node_finished"] == [
        "lost",
        "skipped",
    ]
    assert (told[-1]["type"], told[-1]["data"]["error"]) == ("run_finished", "The sandbox was stopped during this run.")


@pytest.mark.parametrize("where", ["process", "input"])
async def test_by_the_end_of_the_sandbox_before_it_has_a_process(
    flows: FlowBench, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Whatever a run waits for just then."""
    reached = asyncio.Event()

    async def never(*_: Any) -> Any:
        reached.set()
        await asyncio.Event().wait()

    flows.graph.code_node("a", WORKS)
    target = (flows.bench.executor, "_fork") if where == "process" else (Inputs, "arrived")
    monkeypatch.setattr(*target, never)
    run = flows.runs.start(RunRequest(kind=RunKind.NODE, node_id="a"))
    await reached.wait()
    flows.runs.stop()
    await ended(asyncio.ensure_future(run.done.wait()))
    assert (run.result().status, run.result().nodes["a"].status) == (RunStatus.LOST, RunStatus.LOST)
