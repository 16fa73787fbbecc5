"""Exams: when they are, who sits in one now, and what that takes away. Look-ups never wait.

``domain.access`` says which operations are closed. Who resolves a sandbox's way out asks ``egress_closed``, and is told by
``on_change`` when the answer may have become another.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from control_plane.domain.audit import AuditAction
from control_plane.domain.courses import CourseRole, Exam, check_title
from control_plane.domain.errors import Forbidden, Invalid, NotFound, TooMany
from control_plane.domain.identity import Account, Change, Drop, Identity, Put, new_id
from control_plane.domain.people import Role
from control_plane.domain.refusals import Refusal
from control_plane.ports import Clock
from control_plane.services.audit import Actor, AuditLog
from control_plane.services.courses.courses import Courses
from control_plane.services.people.directory import Directory
from control_plane.services.people.record_index import RecordIndex, grouped

MAX_EXAMS: Final = 100
MAX_LENGTH_SEC: Final = 7 * 86400.0


class Exams:
    """The exams of all courses."""

    def __init__(
        self,
        directory: Directory,
        courses: Courses,
        audit: AuditLog,
        clock: Clock,
        owner_of: Callable[[str], str],
    ) -> None:
        """``owner_of`` tells a project's owner, by their id."""
        self._directory = directory
        self._courses = courses
        self._audit = audit
        self._clock = clock
        self._owner_of = owner_of
        self._by_course = RecordIndex(Exam, grouped(lambda exam: exam.course_id))
        self._in_order = RecordIndex(Exam, _latest_end_first)
        self._on_change: list[Callable[[frozenset[str]], None]] = []
        self._sitting: frozenset[str] = frozenset()

    # ── Looking ───────────────────────────────────────────────────────────────────────────────────────────────

    def of(self, course_id: str) -> list[Exam]:
        """Return a course's exams, the earliest first, those that are over included."""
        exams = self._by_course.of(self._directory.identity).get(course_id, ())
        return sorted(exams, key=lambda exam: exam.starts_at)

    def running(self) -> list[Exam]:
        """Return all exams that run now."""
        now = self._clock.now()
        running: list[Exam] = []
        for exam in self._in_order.of(self._directory.identity):
            if exam.ends_at <= now:
                break
            if exam.starts_at <= now:
                running.append(exam)
        return running

    def running_in(self, course_id: str) -> Exam | None:
        """Return the exam of a course that runs now; of several, the one that ends last."""
        return next((exam for exam in self.running() if exam.course_id == course_id), None)

    def exam_of(self, person_id: str) -> Exam | None:
        """Return the exam that a person sits in now, as a student; of several, the one that ends last."""
        return next((exam for exam in self.running() if self._sits_in(exam, person_id)), None)

    def person_in_exam(self, person_id: str) -> bool:
        """Tell whether a person sits in an exam now."""
        return self.exam_of(person_id) is not None

    def egress_closed(self, project_id: str) -> bool:
        """Tell whether a project's sandbox has no way out, because its owner sits in an exam."""
        return self.person_in_exam(self._owner_of(project_id))

    def suspends(self, project_id: str, person_id: str) -> bool:
        """Tell whether an exam keeps a share from counting: a share of a person who sits in one, or one in a project of such a
        person, unless it is their teacher's.
        """
        running = self.running()
        if not running:
            return False
        if self.person_in_exam(person_id):
            return True
        owner, role_in = self._owner_of(project_id), self._courses.role_in
        sat_by_owner = [exam for exam in running if self._sits_in(exam, owner)]
        if not sat_by_owner or self._is_admin(person_id):
            return False
        return all(role_in(exam.course_id, person_id) is not CourseRole.TEACHER for exam in sat_by_owner)

    def check(self, person_id: str) -> None:
        """Raise ``Forbidden`` while an exam of the person's runs."""
        exam = self.exam_of(person_id)
        if exam is not None:
            raise Forbidden(
                f"The exam {exam.title!r} is on: nothing is brought in or shared until it ends.",
                reason=Refusal.EXAM_ON,
                title=exam.title,
                exam_id=exam.id,
                ends_at=exam.ends_at,
            )

    # ── Telling ───────────────────────────────────────────────────────────────────────────────────────────────

    def on_change(self, callback: Callable[[frozenset[str]], None]) -> None:
        """Have something called, with the ids of the people who began or ceased to sit in an exam. It must not wait."""
        self._on_change.append(callback)

    def sweep(self) -> None:
        """See who sits in an exam now; called after every change and about once a second."""
        sitting = frozenset(self._sitting_now())
        moved, self._sitting = sitting ^ self._sitting, sitting
        if moved:
            for callback in self._on_change:
                callback(moved)

    def _sitting_now(self) -> Iterable[str]:
        for exam in self.running():
            for student in self._courses.students(exam.course_id):
                account = self._courses.account_of(student.login)
                if account is not None and account.role is not Role.ADMIN:
                    yield account.id

    def _sits_in(self, exam: Exam, person_id: str) -> bool:
        # A teacher lists whom they like: that binds no administrator.
        is_student = self._courses.role_in(exam.course_id, person_id) is CourseRole.STUDENT
        return is_student and not self._is_admin(person_id)

    def _is_admin(self, person_id: str) -> bool:
        account = self._directory.identity.get(Account, person_id)
        return account is not None and account.role is Role.ADMIN

    # ── Changing ──────────────────────────────────────────────────────────────────────────────────────────────

    async def create(self, actor: Actor, course_id: str, title: str, starts_at: float, ends_at: float) -> Exam:
        """Make an exam; one whose start has passed begins at once. Raises ``Invalid``, ``TooMany``, ``NotFound``."""
        now = self._clock.now()
        exam = Exam(
            id=new_id(),
            course_id=course_id,
            title=check_title(title),
            starts_at=starts_at,
            ends_at=ends_at,
            created_by=actor.person_id,
            created_at=now,
        )
        if not (starts_at < ends_at <= starts_at + MAX_LENGTH_SEC):
            raise Invalid("An exam ends after it starts, within a week.", field="ends_at", reason=Refusal.EXAM_TIMES)
        if not now < ends_at <= now + 366 * 86400:
            raise Invalid("An exam ends in the future, within a year.", field="ends_at", reason=Refusal.EXAM_OVER)

        def make(_: Identity) -> tuple[list[Change], None]:
            self._courses.get(course_id)
            if len(self.of(course_id)) >= MAX_EXAMS:
                raise TooMany(f"The course has {MAX_EXAMS} exams: remove some.")
            return [Put(exam)], None

        await self._directory.change(make)
        self._audit.record(
            AuditAction.EXAM_CREATED,
            actor,
            course_id=course_id,
            exam_id=exam.id,
            title=exam.title,
            starts_at=starts_at,
            ends_at=ends_at,
        )
        return exam

    async def remove(self, actor: Actor, course_id: str, exam_id: str) -> None:
        """Remove an exam; one that runs ends at once. Raises ``NotFound``."""

        def make(identity: Identity) -> tuple[list[Change], Exam]:
            exam = identity.get(Exam, exam_id)
            if exam is None or exam.course_id != course_id:
                raise NotFound(f"There is no exam {exam_id[:64]!r} in this course.")
            return [Drop(Exam, exam_id)], exam

        exam = await self._directory.change(make)
        self._audit.record(AuditAction.EXAM_REMOVED, actor, course_id=course_id, exam_id=exam_id, title=exam.title)


def _latest_end_first(exams: Iterable[Exam]) -> Sequence[Exam]:
    return sorted(exams, key=lambda exam: exam.ends_at, reverse=True)
