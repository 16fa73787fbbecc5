"""The members of a course."""

from collections.abc import Container
from typing import Final

from starlette.responses import Response

from control_plane.api.course_schemas import (
    CourseInvitation,
    InvitationLink,
    LineProblem,
    MemberInfo,
    MemberPut,
    MembersImported,
)
from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.domain.access import Policy
from control_plane.domain.courses import Member
from control_plane.domain.member_list import MAX_BYTES
from control_plane.domain.people import Role

TAG: Final = "courses"
MEMBERS: Final = "/api/courses/{course_id}/members"
CSV: Final = "text/csv"


def describe(call: Call, member: Member, signed_in: Container[str]) -> MemberInfo:
    """Describe a member to the course's teachers, given who is signed in."""
    account = call.hosted.courses.account_of(member.login)
    person_id = account.id if account is not None else ""
    return MemberInfo(
        login=member.login,
        name=member.name,
        role=member.role,
        person_id=person_id,
        signed_in=person_id in signed_in,
        by_claim=member.by_claim,
    )


async def list_members(call: Call) -> Response:
    """List the course's members by login."""
    members = sorted(call.hosted.courses.members(call.course_id), key=lambda member: member.login)
    signed_in = call.hosted.sessions.people()
    return answer([describe(call, member, signed_in) for member in members])


async def bring_in(call: Call) -> Response:
    """Add and change the members of a list."""
    done = await call.hosted.members.bring_in(call.actor, call.course_id, await call.body(MAX_BYTES))
    problems = [LineProblem(line=p.line, text=p.text, problem=p.problem) for p in done.problems]
    return answer(MembersImported(added=done.added, changed=done.changed, unknown=done.unknown, problems=problems))


async def put(call: Call) -> Response:
    """Add a member, or change one."""
    members, login = call.hosted.members, call.request.path_params["login"]
    wanted = await call.read(MemberPut)
    member = await members.put(call.actor, call.course_id, login, wanted.name, wanted.role)
    return answer(describe(call, member, call.hosted.sessions.people()))


async def remove(call: Call) -> Response:
    """Take a member out of the course."""
    await call.hosted.members.remove(call.actor, call.course_id, call.request.path_params["login"])
    return Response(status_code=204)


async def invite(call: Call) -> Response:
    """Make an invitation to the course; this answer alone has its link. The secret follows a ``#``: no server logs it."""
    hosted, wanted = call.hosted, await call.read(CourseInvitation)
    _, secret = await hosted.invitations.create(
        call.actor, Role.STUDENT, wanted.expires_in_sec, course_id=call.course_id, max_uses=wanted.max_uses
    )
    return answer(InvitationLink(url=f"{hosted.public_url}/join#{secret}"), 201, {"cache-control": "no-store"})


OPERATIONS: Final = [
    Operation(
        id="list_members",
        method="GET",
        path=MEMBERS,
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="List the course's members by login",
        endpoint=list_members,
        answer=list[MemberInfo],
    ),
    Operation(
        id="import_members",
        method="POST",
        path=MEMBERS,
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Add and change members by a CSV file",
        description="Columns `login,name[,role]`, or as a header line names them; separated by comma, semicolon or tab, in "
        "UTF-8, 5000 lines and 1 MiB at most. A line that is wrong is told and spoils no other; nobody is removed.",
        endpoint=bring_in,
        body=CSV,
        answer=MembersImported,
    ),
    Operation(
        id="put_member",
        method="PUT",
        path=MEMBERS + "/{login}",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Add a member, or change one",
        endpoint=put,
        body=MemberPut,
        answer=MemberInfo,
    ),
    Operation(
        id="remove_member",
        method="DELETE",
        path=MEMBERS + "/{login}",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Take a member out of the course; what they handed in stays",
        endpoint=remove,
        status=204,
    ),
    Operation(
        id="invite_to_course",
        method="POST",
        path="/api/courses/{course_id}/invitation",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Make a link by which people make accounts that are the course's students; it is shown once",
        endpoint=invite,
        body=CourseInvitation,
        answer=InvitationLink,
        status=201,
    ),
]
