"""What each project may use, from memory: what was said of whom, in front of the store, and who has a say in it."""

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Protocol

from control_plane.domain.access import no_such_project
from control_plane.domain.allowance import (
    COURSES,
    DEPLOYMENT,
    MAX_ASKED,
    Allowance,
    AllowanceRecord,
    Granted,
    ceiling_of,
    changes,
    check_about,
    check_allowance,
    check_subject,
    check_within,
    course_subject,
    project_subject,
    resolve,
    role_subject,
    written,
)
from control_plane.domain.courses import CourseRole
from control_plane.domain.egress import AllowedHost, EgressMode, EgressPolicy
from control_plane.domain.errors import Forbidden, TooMany
from control_plane.domain.people import LOCAL_PERSON, Person, Role, Scope
from control_plane.domain.project import COURSE_OWNER, ProjectRecord, is_courses_own
from control_plane.domain.sandbox import Limits
from control_plane.ports import AllowanceStore, Clock
from control_plane.services.project_registry import ProjectRegistry
from control_plane.services.sandboxes.start_turns import Place

PROJECT: Final = project_subject("")


class Courses(Protocol):
    """What is asked about courses; answered from memory."""

    def course_of(self, project_id: str) -> str:
        """Return the id of the course that a project belongs to; empty: none."""
        ...

    def role_in(self, course_id: str, person_id: str) -> CourseRole | None: ...


class NoCourses:
    """Where there is one person, there are no courses."""

    def course_of(self, project_id: str) -> str:
        """Return that it belongs to none."""
        return ""

    def role_in(self, course_id: str, person_id: str) -> CourseRole | None:
        """Return that nobody is in any."""
        return None


def local_role(person_id: str) -> Role | None:
    """Return the role of the one person of local mode."""
    return LOCAL_PERSON.role if person_id == LOCAL_PERSON.id else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What the settings say: of everybody (``base`` says something of everything), the most, and where packages come from."""

    base: Allowance
    most: Limits
    packages: Sequence[AllowedHost] = ()


class Allowances:
    """All allowances. Look-ups never wait; changes are durable when they return. Raises ``StoreUnavailable``."""

    def __init__(
        self,
        store: AllowanceStore,
        registry: ProjectRegistry,
        deployment: Deployment,
        clock: Clock,
    ) -> None:
        self.deployment = deployment
        self.role_of: Callable[[str], Role | None] = local_role
        """Tells a person's role by their id; None: it is nobody's id."""
        self.courses: Courses = NoCourses()
        self.egress_closed: Callable[[str], bool] = lambda _: False
        """Tells whether an exam closes a project's way out."""
        self._store = store
        self._registry = registry
        self._clock = clock
        self._records: dict[str, AllowanceRecord] = {}
        self._installing: set[str] = set()
        self._changing = asyncio.Lock()
        """Held from reading what is said until something else is: changes at once must not undo each other."""

    async def load(self) -> None:
        """Read everything that is stored."""
        self._records = {record.subject: record for record in await self._store.list()}

    # ── Looking ───────────────────────────────────────────────────────────────────────────────────────────────

    def get(self, subject: str) -> AllowanceRecord:
        """Return what is said of a subject, which may be nothing."""
        return self._records.get(subject) or AllowanceRecord(subject=subject)

    def all(self) -> list[AllowanceRecord]:
        """Return all that is said, by subject."""
        return sorted(self._records.values(), key=lambda record: record.subject)

    @property
    def ceiling(self) -> Allowance:
        """The most that teachers may say."""
        return ceiling_of(self.get(COURSES).allowance, self.everybody)

    @property
    def everybody(self) -> Allowance:
        """What is given where nobody says anything of a role, course or project."""
        said = self.get(DEPLOYMENT).allowance
        values = {name: value for name in Allowance.__slots__ if (value := getattr(said, name)) is not None}
        return replace(self.deployment.base, **values | {"hosts": (*self.deployment.base.hosts, *said.hosts)})

    def granted(self, project_id: str) -> Granted:
        """Return what a project may use."""
        owner = self._registry.owner_of(project_id)
        role = self.role_of(owner)
        course = owner.removeprefix(COURSE_OWNER) if is_courses_own(owner) else self.courses.course_of(project_id)
        subjects = [
            *self._about(role),
            *([course_subject(course)] if course else []),
            project_subject(project_id),
        ]
        granted = self._resolved(subjects, in_exam=self.egress_closed(project_id))
        if not is_courses_own(owner):
            return granted
        most = EgressMode.PACKAGES if project_id in self._installing else EgressMode.NONE
        return replace(granted, egress=min(granted.egress, most, key=list(EgressMode).index))

    def _about(self, role: Role | None) -> list[str]:
        """Return the subjects that people of a role are."""
        return [DEPLOYMENT, *([role_subject(role)] if role is not None else [])]

    def _resolved(self, subjects: Sequence[str], *, in_exam: bool = False) -> Granted:
        said = [record for subject in subjects if (record := self._records.get(subject)) is not None]
        return resolve(self.deployment.base, said, self.ceiling, self.deployment.most, in_exam=in_exam)

    @contextmanager
    def installing(self, project_id: str) -> Generator[None]:
        """Let a course's own project, which has no way out otherwise, reach the package index in the block.

        Whoever leaves the block closes the gate of a sandbox that runs: ``SandboxMoves.open_gate``.
        """
        self._installing.add(project_id)
        try:
            yield
        finally:
            self._installing.discard(project_id)

    def limits_of(self, project_id: str) -> Limits:
        """Return the limits of a project's sandbox."""
        return self.granted(project_id).limits

    def egress_of(self, project_id: str) -> EgressPolicy:
        """Return what a project's gate lets through."""
        return self.granted(project_id).policy(self.deployment.packages)

    def at_once_of(self, project_id: str) -> int:
        """Return how many sandboxes the project's owner may have at once; 0: any number, which is also for who is no person."""
        owner = self._registry.owner_of(project_id)
        return self.granted(project_id).at_once if self.role_of(owner) is not None else 0

    def check_projects(self, person_id: str) -> None:
        """Raise ``TooMany`` for a person who has as many projects as they may.

        Those that a course handed out do not count, nor do deleted ones, which are counted when they are restored.
        """
        role = self.role_of(person_id)
        allowed = self._resolved(self._about(role)).projects if role is not None else 0
        if not allowed:
            return
        own = [r for r in self._registry.all() if r.owner == person_id and r.deleted_at is None]
        counted = sum(not self.courses.course_of(record.id) for record in own)
        if counted >= allowed:
            raise TooMany(
                f"You may have {allowed} projects of your own, and have {counted}. Delete what you no longer need, or ask an "
                "administrator.",
                projects=allowed,
            )

    def check_restorable(self, record: ProjectRecord) -> None:
        """Raise ``TooMany`` for a deleted project whose owner has as many as they may."""
        if not self.courses.course_of(record.id):
            self.check_projects(record.owner)

    def place_of(self, project_id: str) -> Place:
        """Return where a project's start stands in the queue."""
        owner = self._registry.owner_of(project_id)
        course = self.courses.course_of(project_id)
        return Place(course_subject(course) if course else owner, owner)

    # ── Who may change what ───────────────────────────────────────────────────────────────────────────────────

    def may_change(self, person: Person, project_id: str) -> bool:
        """Tell whether a person may change what a project may use: an administrator, or a teacher of its course."""
        if person.scope is not Scope.ADMIN:
            return False
        if person.role is Role.ADMIN:
            return True
        course = self.courses.course_of(project_id)
        return bool(course) and self.courses.role_in(course, person.id) is CourseRole.TEACHER

    def check_may_change(self, person: Person, project_id: str, *, sees: bool) -> None:
        """Raise ``NotFound``, or ``Forbidden`` if the person at least ``sees`` the project."""
        if self._registry.find(project_id) is not None and self.may_change(person, project_id):
            return
        if not sees:
            raise no_such_project(project_id)
        raise Forbidden(
            "Only a teacher of the course that this project belongs to, or an administrator, may change what it may use: "
            "ask one of them.",
            project_id=project_id,
        )

    # ── Changing ──────────────────────────────────────────────────────────────────────────────────────────────

    async def put(self, subject: str, allowance: Allowance, person: Person) -> AllowanceRecord:
        """Say something of a subject, in place of what was said. Raises ``Invalid``; ``Forbidden`` above a teacher's ceiling.

        A teacher may leave as it is what an administrator said. Who asked for a host that is allowed now has got an answer.
        """
        check_about(check_subject(subject), allowance)
        allowance = check_allowance(allowance, self.deployment.most)
        by_teacher = person.role is not Role.ADMIN
        async with self._changing:
            before = self.get(subject)
            if by_teacher:
                check_within(changes(before.allowance, allowance), self.ceiling)
            record = AllowanceRecord(
                subject=subject,
                allowance=allowance,
                by_teacher=by_teacher and (before.by_teacher or before.allowance == Allowance()),
                set_by=person.id,
                set_at=self._clock.now(),
                asked=tuple(host for host in before.asked if host not in allowance.hosts),
            )
            return await self._keep(record)

    async def drop(self, subject: str) -> None:
        """Say nothing of a subject any more. What is gone already is no error."""
        async with self._changing:
            if subject in self._records:
                await self._store.delete(subject)
                del self._records[subject]

    async def ask(self, project_id: str, host: str) -> AllowanceRecord:
        """Note that somebody asks for a host who may not allow it. Raises ``Invalid``, ``TooMany``."""
        host = written(host)
        async with self._changing:
            record = self.get(project_subject(project_id))
            if host in record.asked or host in record.allowance.hosts:
                return record
            if len(record.asked) >= MAX_ASKED:
                raise TooMany(f"{MAX_ASKED} hosts wait for an answer already: talk to your teacher about them.")
            return await self._keep(replace(record, asked=(*record.asked, host)))

    async def refuse(self, project_id: str, host: str) -> AllowanceRecord:
        """Answer somebody who asked for a host that it stays closed."""
        async with self._changing:
            record = self.get(project_subject(project_id))
            return await self._keep(replace(record, asked=tuple(each for each in record.asked if each != host)))

    async def sweep(self) -> None:
        """Forget what was said of projects that are gone."""
        for subject in list(self._records):
            if subject.startswith(PROJECT) and self._registry.find_any(subject.removeprefix(PROJECT)) is None:
                await self.drop(subject)

    async def _keep(self, record: AllowanceRecord) -> AllowanceRecord:
        await self._store.put(record)
        self._records[record.subject] = record
        return record
