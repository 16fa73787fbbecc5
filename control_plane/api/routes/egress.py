"""A project's way out: what it reaches, what it asked for lately, and who may change that."""

from dataclasses import replace
from typing import Final

import msgspec
from starlette.responses import Response

from control_plane.api.allowance_schemas import AskForHost, ChangeEgress, ProjectEgress
from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.domain.access import Policy, Share
from control_plane.domain.allowance import project_subject, rank
from control_plane.domain.audit import AuditAction
from control_plane.domain.egress import Decision, EgressMode
from control_plane.domain.errors import AimforgeError
from control_plane.domain.people import Role

TAG: Final = "egress"
EGRESS: Final = "/api/project/{project_id}/egress"


async def describe(call: Call, project_id: str) -> ProjectEgress:
    """Describe a project's way out to whoever asks."""
    services, allowances = call.services, call.services.allowances
    record, granted = allowances.get(project_subject(project_id)), allowances.granted(project_id)
    traffic = services.traffic.of(project_id)
    recent: list[Decision] | None
    try:
        recent = list(await services.egress.recent(project_id))
    except AimforgeError:
        recent = None
    may_change = allowances.may_change(call.person, project_id)
    return ProjectEgress(
        mode=granted.egress,
        in_exam=granted.in_exam,
        packages=[str(host).removesuffix("!") for host in allowances.deployment.packages],
        hosts=[str(host) for host in granted.hosts],
        own_mode=record.allowance.egress,
        own_hosts=list(record.allowance.hosts),
        asked=list(record.asked),
        bytes_per_sec=granted.bytes_per_sec,
        sent=traffic.sent,
        received=traffic.received,
        recent=recent,
        may_change=may_change,
        modes=modes_for(call) if may_change else [],
    )


def modes_for(call: Call) -> list[EgressMode]:
    """Return the modes that an administrator, or else a teacher, may choose."""
    highest = EgressMode.OPEN if call.person.role is Role.ADMIN else call.services.allowances.ceiling.egress
    return [mode for mode in EgressMode if rank("egress", mode) <= rank("egress", highest or EgressMode.NONE)]


async def read(call: Call) -> Response:
    """Tell what the project reaches, and its latest connections."""
    await call.services.traffic.look()
    return answer(await describe(call, call.project_id))


async def change(call: Call) -> Response:
    """Change what is said of this project's way out; what it may no longer have is cut before this is answered."""
    services, project_id = call.services, call.request.path_params["project_id"]
    allowances = services.allowances
    sees = services.guard.share_of(call.person, project_id) is not Share.NONE
    allowances.check_may_change(call.person, project_id, sees=sees)
    wanted = await call.read(ChangeEgress)
    subject = project_subject(project_id)
    said = replace(allowances.get(subject).allowance, egress=wanted.mode, hosts=wanted.hosts)
    record = await allowances.put(subject, said, call.person)
    for host in wanted.refused:
        await allowances.refuse(project_id, host)
    services.audit.record(
        AuditAction.ALLOWANCE_CHANGED,
        call.actor,
        project_id=project_id,
        subject=subject,
        said=msgspec.json.encode(record.allowance).decode(),
    )
    await services.enforcement.apply()
    return answer(await describe(call, project_id))


async def ask(call: Call) -> Response:
    """Ask those who may allow it for a host."""
    wanted = await call.read(AskForHost)
    await call.services.allowances.ask(call.project_id, wanted.host)
    call.services.audit.record(AuditAction.HOST_ASKED_FOR, call.actor, project_id=call.project_id, host=wanted.host)
    return answer(await describe(call, call.project_id))


EXAMPLE: Final = {"mode": "hosts", "hosts": ["files.example", "*.data.example:8443"]}
OPERATIONS: Final = [
    Operation(
        id="get_egress",
        method="GET",
        path=EGRESS,
        policy=Policy.VIEW,
        tag=TAG,
        summary="Tell which hosts the project's sandbox reaches, and its latest connections",
        endpoint=read,
        answer=ProjectEgress,
    ),
    Operation(
        id="change_egress",
        method="PUT",
        path=EGRESS,
        policy=Policy.ALLOW,
        tag=TAG,
        summary="Say which hosts the project's sandbox reaches, besides those of its course and the deployment",
        description="Holds at once; connections that are no longer allowed are cut.",
        endpoint=change,
        body=ChangeEgress,
        example=EXAMPLE,
        answer=ProjectEgress,
    ),
    Operation(
        id="ask_for_host",
        method="POST",
        path=EGRESS + "/ask",
        policy=Policy.EDIT,
        tag=TAG,
        summary="Ask for a host that only a teacher or an administrator may allow",
        endpoint=ask,
        body=AskForHost,
        example={"host": "files.example"},
        answer=ProjectEgress,
    ),
]
