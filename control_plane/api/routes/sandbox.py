"""A project's sandbox: its state, and start, stop, restart, keep awake."""

from typing import Final

from starlette.responses import Response

from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.api.passing import passed
from control_plane.api.schemas import KeepAwake, SandboxStatus
from control_plane.domain.access import Policy
from control_plane.domain.errors import Invalid
from sandbox_image.wire.agent import Usage

TAG: Final = "sandbox"
SANDBOX: Final = "/api/project/{project_id}/sandbox"
MAX_AWAKE_SEC: Final = 86400.0


def status_of(call: Call) -> SandboxStatus:
    """Describe the sandbox of the call's project."""
    entry = call.services.sandboxes.entry(call.project_id)
    shown, limits = entry.shown(), entry.record.limits
    return SandboxStatus(
        state=shown.state,
        generation=entry.record.generation,
        reason=shown.reason,
        message=shown.message,
        queue_position=shown.queue_position,
        pauses_in_sec=shown.pauses_in_sec,
        stops_in_sec=shown.stops_in_sec,
        busy=shown.busy,
        update_ready=shown.update_ready,
        steps=shown.steps,
        limits={
            "memory": limits.memory,
            "cpus": limits.cpus,
            "pids": limits.pids,
            "disk": limits.disk,
            "shm": limits.shm,
            "tmp": limits.tmp,
        },
    )


async def read(call: Call) -> Response:
    """Tell the state; this wakes nothing."""
    return answer(status_of(call))


async def start(call: Call) -> Response:
    """Begin to start the sandbox, or wake it; with ``wait=true``, answer when it is ready."""
    if call.request.query_params.get("wait") == "true":
        await call.services.sandboxes.ensure_ready(call.project_id, insist=True)
        return answer(status_of(call))
    call.services.sandboxes.open_soon(call.project_id)
    return answer(status_of(call), 202)


async def stop(call: Call) -> Response:
    """Stop the sandbox; its files stay."""
    await call.services.sandboxes.stop(call.project_id)
    return answer(status_of(call))


async def restart(call: Call) -> Response:
    """Stop the sandbox and start it anew."""
    await call.services.sandboxes.restart(call.project_id)
    return answer(status_of(call))


async def keep_awake(call: Call) -> Response:
    """Let the sandbox not count as idle for a while."""
    wanted = await call.read(KeepAwake)
    if not 0 <= wanted.seconds <= MAX_AWAKE_SEC:
        raise Invalid(f"seconds must be between 0 and {MAX_AWAKE_SEC:.0f}.", field="seconds")
    call.services.sandboxes.keep_awake(call.project_id, wanted.seconds)
    return answer(status_of(call))


OPERATIONS: Final = [
    Operation(
        id="get_sandbox",
        method="GET",
        path=SANDBOX,
        policy=Policy.VIEW,
        tag=TAG,
        summary="Tell the sandbox's state, its limits, and why it ended",
        endpoint=read,
        answer=SandboxStatus,
    ),
    Operation(
        id="start_sandbox",
        method="POST",
        path=SANDBOX + "/start",
        policy=Policy.EDIT,
        tag=TAG,
        summary="Start the sandbox, or wake it",
        description="Answers at once with 202; with `wait=true`, with 200 when it is ready.",
        endpoint=start,
        query=("wait",),
        answer=SandboxStatus,
        status=202,
    ),
    Operation(
        id="stop_sandbox",
        method="POST",
        path=SANDBOX + "/stop",
        policy=Policy.EDIT,
        tag=TAG,
        summary="Stop the sandbox; files stay",
        endpoint=stop,
        answer=SandboxStatus,
    ),
    Operation(
        id="restart_sandbox",
        method="POST",
        path=SANDBOX + "/restart",
        policy=Policy.EDIT,
        tag=TAG,
        summary="Stop the sandbox and start it anew",
        endpoint=restart,
        answer=SandboxStatus,
    ),
    Operation(
        id="keep_sandbox_awake",
        method="POST",
        path=SANDBOX + "/keep-awake",
        policy=Policy.EDIT,
        tag=TAG,
        summary="Let the sandbox not count as idle for a while",
        endpoint=keep_awake,
        body=KeepAwake,
        answer=SandboxStatus,
    ),
    passed(
        "get_usage",
        "GET",
        "/api/project/{project_id}/usage",
        "/usage",
        Policy.VIEW,
        TAG,
        "Tell what the sandbox uses",
        touches=False,
        wakes=False,
        answer=Usage,
    ),
]
