"""Looks at other people's projects, by those who teach them and by administrators."""

from typing import Final

from starlette.responses import Response

from control_plane.api.course_schemas import LookInfo, LookUntil
from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.domain.access import Policy

TAG: Final = "courses"
PROJECT: Final = "/api/project/{project_id}"


async def look(call: Call) -> Response:
    """Begin a look."""
    project = call.services.registry.find(call.project_id)
    begun = await call.hosted.looks.look(call.actor, call.person, project, call.project_id)
    return answer(LookUntil(until=begun.until))


async def list_looks(call: Call) -> Response:
    """List who looked at the project; nobody does where there is one person."""
    hosted = call.services.hosted
    looks = hosted.looks.of(call.project_id) if hosted is not None else []
    return answer([LookInfo.of(each, call.hosted.accounts.name_of(each.person_id)) for each in looks])


OPERATIONS: Final = [
    Operation(
        id="look_at_project",
        method="POST",
        path=PROJECT + "/look",
        policy=Policy.LOOK,
        tag=TAG,
        summary="Look at a project that is not yours, read-only, for an hour",
        description="Administrators at any, teachers at what students of their courses make of an assignment. It is in the "
        "audit log, and the project's people are told.",
        endpoint=look,
        answer=LookUntil,
    ),
    Operation(
        id="list_looks",
        method="GET",
        path=PROJECT + "/looks",
        policy=Policy.VIEW,
        tag=TAG,
        summary="List who looked at the project as its teacher or as administrator, the newest first",
        endpoint=list_looks,
        answer=list[LookInfo],
    ),
]
