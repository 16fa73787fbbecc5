"""What is told of a run whose sandbox ended during it: that it is lost, and how the sandbox ended."""

import asyncio
from contextlib import suppress
from typing import Final

from control_plane.api.dependencies import Call
from control_plane.domain.errors import AimforgeError, SandboxFailed
from control_plane.domain.sandbox import EndReason, sentence
from control_plane.ports import AgentAddress
from control_plane.services.agent_answers import error_code
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.runs import RunError

END_WITHIN_SEC: Final = 3.0
TOLD_WITHIN_SEC: Final = 15.0
"""Within which an engine tells of the end of a container whose agent does not answer any more."""
STOPPED: Final = frozenset(
    {
        EndReason.IDLE,
        EndReason.BY_USER,
        EndReason.BY_ADMIN,
        EndReason.TOO_OLD,
        EndReason.EVICTED,
        EndReason.REPLACED,
        EndReason.DELETED,
    }
)
"""Ends that somebody, or a rule, wanted; the others are faults."""


async def end_of_silence(call: Call, address: AgentAddress, error: SandboxFailed) -> RunError:
    """Say why an agent broke off without a word: a container that runs out of memory is told by the engine seconds later."""
    if error.reason is not EndReason.CRASHED:
        return error_of(error.reason, error.message)
    try:
        await call.services.link.request(address, "GET", "/health", timeout_sec=END_WITHIN_SEC)
    except AimforgeError:
        if (reason := await end_within(call, address, TOLD_WITHIN_SEC)) is not None:
            return error_of(reason)
    return error_of(error.reason, error.message)


async def end_after(call: Call, address: AgentAddress, body: bytes) -> RunError | None:
    """Say how the sandbox ended, if that is why its agent broke a run off; None while it lives.

    What an agent that is told to stop says in its last moment is about that alone, whoever told it: us, or the engine,
    which may take its time to tell, or be gone itself.
    """
    services = call.services
    if services.sandboxes.address_of(call.project_id) == address and error_code(body) not in {
        None,
        ErrorCode.UNAVAILABLE,
    }:
        return None
    if (reason := await end_within(call, address, END_WITHIN_SEC)) is not None:
        return error_of(reason)
    try:
        await services.link.request(address, "GET", "/health", timeout_sec=END_WITHIN_SEC)
    except AimforgeError as error:
        return error_of(EndReason.CRASHED, error.message)
    return None


async def wanted_end(call: Call, address: AgentAddress) -> RunError | None:
    """Say who or what ended the sandbox of a run that its agent itself ended as lost, if somebody did, and it is known soon.

    The agent knows only that it was told to stop, by us or by the engine.
    """
    reason = await end_within(call, address, END_WITHIN_SEC)
    return error_of(reason) if reason is not None and reason in STOPPED else None


async def end_within(call: Call, address: AgentAddress, seconds: float) -> EndReason | None:
    """Return why the sandbox ended, once that is known; None if it takes longer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await asyncio.shield(call.services.sandboxes.end_of(address))
    return None


def error_of(reason: EndReason, message: str = "") -> RunError:
    """Describe what the end of a sandbox did to a run. ``message`` stands in for the reason's own sentence."""
    kind = "SandboxStopped" if reason in STOPPED else "SandboxLost"
    return RunError(type=kind, message=message or sentence(reason), hint="Run it again: the sandbox starts anew.")
