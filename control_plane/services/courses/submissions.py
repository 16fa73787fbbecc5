"""Submissions: what each student makes of an assignment, from its start to being given back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from control_plane.domain.audit import AuditAction
from control_plane.domain.courses import (
    Assignment,
    CourseRole,
    Member,
    Submission,
    SubmissionState,
    check_text,
    submission_id,
    without_failure,
)
from control_plane.domain.errors import Conflict, Forbidden, Invalid, NotFound, TimedOut
from control_plane.domain.identity import Account, Change, Identity, Put
from control_plane.domain.people import Person
from control_plane.domain.project import ProjectRecord
from control_plane.domain.refusals import Refusal
from control_plane.ports import Clock
from control_plane.services.audit import SYSTEM, Actor, AuditLog
from control_plane.services.courses.assignments import Assignments, found
from control_plane.services.courses.courses import Courses
from control_plane.services.courses.keyed_locks import KeyedLocks
from control_plane.services.courses.project_archives import ProjectArchives
from control_plane.services.people.directory import Directory
from control_plane.services.people.record_index import RecordIndex
from control_plane.services.project_registry import ProjectRegistry
from sandbox_image.wire.limits import MAX_NAME

MAX_POINTS: Final = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A student, or somebody who was one, with what they made of an assignment. ``person_id`` is empty without an account."""

    name: str
    person_id: str
    submission: Submission


class Submissions:
    """What students made. What it cannot do it says in a sentence (``Conflict``, ``NotFound``, ``Forbidden`` …)."""

    def __init__(
        self,
        directory: Directory,
        courses: Courses,
        assignments: Assignments,
        archives: ProjectArchives,
        registry: ProjectRegistry,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._directory = directory
        self._courses = courses
        self._assignments = assignments
        self._archives = archives
        self._registry = registry
        self._audit = audit
        self._clock = clock
        self._freezing = KeyedLocks()
        self._failed = RecordIndex(Submission, lambda all_: [s for s in all_ if s.collect_at is not None])

    # ── Looking ───────────────────────────────────────────────────────────────────────────────────────────────

    def mine(self, person: Person, assignment_id: str) -> Entry:
        """Return a student's own. Raises ``NotFound``, ``Forbidden``."""
        assignment = self._assignments.get(assignment_id)
        return self._entry(assignment, self.student(person, assignment), {})

    def all(self, assignment_id: str) -> list[Entry]:
        """Return one for each student by login, and those of people who were students. Raises ``NotFound``."""
        assignment = self._assignments.get(assignment_id)
        members = {member.login: member for member in self._courses.students(assignment.course_id)}
        records = self._records(assignment_id)
        return [self._entry(assignment, login, members) for login in sorted({*members, *records})]

    def get(self, assignment_id: str, login: str) -> Submission:
        """Return what was handed in under a login. Raises ``NotFound``, also for what was not handed in."""
        record = self._directory.identity.get(Submission, submission_id(assignment_id, login))
        if record is None or not record.archive_id:
            raise NotFound(f"Nothing was handed in by {login[:100]!r}.")
        return record

    def project_of(self, record: Submission) -> ProjectRecord | None:
        """Return the project that a student works in; None where they have not started, or have deleted it."""
        project = self._registry.find(record.project_id) if record.started_at is not None else None
        return project if project is not None and project.owner == record.person_id else None

    # ── Handing in ────────────────────────────────────────────────────────────────────────────────────────────

    async def hand_in(self, actor: Actor, person: Person, assignment_id: str) -> Entry:
        """Freeze a student's project. Again before the deadline: in place of what was handed in.

        The time of asking counts, not that at which the sandbox was there: a queue at the deadline makes nobody late.
        One that is read until long after the deadline is late, or is refused with ``TimedOut`` where another was handed
        in before. Raises ``Conflict`` before the start, and after the deadline for who handed in or was collected.
        """
        assignment = self._assignments.get(assignment_id)
        login = self.student(person, assignment)
        id_ = submission_id(assignment_id, login)
        now = self._clock.now()
        async with self._freezing.hold(id_):
            record = self._directory.identity.get(Submission, id_)
            project = self.project_of(record) if record is not None else None
            if record is None or record.started_at is None:
                raise Conflict("Start the assignment first.", reason=Refusal.START_FIRST, assignment_id=assignment_id)
            if project is None or project.owner != person.id:
                raise Conflict(
                    "Your project is gone: restore it, or start the assignment anew.", reason=Refusal.OWN_PROJECT_GONE
                )
            late = assignment.due_at is not None and now >= assignment.due_at
            if late and record.archive_id:
                raise Conflict(
                    "The deadline is over: what you handed in stays as it is.",
                    reason=Refusal.DEADLINE_OVER,
                    due_at=assignment.due_at,
                )
            archive, overran = await self._archives.freeze_by(assignment.due_at, project.id, user=person.name)
            if overran and record.archive_id and not record.collected:
                await self._archives.replaced(id_, archive.id)
                raise TimedOut(
                    "Your project was still being read long after the deadline: what you handed in before stays as it is."
                )
            late = late or overran
            await self.change(
                id_,
                lambda before: replace(
                    without_failure(before),
                    archive_id=archive.id,
                    archive_digest=archive.digest,
                    archive_size=archive.size,
                    handed_in_at=now,
                    late=late,
                    collected=False,
                    given_back_at=None,
                ),
            )
            await self._archives.replaced(id_, record.archive_id)
        self.note(AuditAction.SUBMISSION_HANDED_IN, actor, assignment, login, project_id=project.id, late=late)
        return self._entry(assignment, login, {})

    def to_collect(self, assignment: Assignment) -> list[Submission]:
        """Return what is still to be collected at an assignment's deadline: what was started, and not handed in."""
        due = assignment.due_at
        if due is None:
            return []

        def is_done(record: Submission) -> bool:
            return bool(record.archive_id) and (not record.collected or (record.handed_in_at or 0) >= due)

        return [r for r in self._records(assignment.id).values() if not is_done(r) and self.project_of(r) is not None]

    async def collect(self, assignment: Assignment, id_: str) -> None:
        """Freeze a student's project at the deadline, unless it was handed in meanwhile. Raises what keeps it from being.

        What could not be collected then and is now, or is read for long, counts as late: it may hold what was written
        after the deadline.
        """
        async with self._freezing.hold(id_):
            record = next((r for r in self.to_collect(assignment) if r.id == id_), None)
            if record is None:
                return
            archive, overran = await self._archives.freeze_by(assignment.due_at, record.project_id, touch=False)
            await self.change(
                id_,
                lambda before: replace(
                    without_failure(before),
                    archive_id=archive.id,
                    archive_digest=archive.digest,
                    archive_size=archive.size,
                    handed_in_at=self._clock.now(),
                    late=before.collect_failures > 0 or overran,
                    collected=True,
                    given_back_at=None,
                ),
            )
            await self._archives.replaced(id_, record.archive_id)
        self.note(AuditAction.SUBMISSION_COLLECTED, SYSTEM, assignment, record.login, project_id=record.project_id)

    def to_retry(self) -> list[Submission]:
        """Return what could not be collected and is to be tried again now."""
        now = self._clock.now()
        waiting = self._failed.of(self._directory.identity)
        return [record for record in waiting if record.collect_at is not None and record.collect_at <= now]

    async def retry(self, actor: Actor, assignment_id: str, logins: Sequence[str]) -> list[Entry]:
        """Have what could not be collected tried again now: of these students, or, for none named, of all.

        Raises ``NotFound``, ``Conflict`` for a student who was named and has nothing that could not be collected.
        """
        now = self._clock.now()

        def make(identity: Identity) -> tuple[list[Change], tuple[Assignment, list[str]]]:
            assignment = found(identity, assignment_id)
            records = self._records(assignment_id)
            failed = [record for record in records.values() if record.state is SubmissionState.NOT_COLLECTED]
            chosen = [self._held(identity, assignment, login) for login in dict.fromkeys(logins)] or failed
            for record in chosen:
                if record.state is not SubmissionState.NOT_COLLECTED:
                    raise Conflict(
                        f"Nothing of {record.login[:100]!r} is left to be collected.",
                        reason=Refusal.NOTHING_TO_COLLECT,
                        login=record.login[:100],
                    )
            return [Put(replace(r, collect_at=now)) for r in chosen], (assignment, [r.login for r in chosen])

        assignment, tried = await self._directory.change(make)
        return [self._entry(assignment, login, {}) for login in tried]

    # ── Giving back ───────────────────────────────────────────────────────────────────────────────────────────

    async def comment(self, actor: Actor, assignment_id: str, login: str, text: str, points: float | None) -> Entry:
        """Say something of a student's work; they see it once it is given back. Raises ``NotFound``, ``Invalid``."""
        check_text(text)
        if points is not None and not -MAX_POINTS <= points <= MAX_POINTS:
            raise Invalid(
                f"Points are a number up to {MAX_POINTS:.0f}.",
                field="points",
                reason=Refusal.POINTS_RANGE,
                most=MAX_POINTS,
            )

        def make(identity: Identity) -> tuple[list[Change], Assignment]:
            assignment = found(identity, assignment_id)
            before = self._held(identity, assignment, login)
            after = replace(
                before, comment=text, points=points, commented_by=actor.person_id, commented_at=self._clock.now()
            )
            return [Put(after)], assignment

        assignment = await self._directory.change(make)
        self.note(AuditAction.SUBMISSION_COMMENTED, actor, assignment, login, points=points)
        return self._entry(assignment, login, {})

    async def give_back(self, actor: Actor, assignment_id: str, logins: Sequence[str]) -> list[Entry]:
        """Give back what these students handed in, or, for none named, all that was. Raises ``NotFound``."""
        now = self._clock.now()

        def make(identity: Identity) -> tuple[list[Change], tuple[Assignment, list[str]]]:
            assignment = found(identity, assignment_id)
            handed_in = [r for r in self._records(assignment_id).values() if r.archive_id and r.given_back_at is None]
            chosen = [self._held(identity, assignment, login) for login in dict.fromkeys(logins)] or handed_in
            return [Put(replace(r, given_back_at=now)) for r in chosen], (assignment, [r.login for r in chosen])

        assignment, given = await self._directory.change(make)
        for login in given:
            self.note(AuditAction.SUBMISSION_GIVEN_BACK, actor, assignment, login)
        return [self._entry(assignment, login, {}) for login in given]

    async def copy(self, actor: Actor, person: Person, assignment_id: str, login: str) -> str:
        """Make a project of the teacher's own from what was handed in; return its id. Raises ``NotFound``."""
        assignment = self._assignments.get(assignment_id)
        record = self.get(assignment_id, login)
        name = project_name(f"{assignment.title[: MAX_NAME // 2]} – {self._entry(assignment, login, {}).name}")
        project = await self._archives.make(person, name, record.archive_id)
        self.note(AuditAction.SUBMISSION_COPIED, actor, assignment, login, project_id=project.id)
        return project.id

    # ── Steps that these share ────────────────────────────────────────────────────────────────────────────────

    def student(self, person: Person, assignment: Assignment) -> str:
        """Return the login of a student of the course. Raises ``Forbidden``."""
        account = self._directory.identity.get(Account, person.id)
        if account is None or self._courses.role_in(assignment.course_id, person.id) is not CourseRole.STUDENT:
            raise Forbidden(
                "Only students of the course do its assignments.",
                reason=Refusal.COURSE_STUDENTS_ONLY,
                assignment_id=assignment.id,
            )
        return account.login

    def _records(self, assignment_id: str) -> Mapping[str, Submission]:
        return self._courses.submissions(assignment_id)

    def _entry(self, assignment: Assignment, login: str, members: dict[str, Member]) -> Entry:
        identity = self._directory.identity
        member = members.get(login) or self._courses.member(assignment.course_id, login)
        account = identity.by_login.get(login)
        record = identity.get(Submission, submission_id(assignment.id, login)) or blank(assignment, login)
        name = member.name if member is not None else account.name if account is not None else login
        return Entry(name, account.id if account is not None else "", record)

    def _held(self, identity: Identity, assignment: Assignment, login: str) -> Submission:
        """Return the record under a login, a new one for a student who has none. Raises ``NotFound``."""
        record = identity.get(Submission, submission_id(assignment.id, login))
        if record is not None:
            return record
        member = self._courses.member(assignment.course_id, login)
        if member is None or member.role is not CourseRole.STUDENT:
            raise NotFound(f"There is no student {login[:100]!r} in this course.", login=login[:100])
        return blank(assignment, login)

    async def change(self, id_: str, make: Callable[[Submission], Submission]) -> None:
        """Change a record. Raises ``NotFound`` when the assignment was deleted meanwhile."""

        def change(identity: Identity) -> tuple[list[Change], None]:
            record = identity.get(Submission, id_)
            if record is None:
                raise NotFound("This assignment was deleted meanwhile.")
            return [Put(make(record))], None

        await self._directory.change(change)

    def note(
        self,
        action: AuditAction,
        actor: Actor,
        assignment: Assignment,
        login: str,
        *,
        project_id: str = "",
        **detail: object,
    ) -> None:
        """Note in the audit log what was done with a student's work."""
        about = {"course_id": assignment.course_id, "assignment_id": assignment.id, "login": login}
        self._audit.record(action, actor, project_id=project_id, **about, **detail)


def blank(assignment: Assignment, login: str) -> Submission:
    """Return the record of a student who has not started."""
    return Submission(
        id=submission_id(assignment.id, login),
        assignment_id=assignment.id,
        course_id=assignment.course_id,
        login=login,
    )


def project_name(title: str) -> str:
    """Return a title as a project's name, which must not look like a path."""
    return title.replace("/", "-").replace("\\", "-").strip(" .")[:MAX_NAME].strip() or "Assignment"
