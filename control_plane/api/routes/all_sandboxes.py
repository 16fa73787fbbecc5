"""The sandboxes of everybody, for administrators."""

import asyncio
from dataclasses import asdict, replace
from typing import Final

from starlette.responses import Response

from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.api.people_schemas import SandboxInfo
from control_plane.api.readings import shaped
from control_plane.api.schemas import ChangeLimits
from control_plane.domain.access import Policy
from control_plane.domain.allowance import check_allowance, project_subject
from control_plane.domain.audit import AuditAction
from control_plane.domain.errors import AimforgeError
from control_plane.domain.sandbox import EndReason
from control_plane.ports import AgentAddress
from control_plane.services.sandboxes.sandbox_entry import SandboxEntry
from sandbox_image.wire.agent import Usage

TAG: Final = "admin"
ASKED_AT_ONCE: Final = 8
USAGE_WITHIN_SEC: Final = 2.0
MAX_USAGE: Final = 64 * 1024


def describe(call: Call, entry: SandboxEntry, usage: Usage | None = None) -> SandboxInfo:
    """Describe a sandbox to an administrator."""
    services, shown, record = call.services, entry.shown(), entry.record
    project = services.registry.find_any(record.project_id)
    owner = project.owner if project is not None else ""
    return SandboxInfo(
        project_id=record.project_id,
        project_name=project.name if project is not None else "",
        owner_id=owner,
        owner_name=services.hosted.accounts.name_of(owner) if services.hosted is not None else "",
        state=shown.state,
        reason=shown.reason,
        message=shown.message,
        generation=record.generation,
        started_at=record.started_at,
        changed_at=record.changed_at,
        queue_position=shown.queue_position,
        busy=shown.busy,
        memory_limit=record.limits.memory,
        cpus=record.limits.cpus,
        disk_limit=record.limits.disk,
        sent=services.traffic.of(record.project_id).sent,
        received=services.traffic.of(record.project_id).received,
        usage=usage,
    )


async def list_sandboxes(call: Call) -> Response:
    """List all sandboxes, the ones that changed last first; with ``usage=true``, ask those that run what they use."""
    entries = sorted(call.services.sandboxes.entries(), key=lambda entry: entry.record.changed_at, reverse=True)
    if call.request.query_params.get("usage") != "true":
        return answer([describe(call, entry) for entry in entries])
    slots = asyncio.Semaphore(ASKED_AT_ONCE)

    async def ask(entry: SandboxEntry) -> SandboxInfo:
        if entry.address is None:
            return describe(call, entry)
        async with slots:
            return describe(call, entry, await usage_of(call, entry.address))

    return answer(await asyncio.gather(*(ask(entry) for entry in entries)))


async def usage_of(call: Call, address: AgentAddress) -> Usage | None:
    """Ask a sandbox what it uses; None when it does not say so soon."""
    try:
        got = await call.services.link.request(
            address, "GET", "/usage", timeout_sec=USAGE_WITHIN_SEC, max_body=MAX_USAGE
        )
        usage: Usage | None = shaped(got.body, Usage) if got.status == 200 else None
    except AimforgeError:
        return None
    return usage


async def stop(call: Call) -> Response:
    """Stop a sandbox; its files stay, and its people are told who stopped it."""
    project_id = call.request.path_params["project_id"]
    await call.services.sandboxes.stop(project_id, EndReason.BY_ADMIN)
    return answer(describe(call, call.services.sandboxes.entry(project_id)))


async def change_limits(call: Call) -> Response:
    """Give a project's sandbox other limits, while it runs: what is said of the project is changed."""
    wanted = await call.read(ChangeLimits)
    project_id = call.request.path_params["project_id"]
    services, subject = call.services, project_subject(project_id)
    limits = services.sandboxes.entry(project_id).record.limits
    changes = {name: value for name, value in asdict(wanted).items() if value is not None}
    said = check_allowance(
        replace(services.allowances.get(subject).allowance, **changes), services.sandboxes.policy.most
    )
    await services.sandboxes.change_limits(project_id, replace(limits, **changes))
    await services.allowances.put(subject, said, call.person)
    return answer(asdict(services.sandboxes.entry(project_id).record.limits))


OPERATIONS: Final = [
    Operation(
        id="list_all_sandboxes",
        method="GET",
        path="/api/admin/sandboxes",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="List the sandboxes of everybody",
        description="With `usage=true`, those that run are asked what they use.",
        endpoint=list_sandboxes,
        query=("usage",),
        answer=list[SandboxInfo],
    ),
    Operation(
        id="stop_any_sandbox",
        method="POST",
        path="/api/admin/sandboxes/{project_id}/stop",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="Stop anybody's sandbox; files stay",
        endpoint=stop,
        answer=SandboxInfo,
        audit=AuditAction.SANDBOX_STOPPED_BY_ADMIN,
    ),
    Operation(
        id="change_sandbox_limits",
        method="PATCH",
        path="/api/admin/sandboxes/{project_id}/limits",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="Give a project's sandbox other limits, while it runs",
        endpoint=change_limits,
        body=ChangeLimits,
        answer=dict[str, float],
        audit=AuditAction.SANDBOX_LIMITS_CHANGED,
    ),
]
