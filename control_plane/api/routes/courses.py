"""Courses, and when their exams are."""

from typing import Final

from starlette.responses import Response

from control_plane.api.course_schemas import CourseInfo, CoursePatch, CourseSummary, ExamInfo, NewCourse, NewExam
from control_plane.api.dependencies import Call, answer
from control_plane.api.operation import Operation
from control_plane.domain.access import Policy, course_role_of
from control_plane.domain.courses import Course, CourseRole

TAG: Final = "courses"
COURSE: Final = "/api/courses/{course_id}"


def exam_now(call: Call, course_id: str) -> ExamInfo | None:
    """Describe the exam that runs now."""
    exam = call.hosted.exams.running_in(course_id)
    return ExamInfo.of(exam) if exam is not None else None


def role_in(call: Call, course_id: str) -> CourseRole:
    """Return what the caller is in a course that they were let into."""
    role = course_role_of(call.person, call.hosted.courses.role_in(course_id, call.person.id))
    return role or CourseRole.STUDENT


def summary(call: Call, course: Course, role: CourseRole) -> CourseSummary:
    """Describe a course in the list."""
    courses = call.hosted.courses
    drafts_too = role is CourseRole.TEACHER
    return CourseSummary(
        id=course.id,
        title=course.title,
        role=role,
        students=len(courses.students(course.id)),
        assignments=sum(drafts_too or a.published_at is not None for a in courses.assignments(course.id)),
        exam=exam_now(call, course.id),
    )


def describe(call: Call, course: Course) -> CourseInfo:
    """Describe a course to a member."""
    role = role_in(call, course.id)
    return CourseInfo(
        id=course.id,
        title=course.title,
        claim=course.claim if role is CourseRole.TEACHER else "",
        role=role,
        created_at=course.created_at,
        students=len(call.hosted.courses.students(course.id)),
        exam=exam_now(call, course.id),
    )


async def list_courses(call: Call) -> Response:
    """List the caller's courses; all for an administrator."""
    return answer([summary(call, course, role) for course, role in call.hosted.courses.of(call.person)])


async def create(call: Call) -> Response:
    """Make a course."""
    courses, new = call.hosted.courses, await call.read(NewCourse)
    return answer(describe(call, await courses.create(call.actor, new.title)), 201)


async def read(call: Call) -> Response:
    """Answer with a course."""
    return answer(describe(call, call.hosted.courses.get(call.course_id)))


async def change(call: Call) -> Response:
    """Change a course."""
    courses, patch = call.hosted.courses, await call.read(CoursePatch)
    return answer(
        describe(call, await courses.change(call.actor, call.course_id, title=patch.title, claim=patch.claim))
    )


async def remove(call: Call) -> Response:
    """Delete a course."""
    await call.hosted.courses.remove(call.actor, call.course_id)
    return Response(status_code=204)


async def list_exams(call: Call) -> Response:
    """List the course's exams."""
    return answer([ExamInfo.of(exam) for exam in call.hosted.exams.of(call.course_id)])


async def create_exam(call: Call) -> Response:
    """Make an exam."""
    exams, new = call.hosted.exams, await call.read(NewExam)
    exam = await exams.create(call.actor, call.course_id, new.title, new.starts_at, new.ends_at)
    return answer(ExamInfo.of(exam), 201)


async def remove_exam(call: Call) -> Response:
    """Remove an exam."""
    await call.hosted.exams.remove(call.actor, call.course_id, call.request.path_params["exam_id"])
    return Response(status_code=204)


OPERATIONS: Final = [
    Operation(
        id="list_courses",
        method="GET",
        path="/api/courses",
        policy=Policy.SIGNED_IN,
        tag=TAG,
        summary="List your courses, the newest first; an administrator's list has all",
        endpoint=list_courses,
        answer=list[CourseSummary],
    ),
    Operation(
        id="create_course",
        method="POST",
        path="/api/courses",
        policy=Policy.TEACHER,
        tag=TAG,
        summary="Make a course; you are its first teacher",
        endpoint=create,
        body=NewCourse,
        answer=CourseInfo,
        status=201,
    ),
    Operation(
        id="get_course",
        method="GET",
        path=COURSE,
        policy=Policy.COURSE,
        tag=TAG,
        summary="Read a course",
        endpoint=read,
        answer=CourseInfo,
    ),
    Operation(
        id="change_course",
        method="PATCH",
        path=COURSE,
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Rename a course, or say which group of the identity provider makes people its students",
        endpoint=change,
        body=CoursePatch,
        answer=CourseInfo,
    ),
    Operation(
        id="delete_course",
        method="DELETE",
        path=COURSE,
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Delete a course with its assignments and submissions; projects stay with their owners",
        endpoint=remove,
        status=204,
    ),
    Operation(
        id="list_exams",
        method="GET",
        path=COURSE + "/exams",
        policy=Policy.COURSE,
        tag=TAG,
        summary="List the course's exams, those that are over included",
        endpoint=list_exams,
        answer=list[ExamInfo],
    ),
    Operation(
        id="create_exam",
        method="POST",
        path=COURSE + "/exams",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Make an exam: a time without egress, imports and sharing for the course's students",
        endpoint=create_exam,
        body=NewExam,
        answer=ExamInfo,
        status=201,
    ),
    Operation(
        id="delete_exam",
        method="DELETE",
        path=COURSE + "/exams/{exam_id}",
        policy=Policy.COURSE_TEACHER,
        tag=TAG,
        summary="Remove an exam; one that runs ends at once",
        endpoint=remove_exam,
        status=204,
    ),
]
