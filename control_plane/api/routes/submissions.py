"""What students handed in, and the hidden tests of it: for the course's teachers."""

from collections.abc import AsyncIterator
from typing import Final

from starlette.responses import Response, StreamingResponse

from control_plane.api.assignment_schemas import (
    Chosen,
    Comment,
    ProjectRef,
    SubmissionInfo,
    TestInfo,
    TestRowInfo,
    TestsStarted,
    TestTable,
)
from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import ZIP, Operation
from control_plane.api.passing import DOWNLOAD
from control_plane.api.routes.assignments import ASSIGNMENT, OWN
from control_plane.domain.access import Policy
from control_plane.domain.audit import AuditAction
from control_plane.domain.courses import Assignment
from control_plane.domain.hidden_tests import RowState, TestRow
from control_plane.domain.people import canonical_login
from control_plane.services.courses.submissions import Entry

TAG: Final = "submissions"
OF_STUDENT: Final = f"{ASSIGNMENT}/submissions/{{login}}"
TABLE: Final = {
    "running": 0,
    "waiting": 0,
    "tests": [{"node": "a1b2c3d4e5f6", "title": "Area of a square"}],
    "rows": [
        {
            "login": "ada@example.org",
            "name": "Ada",
            "state": "done",
            "message": "",
            "passed": 1,
            "of": 1,
            "points": 2,
            "results": {"a1b2c3d4e5f6": {"passed": True, "points": 2, "message": "exact"}},
            "duration_ms": 2310.5,
            "at": 1790100000,
            "outdated": False,
        }
    ],
}


def login_of(call: Call) -> str:
    """Return the path's login in its canonical form. Raises ``Invalid``."""
    return canonical_login(call.request.path_params["login"])


async def list_submissions(call: Call) -> Response:
    """List what each student made."""
    entries = call.coursework.submissions.all(call.assignment.id)
    return answer([SubmissionInfo.of(entry, to_teacher=True) for entry in entries])


async def download(call: Call) -> Response:
    """Stream what was handed in."""
    assignment, login = call.assignment, login_of(call)
    record = call.coursework.submissions.get(assignment.id, login)
    chunks = call.coursework.archives.store.read(record.archive_id)
    first = await anext(chunks, b"")  # what cannot be read is told as an error, not as a download that breaks off

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    call.services.audit.record(
        AuditAction.SUBMISSION_DOWNLOADED,
        call.actor,
        project_id=record.project_id,
        course_id=assignment.course_id,
        assignment_id=assignment.id,
        login=login,
    )
    headers = DOWNLOAD | {"content-length": str(record.archive_size), "etag": f'"{record.archive_digest}"'}
    return StreamingResponse(whole(), headers=headers, media_type=ZIP)


async def copy(call: Call) -> Response:
    """Make a project of the teacher's own."""
    made = await call.coursework.submissions.copy(call.actor, call.person, call.assignment.id, login_of(call))
    return answer(ProjectRef(project_id=made))


async def comment(call: Call) -> Response:
    """Say something of a student's work."""
    said = await call.read(Comment)
    entry = await call.coursework.submissions.comment(
        call.actor, call.assignment.id, login_of(call), said.text, said.points
    )
    return answer(SubmissionInfo.of(entry, to_teacher=True))


async def give_back(call: Call) -> Response:
    """Show students what was said of their work."""
    entries = await call.coursework.submissions.give_back(call.actor, call.assignment.id, await chosen(call))
    return answer([SubmissionInfo.of(entry, to_teacher=True) for entry in entries])


async def collect(call: Call) -> Response:
    """Have what could not be collected tried again."""
    logins = await chosen(call)
    entries = await call.coursework.submissions.retry(call.actor, call.assignment.id, logins)
    return answer([SubmissionInfo.of(entry, to_teacher=True) for entry in entries], 202)


async def start_tests(call: Call) -> Response:
    """Run the hidden tests in the background."""
    running = await call.coursework.tests.start(call.actor, call.assignment.id, await chosen(call))
    return answer(TestsStarted(running=running), 202)


async def read_tests(call: Call) -> Response:
    """Answer with what the tests said."""
    assignment = call.assignment
    entries = {entry.submission.login: entry for entry in call.coursework.submissions.all(assignment.id)}
    rows = await call.coursework.tests.table(assignment.id)
    table = TestTable(
        running=sum(row.state is RowState.RUNNING for row in rows),
        waiting=sum(row.state is RowState.WAITING for row in rows),
        tests=[TestInfo(node=node, title=title) for node, title in assignment.tests],
        rows=[describe(row, assignment, entries.get(row.login)) for row in rows],
    )
    return answer(table)


async def cancel_tests(call: Call) -> Response:
    """End the tests."""
    await call.coursework.tests.cancel(call.actor, call.assignment)
    return Response(status_code=204)


async def chosen(call: Call) -> list[str]:
    """Read whose work is meant, each once."""
    return list(dict.fromkeys(canonical_login(login) for login in (await call.read(Chosen)).logins))


def describe(row: TestRow, assignment: Assignment, entry: Entry | None) -> TestRowInfo:
    """Describe a row of the table."""
    digest = entry.submission.archive_digest if entry is not None else ""
    outdated = row.digest != digest or row.version != assignment.version
    return TestRowInfo.of_row(row, entry.name if entry is not None else row.login, outdated=outdated)


OPERATIONS: Final = [
    Operation(
        id="list_submissions",
        method="GET",
        path=f"{ASSIGNMENT}/submissions",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="List what each student made, by login",
        endpoint=list_submissions,
        answer=list[SubmissionInfo],
        answer_example=[OWN],
    ),
    Operation(
        id="download_submission",
        method="GET",
        path=f"{OF_STUDENT}/archive",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Download what a student handed in",
        endpoint=download,
        answer=ZIP,
    ),
    Operation(
        id="copy_submission",
        method="POST",
        path=f"{OF_STUDENT}/copy",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Make a project of your own from what a student handed in",
        endpoint=copy,
        answer=ProjectRef,
    ),
    Operation(
        id="comment_submission",
        method="PUT",
        path=f"{OF_STUDENT}/comment",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Comment on a student's work and give points; they see it once it is given back",
        endpoint=comment,
        body=Comment,
        example={"text": "Well done.", "points": 9.5},
        answer=SubmissionInfo,
    ),
    Operation(
        id="give_back",
        method="POST",
        path=f"{ASSIGNMENT}/give-back",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Show students the comments and points; without logins, everybody who handed in",
        endpoint=give_back,
        body=Chosen,
        example={"logins": []},
        answer=list[SubmissionInfo],
    ),
    Operation(
        id="collect_again",
        method="POST",
        path=f"{ASSIGNMENT}/collect",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Try again to collect what could not be at the deadline; without logins, all of it",
        description="In the background, and again by itself later should it fail again. What is collected so counts as late.",
        endpoint=collect,
        body=Chosen,
        example={"logins": []},
        answer=list[SubmissionInfo],
        status=202,
    ),
    Operation(
        id="start_tests",
        method="POST",
        path=f"{ASSIGNMENT}/tests",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Run the hidden tests; without logins, on all that was handed in",
        description="Each in a sandbox of its own, without a network. One that is being tested is not tested twice.",
        endpoint=start_tests,
        body=Chosen,
        example={"logins": []},
        answer=TestsStarted,
        answer_example={"running": 30},
        status=202,
    ),
    Operation(
        id="get_tests",
        method="GET",
        path=f"{ASSIGNMENT}/tests",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Read what the hidden tests said, and how far they are",
        endpoint=read_tests,
        answer=TestTable,
        answer_example=TABLE,
    ),
    Operation(
        id="cancel_tests",
        method="POST",
        path=f"{ASSIGNMENT}/tests/cancel",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="End the hidden tests that wait or run",
        endpoint=cancel_tests,
        status=204,
    ),
]
