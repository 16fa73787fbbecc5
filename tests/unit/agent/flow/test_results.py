import msgspec

from sandbox_image.agent.flow.results import encoded
from sandbox_image.wire.limits import MAX_JSON_BODY
from sandbox_image.wire.runs import NodeResult, Output, RunKind, RunResult, RunStatus


def run(nodes: int, **fields: object) -> RunResult:
    found = {
        str(n): msgspec.convert({"node_id": str(n), "status": "succeeded", **fields}, NodeResult) for n in range(nodes)
    }
    return RunResult(run_id="r", kind=RunKind.FLOW, status=RunStatus.SUCCEEDED, created_at=1, nodes=found)


def test_a_run_that_fits_is_whole() -> None:
    result = run(3, stdout="x" * 1000)
    assert msgspec.json.decode(encoded(result), type=RunResult) == result


def test_displays_that_are_left_out_are_said() -> None:
    displays = [Output(type="str", mime={"text/plain": "x" * 200_000})] * 50
    shown = msgspec.json.decode(encoded(run(1, displays=displays)), type=RunResult).nodes["0"].displays
    assert [output.truncated for output in shown] == [True]
    assert shown[0].note.startswith("50 displays were left out")


def test_a_run_that_does_not_fit_loses_text_first_and_contents_last() -> None:
    talkative = msgspec.json.decode(encoded(run(20, stdout="x" * 10**6, output=Output(type="int"))), type=RunResult)
    assert talkative.nodes["0"].stdout.startswith("… 983616 characters left out")
    assert talkative.nodes["0"].output == Output(type="int")
    picture = Output(type="Figure", mime={"image/png": "A" * 300_000})
    data = encoded(run(100, output=picture))
    assert len(data) <= MAX_JSON_BODY
    output = msgspec.json.decode(data, type=RunResult).nodes["0"].output
    assert output is not None
    assert output.truncated
