"""Running nodes and flows. These are the API's hot paths: one decoding, one request to the agent, one encoding."""

from collections.abc import AsyncIterator
from time import time
from typing import Final

import msgspec
from starlette.responses import Response

from control_plane.api.dependencies import JSON, Call
from control_plane.api.lost_runs import end_after, end_of_silence, wanted_end
from control_plane.api.lost_streams import LostStream
from control_plane.api.operation import NDJSON, Operation
from control_plane.api.passing import Watch, passed, relay
from control_plane.api.readings import RunWords, as_asked, run_answer
from control_plane.api.run_report import report, reported
from control_plane.api.schemas import ExecuteFlow, ExecuteNode, NodeRun
from control_plane.domain.access import Policy
from control_plane.domain.errors import Invalid, SandboxFailed, SandboxMisbehaved
from control_plane.ports import AgentAddress
from control_plane.services.agent_answers import raise_for_agent
from sandbox_image.wire.limits import MAX_ANSWER, MAX_NODE_TIMEOUT, MAX_WORKERS
from sandbox_image.wire.runs import RunError, RunKind, RunRequest, RunResult, RunStatus, RunSummary

TAG: Final = "runs"
RUNS: Final = "/api/project/{project_id}/runs"
PATIENCE_SEC: Final = 24 * 3600.0
"""The agent ends what takes too long; how long that is depends on the flow, so the relay waits for whatever it decides."""
JSON_HEADERS: Final = {"content-type": "application/json"}


def check_timeout(timeout_sec: float) -> float:
    """Return the timeout. Raises ``Invalid`` unless it is above 0 and at most a day."""
    if not 0 < timeout_sec <= MAX_NODE_TIMEOUT:
        raise Invalid(f"timeout_sec must be above 0 and at most {MAX_NODE_TIMEOUT:.0f}.", field="timeout_sec")
    return timeout_sec


def granted_timeout(call: Call, timeout_sec: float) -> float:
    """Return how long the run may take: what was asked for, at most what the project is allowed. Raises ``Invalid``."""
    return min(check_timeout(timeout_sec), call.services.allowances.granted(call.project_id).run_sec)


async def execute_node(call: Call) -> Response:
    """Run one node; answer with its result, or with the run's events when NDJSON is accepted."""
    wanted: ExecuteNode = await call.read_as_written(ExecuteNode)
    call.project(Policy.EDIT, wanted.project_id)
    request = RunRequest(
        kind=RunKind.NODE,
        node_id=wanted.node_id,
        input_data=wanted.input_data,
        timeout_sec=granted_timeout(call, wanted.timeout_sec),
        use_cache=wanted.use_cache,
        params=wanted.params,
    )
    if accepts_events(call):
        return await stream(call, request)
    return await run(call, request)


async def execute_flow(call: Call) -> Response:
    """Run a flow; answer with its result, or with the run's events when NDJSON is accepted."""
    wanted: ExecuteFlow = await call.read_as_written(ExecuteFlow)
    call.project(Policy.EDIT, wanted.project_id)
    if wanted.max_workers is not None and not 1 <= wanted.max_workers <= MAX_WORKERS:
        raise Invalid(f"max_workers must be from 1 to {MAX_WORKERS}.", field="max_workers")
    request = RunRequest(
        kind=RunKind.FLOW,
        start_node_id=wanted.start_node_id,
        until_node_id=wanted.until_node_id,
        params=wanted.params,
        max_workers=wanted.max_workers,
        timeout_sec=granted_timeout(call, wanted.timeout_sec),
        halt_on_error=wanted.halt_on_error,
        use_cache=wanted.use_cache,
    )
    if accepts_events(call):
        return await stream(call, request)
    return await run(call, request)


def accepts_events(call: Call) -> bool:
    """Tell whether the caller wants the run's events instead of its result."""
    return NDJSON in call.request.headers.get("accept", "")


async def run(call: Call, request: RunRequest) -> Response:
    """Run in the project's sandbox, answer with the run, or its one node, and tell logs and traces of it."""
    began = time()
    words, content = await run_in_sandbox(call, request)
    report(call, request, began, words.run_id, words.status.value)
    return Response(content, 200, None, JSON)


async def run_in_sandbox(call: Call, request: RunRequest) -> tuple[RunWords, bytes]:
    """Run in the project's sandbox. A sandbox that dies meanwhile makes the run a lost one, with the reason."""
    services = call.services
    address = await services.sandboxes.ensure_ready(call.project_id)
    with services.sandboxes.using(call.project_id):
        try:
            got = await services.link.request(
                address,
                "POST",
                "/runs",
                body=msgspec.json.encode(request),
                headers=JSON_HEADERS,
                user=call.person.name,
                timeout_sec=PATIENCE_SEC,
                max_body=MAX_ANSWER,
                admit=call.admit_answer,
            )
        except SandboxFailed as error:
            return lost(request, await end_of_silence(call, address, error))
    if got.status >= 500 and (end := await end_after(call, address, got.body)):
        return lost(request, end)
    if got.status != 200:
        raise_for_agent(got.status, got.body)
    words, content = await read_run(call, request, got.body)
    if words.status is RunStatus.LOST and (end := await wanted_end(call, address)):
        return await read_run(call, request, got.body, end)
    return words, content


async def read_run(call: Call, request: RunRequest, body: bytes, end: RunError | None = None) -> tuple[RunWords, bytes]:
    """Read the agent's answer: what is told of the run, and what the client gets."""
    read = await call.services.reader.read(
        call.project_id, run_answer, body, request.node_id, end, refusal=SandboxMisbehaved
    )
    words, _, content = read.partition(b"\n")
    return msgspec.json.decode(words, type=RunWords), content


def lost(request: RunRequest, error: RunError) -> tuple[RunWords, bytes]:
    """Describe a run of which nothing came back, as ``read_run`` does one."""
    result = RunResult(run_id="", kind=request.kind, status=RunStatus.LOST, created_at=0.0, error=error)
    return RunWords("", result.status), msgspec.json.encode(as_asked(result, request.node_id))


async def stream(call: Call, request: RunRequest) -> Response:
    """Run in the project's sandbox, and pass on its events as they come. A sandbox that ends meanwhile ends the run as lost."""
    address = await call.services.sandboxes.ensure_ready(call.project_id)
    headers = {"content-type": "application/json", "accept": NDJSON}
    body = msgspec.json.encode(request)
    told = LostStream(call, address, from_its_start=True).told

    def watch(lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        return reported(call, request, told(lines))

    return await relay(call, address, "POST", "/runs", "", body, headers, watch=watch)


def followed(call: Call, address: AgentAddress) -> Watch:
    """Make what watches a run's events that are read on."""
    return LostStream(call, address, from_its_start=False).told


OPERATIONS: Final = [
    Operation(
        id="execute_node",
        method="POST",
        path="/api/code/execute-node",
        policy=Policy.EDIT,
        project_in_body=True,
        tag=TAG,
        summary="Run one node",
        description="With `Accept: application/x-ndjson` the run's events are streamed, one a line.",
        endpoint=execute_node,
        body=ExecuteNode,
        example={"project_id": "5f0c…", "node_id": "n1", "input_data": {"city": "Bern"}, "timeout_sec": 30},
        answer=NodeRun,
        also=(NDJSON,),
    ),
    Operation(
        id="execute_flow",
        method="POST",
        path="/api/project/execute-flow",
        policy=Policy.EDIT,
        project_in_body=True,
        tag=TAG,
        summary="Run a flow",
        description="With `Accept: application/x-ndjson` the run's events are streamed, one a line.",
        endpoint=execute_flow,
        body=ExecuteFlow,
        example={"project_id": "5f0c…", "params": {"City": "Bern"}, "timeout_sec": 30},
        answer=RunResult,
        also=(NDJSON,),
    ),
    passed(
        "list_runs",
        "GET",
        RUNS,
        "/runs",
        Policy.VIEW,
        TAG,
        "List runs, newest first",
        touches=False,
        query=("limit",),
        answer=list[RunSummary],
    ),
    passed(
        "get_run",
        "GET",
        RUNS + "/{run_id}",
        "/runs/{run_id}",
        Policy.VIEW,
        TAG,
        "Read a run",
        touches=False,
        answer=RunResult,
    ),
    passed(
        "get_run_events",
        "GET",
        RUNS + "/{run_id}/events",
        "/runs/{run_id}/events",
        Policy.VIEW,
        TAG,
        "Read a run's events from a number on",
        stream=True,
        query=("after", "follow"),
        watch=followed,
        answer=NDJSON,
    ),
    passed(
        "cancel_run",
        "POST",
        RUNS + "/{run_id}/cancel",
        "/runs/{run_id}/cancel",
        Policy.EDIT,
        TAG,
        "Cancel a run",
        answer=RunResult,
    ),
    passed(
        "clear_cache",
        "DELETE",
        "/api/project/{project_id}/cache",
        "/cache",
        Policy.EDIT,
        TAG,
        "Forget all cached results",
        status=204,
    ),
]
