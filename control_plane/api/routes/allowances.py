"""What roles, courses and projects may use: said by administrators, and by teachers of their courses."""

from typing import Final

import msgspec
from starlette.responses import Response

from control_plane.api.allowance_schemas import (
    AllAllowances,
    AllowanceInfo,
    AllowanceSet,
    AskedHost,
    CourseAllowance,
)
from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.domain.access import Policy
from control_plane.domain.allowance import (
    Allowance,
    AllowanceRecord,
    check_subject,
    course_subject,
    project_subject,
)
from control_plane.domain.audit import AuditAction

TAG: Final = "allowances"
ADMIN: Final = "/api/admin/allowances"
COURSE: Final = "/api/courses/{course_id}/allowance"


def name_of(call: Call, person_id: str) -> str:
    """Return a person's name, empty where there is one person or none."""
    hosted = call.services.hosted
    return hosted.accounts.name_of(person_id) if hosted is not None and person_id else ""


def described(call: Call, record: AllowanceRecord) -> AllowanceInfo:
    """Describe what is said of a subject."""
    return AllowanceInfo.of(record, name_of(call, record.set_by))


async def list_allowances(call: Call) -> Response:
    """List all that is said."""
    allowances = call.services.allowances
    return answer(
        AllAllowances(
            everybody=allowances.everybody,
            ceiling=allowances.ceiling,
            most=allowances.deployment.most,
            allowances=[described(call, record) for record in allowances.all()],
        )
    )


async def read(call: Call) -> Response:
    """Tell what is said of a subject."""
    subject = check_subject(call.request.path_params["subject"])
    return answer(described(call, call.services.allowances.get(subject)))


async def put(call: Call) -> Response:
    """Say something of a subject, in place of what was said."""
    return await say(call, check_subject(call.request.path_params["subject"]))


async def say(call: Call, subject: str) -> Response:
    """Change what is said, write it down, and let it hold for what runs."""
    services = call.services
    record = await services.allowances.put(subject, await call.read(Allowance), call.person)
    note(call, record)
    at_next_start = await services.enforcement.apply()
    return answer(AllowanceSet(allowance=described(call, record), at_next_start=at_next_start))


def note(call: Call, record: AllowanceRecord) -> None:
    """Write down who said what."""
    kind, _, name = record.subject.partition(":")
    call.services.audit.record(
        AuditAction.ALLOWANCE_CHANGED,
        call.actor,
        project_id=name if kind == "project" else "",
        subject=record.subject,
        said=msgspec.json.encode(record.allowance).decode(),
    )


async def drop(call: Call) -> Response:
    """Say nothing of a subject any more."""
    subject = check_subject(call.request.path_params["subject"])
    await call.services.allowances.drop(subject)
    note(call, AllowanceRecord(subject=subject))
    await call.services.enforcement.apply()
    return Response(status_code=204)


async def read_course(call: Call) -> Response:
    """Tell what is said of a course's projects, and which hosts its students ask for."""
    services, course_id = call.services, call.request.path_params["course_id"]
    allowances = services.allowances
    asked = [
        AskedHost(project_id=project.id, project_name=project.name, owner_name=name_of(call, project.owner), host=host)
        for project in services.registry.all()
        if allowances.courses.course_of(project.id) == course_id
        for host in allowances.get(project_subject(project.id)).asked
    ]
    return answer(
        CourseAllowance(
            allowance=described(call, allowances.get(course_subject(course_id))),
            everybody=allowances.everybody,
            ceiling=allowances.ceiling,
            asked=asked,
        )
    )


async def put_course(call: Call) -> Response:
    """Say something of a course's projects."""
    return await say(call, course_subject(call.request.path_params["course_id"]))


EXAMPLE: Final = {"memory": 2147483648, "run_sec": 600, "egress": "hosts", "hosts": ["files.example"]}
OPERATIONS: Final = [
    Operation(
        id="list_allowances",
        method="GET",
        path=ADMIN,
        policy=Policy.ADMIN,
        tag=TAG,
        summary="List what the deployment, roles, courses and projects may use",
        endpoint=list_allowances,
        answer=AllAllowances,
    ),
    Operation(
        id="get_allowance",
        method="GET",
        path=ADMIN + "/{subject}",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="Tell what is said of a subject",
        description="Subjects are `deployment`, `courses` (the most that teachers may say), `role:student`, `role:teacher`, "
        "`role:admin`, `course:<id>` and `project:<id>`.",
        endpoint=read,
        answer=AllowanceInfo,
    ),
    Operation(
        id="set_allowance",
        method="PUT",
        path=ADMIN + "/{subject}",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="Say what a subject may use, in place of what was said",
        description="What is null is left to more general subjects. Holds at once where the engine can change it while a "
        "sandbox runs, else from its next start.",
        endpoint=put,
        body=Allowance,
        example=EXAMPLE,
        answer=AllowanceSet,
    ),
    Operation(
        id="remove_allowance",
        method="DELETE",
        path=ADMIN + "/{subject}",
        policy=Policy.ADMIN,
        tag=TAG,
        summary="Say nothing of a subject any more",
        endpoint=drop,
        status=204,
    ),
    Operation(
        id="get_course_allowance",
        method="GET",
        path=COURSE,
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Tell what a course's projects may use, and which hosts its students ask for",
        endpoint=read_course,
        answer=CourseAllowance,
    ),
    Operation(
        id="set_course_allowance",
        method="PUT",
        path=COURSE,
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Say what a course's projects may use, within what administrators let teachers say",
        endpoint=put_course,
        body=Allowance,
        example=EXAMPLE,
        answer=AllowanceSet,
    ),
]
