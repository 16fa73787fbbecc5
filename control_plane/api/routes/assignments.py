"""Assignments: made of a project, published, started, handed in."""

from typing import Final

from msgspec import UnsetType
from starlette.responses import Response

from control_plane.api.assignment_schemas import (
    AssignmentInfo,
    AssignmentOfProject,
    AssignmentPatch,
    NewAssignment,
    ProjectRef,
    SubmissionInfo,
)
from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.api.routes.courses import role_in
from control_plane.domain.access import Policy, no_such_assignment
from control_plane.domain.courses import Assignment, CourseRole
from control_plane.services.courses.assignments import AssignmentChange

TAG: Final = "assignments"
OF_COURSE: Final = "/api/courses/{course_id}/assignments"
ASSIGNMENT: Final = "/api/assignments/{assignment_id}"
NEW: Final = {
    "title": "Areas",
    "text": "Compute the area of each field.",
    "project_id": "5f1c0a9be2d34c77",
    "hidden_nodes": ["a1b2c3d4e5f6"],
    "due_at": 1790000000,
}
OWN: Final = {
    "login": "ada@example.org",
    "name": "Ada",
    "person_id": "0f3b5d7a9c1e2f40",
    "project_id": "77aa01bc23de45f6",
    "state": "given_back",
    "started_at": 1789000000,
    "handed_in_at": 1789500000,
    "late": False,
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size": 20480,
    "comment": "Well done.",
    "points": 9.5,
    "commented_at": 1790100000,
    "given_back_at": 1790200000,
    "uncollected": None,
}


def is_teacher(call: Call) -> bool:
    """Tell whether the caller teaches the course that they were let into."""
    return role_in(call, call.course_id) is CourseRole.TEACHER


def shown(call: Call) -> Assignment:
    """Return the path's assignment, for students only when it is published. Raises ``NotFound``."""
    assignment = call.assignment
    if assignment.published_at is None and not is_teacher(call):
        raise no_such_assignment(assignment.id)
    return assignment


def describe(call: Call, assignment: Assignment) -> AssignmentInfo:
    """Describe an assignment to the caller."""
    return AssignmentInfo.of(assignment, to_teacher=is_teacher(call))


async def list_assignments(call: Call) -> Response:
    """List a course's assignments."""
    assignments = call.coursework.assignments.of(call.course_id, drafts=is_teacher(call))
    return answer([describe(call, assignment) for assignment in assignments])


async def create(call: Call) -> Response:
    """Make an assignment of a project that the teacher may change."""
    new = await call.read(NewAssignment)
    project = call.project(Policy.EDIT, new.project_id)
    assignment = await call.coursework.assignments.create(
        call.actor,
        call.course_id,
        title=new.title,
        text=new.text,
        project_id=project.id,
        hidden_nodes=new.hidden_nodes,
        due_at=new.due_at,
    )
    return answer(describe(call, assignment), 201)


async def read(call: Call) -> Response:
    """Answer with an assignment."""
    return answer(describe(call, shown(call)))


async def change(call: Call) -> Response:
    """Change an assignment."""
    patch = await call.read(AssignmentPatch)
    due_at = patch.due_at
    wanted = AssignmentChange(
        title=patch.title,
        text=patch.text,
        hidden_nodes=patch.hidden_nodes,
        dated=not isinstance(due_at, UnsetType),
        due_at=None if isinstance(due_at, UnsetType) else due_at,
    )
    return answer(describe(call, await call.coursework.assignments.change(call.actor, call.assignment.id, wanted)))


async def remove(call: Call) -> Response:
    """Delete an assignment."""
    assignment = call.assignment
    await call.coursework.assignments.remove(call.actor, assignment.id)
    await call.coursework.tests.cancel(call.actor, assignment)
    return Response(status_code=204)


async def publish(call: Call) -> Response:
    """Freeze the project."""
    assignment = await call.coursework.assignments.publish(call.actor, call.assignment.id, call.person.name)
    return answer(describe(call, assignment))


async def start(call: Call) -> Response:
    """Give the student a project of their own."""
    assignment = shown(call)
    return answer(ProjectRef(project_id=await call.coursework.starts.start(call.actor, call.person, assignment.id)))


async def of_project(call: Call) -> Response:
    """Say which assignment a project is made for; none where there is one person."""
    hosted = call.services.hosted
    submission = hosted.courses.submission_of(call.project_id) if hosted is not None else None
    if submission is None:
        return answer(AssignmentOfProject())
    return answer(AssignmentOfProject(assignment_id=submission.assignment_id, course_id=submission.course_id))


async def own(call: Call) -> Response:
    """Answer with the student's own submission."""
    entry = call.coursework.submissions.mine(call.person, shown(call).id)
    return answer(SubmissionInfo.of(entry, to_teacher=False))


async def hand_in(call: Call) -> Response:
    """Freeze the student's project."""
    entry = await call.coursework.submissions.hand_in(call.actor, call.person, shown(call).id)
    return answer(SubmissionInfo.of(entry, to_teacher=False))


OPERATIONS: Final = [
    Operation(
        id="list_assignments",
        method="GET",
        path=OF_COURSE,
        policy=Policy.COURSE,
        tag=TAG,
        summary="List the course's assignments, for students those that are published",
        endpoint=list_assignments,
        answer=list[AssignmentInfo],
    ),
    Operation(
        id="create_assignment",
        method="POST",
        path=OF_COURSE,
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Make an assignment of a project that you may change; students see it once it is published",
        endpoint=create,
        body=NewAssignment,
        example=NEW,
        answer=AssignmentInfo,
        status=201,
    ),
    Operation(
        id="get_assignment",
        method="GET",
        path=ASSIGNMENT,
        policy=Policy.COURSE,
        tag=TAG,
        summary="Read an assignment",
        endpoint=read,
        answer=AssignmentInfo,
    ),
    Operation(
        id="change_assignment",
        method="PATCH",
        path=ASSIGNMENT,
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Change an assignment; its hidden nodes count from the next publication on",
        description="With a `due_at`, also one of null, the deadline is another one, at which is collected anew.",
        endpoint=change,
        body=AssignmentPatch,
        example={"due_at": 1790086400},
        answer=AssignmentInfo,
    ),
    Operation(
        id="delete_assignment",
        method="DELETE",
        path=ASSIGNMENT,
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Delete an assignment with what was handed in; the students' projects stay theirs",
        endpoint=remove,
        status=204,
    ),
    Operation(
        id="publish_assignment",
        method="POST",
        path=f"{ASSIGNMENT}/publish",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Freeze the project and hand it out; again: a new version, for those who start later",
        description="Opens the project's sandbox. 409 when the project is gone, or has a hidden node no more.",
        endpoint=publish,
        answer=AssignmentInfo,
    ),
    Operation(
        id="start_assignment",
        method="POST",
        path=f"{ASSIGNMENT}/start",
        policy=Policy.COURSE,
        tag=TAG,
        summary="Get a project of your own to do the assignment in; the same one when called again",
        endpoint=start,
        answer=ProjectRef,
        answer_example={"project_id": "77aa01bc23de45f6"},
    ),
    Operation(
        id="get_submission",
        method="GET",
        path=f"{ASSIGNMENT}/submission",
        policy=Policy.COURSE,
        tag=TAG,
        summary="Read your own submission, with the teacher's comment once it is given back",
        endpoint=own,
        answer=SubmissionInfo,
        answer_example=OWN,
    ),
    Operation(
        id="get_assignment_of_project",
        method="GET",
        path="/api/project/{project_id}/assignment",
        policy=Policy.VIEW,
        tag=TAG,
        summary="Say which assignment a student's project is made for; empty ids when for none",
        endpoint=of_project,
        answer=AssignmentOfProject,
        answer_example={"assignment_id": "3e5f7a9b1c2d4e60", "course_id": "a0b1c2d3e4f56789"},
    ),
    Operation(
        id="hand_in",
        method="POST",
        path=f"{ASSIGNMENT}/hand-in",
        policy=Policy.COURSE,
        tag=TAG,
        summary="Hand your project in as it is now; again before the deadline: in place of what you handed in",
        endpoint=hand_in,
        answer=SubmissionInfo,
    ),
]
