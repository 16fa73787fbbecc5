"""Courses, and who is what in them. Look-ups never wait."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from control_plane.domain.access import course_role_of, no_such_course
from control_plane.domain.audit import AuditAction
from control_plane.domain.courses import (
    Assignment,
    Course,
    CourseRole,
    Exam,
    Member,
    Submission,
    check_claim,
    check_title,
    member_id,
)
from control_plane.domain.errors import TooMany
from control_plane.domain.identity import Account, Change, Drop, Identity, Invitation, Put, Record, new_id
from control_plane.domain.people import Person
from control_plane.ports import Clock
from control_plane.services.audit import Actor, AuditLog
from control_plane.services.people.directory import Directory
from control_plane.services.people.record_index import RecordIndex, grouped

MAX_COURSES: Final = 10_000
BELOW: Final[tuple[type[Submission | Assignment | Exam | Member], ...]] = (Submission, Assignment, Exam, Member)
"""What goes with a course, what refers to others first."""


class Courses:
    """All courses. What it cannot do it says in a sentence (``Invalid``, ``NotFound``, ``TooMany``)."""

    def __init__(self, directory: Directory, audit: AuditLog, clock: Clock) -> None:
        self._directory = directory
        self._audit = audit
        self._clock = clock
        self._members = RecordIndex(Member, grouped(lambda member: member.course_id))
        self._memberships = RecordIndex(Member, grouped(lambda member: member.login))
        self._assignments = RecordIndex(Assignment, grouped(lambda assignment: assignment.course_id))
        self._handed_out = RecordIndex(Submission, grouped(lambda submission: submission.assignment_id))
        self._submissions = RecordIndex(Submission, lambda all_: {s.project_id: s for s in all_ if s.project_id})

    # ── Looking ───────────────────────────────────────────────────────────────────────────────────────────────

    def exists(self, course_id: str) -> bool:
        """Tell whether there is such a course; the guard asks for each request."""
        return self._directory.identity.get(Course, course_id) is not None

    def get(self, course_id: str) -> Course:
        """Return a course. Raises ``NotFound``."""
        course = self._directory.identity.get(Course, course_id)
        if course is None:
            raise no_such_course(course_id)
        return course

    def all(self) -> list[Course]:
        """Return all courses, the newest first."""
        courses = self._directory.identity.all(Course).values()
        return sorted(courses, key=lambda course: course.created_at, reverse=True)

    def of(self, person: Person) -> list[tuple[Course, CourseRole]]:
        """Return the courses that a person is in, and as what, the newest first; an administrator is in all."""
        roles = {member.course_id: member.role for member in self.memberships(person.id)}
        found = ((course, course_role_of(person, roles.get(course.id))) for course in self.all())
        return [(course, role) for course, role in found if role is not None]

    def role_in(self, course_id: str, person_id: str) -> CourseRole | None:
        """Return what the list of members says of a person; the guard asks for each request."""
        identity = self._directory.identity
        account = identity.get(Account, person_id)
        member = identity.get(Member, member_id(course_id, account.login)) if account is not None else None
        return member.role if member is not None else None

    def memberships(self, person_id: str) -> Sequence[Member]:
        """Return what a person is listed as, course by course."""
        identity = self._directory.identity
        account = identity.get(Account, person_id)
        return self._memberships.of(identity).get(account.login, ()) if account is not None else ()

    def members(self, course_id: str) -> Sequence[Member]:
        """Return a course's members in no order."""
        return self._members.of(self._directory.identity).get(course_id, ())

    def students(self, course_id: str) -> list[Member]:
        """Return a course's students by login."""
        students = (member for member in self.members(course_id) if member.role is CourseRole.STUDENT)
        return sorted(students, key=lambda member: member.login)

    def account_of(self, login: str) -> Account | None:
        """Return the account of a canonical login, if there is one."""
        return self._directory.identity.by_login.get(login)

    def assignment(self, assignment_id: str) -> Assignment | None:
        """Return an assignment, if there is one."""
        return self._directory.identity.get(Assignment, assignment_id)

    def assignments(self, course_id: str) -> Sequence[Assignment]:
        """Return a course's assignments in no order."""
        return self._assignments.of(self._directory.identity).get(course_id, ())

    def member(self, course_id: str, login: str) -> Member | None:
        """Return what a canonical login is listed as in a course."""
        return self._directory.identity.get(Member, member_id(course_id, login))

    def submissions(self, assignment_id: str) -> Mapping[str, Submission]:
        """Return what was made of an assignment, by login."""
        records = self._handed_out.of(self._directory.identity).get(assignment_id, ())
        return {record.login: record for record in records}

    def submission_of(self, project_id: str) -> Submission | None:
        """Return the submission that a student's project is for."""
        return self._submissions.of(self._directory.identity).get(project_id)

    def course_of(self, project_id: str) -> str:
        """Return the id of the course that a student's project belongs to; empty: none."""
        submission = self.submission_of(project_id)
        return submission.course_id if submission is not None else ""

    # ── Changing ──────────────────────────────────────────────────────────────────────────────────────────────

    async def create(self, actor: Actor, title: str) -> Course:
        """Make a course, with the actor as its first teacher. Raises ``Invalid``, ``TooMany``."""
        now = self._clock.now()
        course = Course(id=new_id(), title=check_title(title), created_by=actor.person_id, created_at=now)

        def make(identity: Identity) -> tuple[list[Change], None]:
            if len(identity.all(Course)) >= MAX_COURSES:
                raise TooMany(f"There are {MAX_COURSES} courses: delete some.")
            account = identity.get(Account, actor.person_id)
            teachers: list[Change] = []
            if account is not None:
                teacher = Member(
                    id=member_id(course.id, account.login),
                    course_id=course.id,
                    login=account.login,
                    name=account.name,
                    role=CourseRole.TEACHER,
                    created_at=now,
                )
                teachers.append(Put(teacher))
            return [Put(course), *teachers], None

        await self._directory.change(make)
        self._audit.record(AuditAction.COURSE_CREATED, actor, course_id=course.id, title=course.title)
        return course

    async def change(
        self, actor: Actor, course_id: str, *, title: str | None = None, claim: str | None = None
    ) -> Course:
        """Change what is not None. Raises ``NotFound``, ``Invalid``."""
        shown = None if title is None else check_title(title)
        value = None if claim is None else check_claim(claim)

        def make(identity: Identity) -> tuple[list[Change], Course]:
            before = _course(identity, course_id)
            after = replace(
                before,
                title=before.title if shown is None else shown,
                claim=before.claim if value is None else value,
            )
            return [Put(after)] if after != before else [], after

        course = await self._directory.change(make)
        self._audit.record(
            AuditAction.COURSE_CHANGED, actor, course_id=course_id, title=course.title, claim=course.claim
        )
        return course

    async def remove(self, actor: Actor, course_id: str) -> None:
        """Remove a course with all in it and the invitations to it; the projects of its people stay. Raises ``NotFound``."""

        def make(identity: Identity) -> tuple[list[Change], Course]:
            course = _course(identity, course_id)
            below: list[Record] = [r for kind in BELOW for r in identity.all(kind).values() if r.course_id == course_id]
            below += [i for i in identity.all(Invitation).values() if i.course_id == course_id]
            return [*(Drop(type(record), record.id) for record in below), Drop(Course, course_id)], course

        course = await self._directory.change(make)
        self._audit.record(AuditAction.COURSE_DELETED, actor, course_id=course_id, title=course.title)


def _course(identity: Identity, course_id: str) -> Course:
    course = identity.get(Course, course_id)
    if course is None:
        raise no_such_course(course_id)
    return course
