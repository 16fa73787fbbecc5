"""Looks: a teacher or an administrator sees a project that is not theirs, for an hour, and its people are told."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from control_plane.domain.access import no_such_project
from control_plane.domain.audit import AuditAction
from control_plane.domain.courses import CourseRole, Look
from control_plane.domain.errors import Invalid
from control_plane.domain.identity import Account, Change, Drop, Identity, Put, grant_id, new_id
from control_plane.domain.people import Person, Role
from control_plane.domain.project import ProjectRecord
from control_plane.ports import Clock, EventSink
from control_plane.services.audit import Actor, AuditLog
from control_plane.services.courses.courses import Courses
from control_plane.services.people.directory import Directory
from control_plane.services.people.record_index import RecordIndex, grouped
from sandbox_image.wire.events import LookedAt

LOOK_SEC: Final = 3600.0
KEPT_SEC: Final = 180 * 86400.0
MAX_PER_PROJECT: Final = 100


class Looks:
    """Who looked at which project. Look-ups never wait."""

    def __init__(
        self,
        directory: Directory,
        courses: Courses,
        audit: AuditLog,
        clock: Clock,
        events: EventSink,
        name_of: Callable[[str], str],
    ) -> None:
        """``name_of`` tells a person's name."""
        self._directory = directory
        self._courses = courses
        self._audit = audit
        self._clock = clock
        self._events = events
        self._name_of = name_of
        self._by_project = RecordIndex(Look, grouped(lambda look: look.project_id))
        self._latest = RecordIndex(Look, _latest)

    def of(self, project_id: str) -> list[Look]:
        """Return the looks at a project, the newest first."""
        looks = self._by_project.of(self._directory.identity).get(project_id, ())
        return sorted(looks, key=lambda look: look.at, reverse=True)

    def may_see(self, project_id: str, person_id: str) -> bool:
        """Tell whether a look of the person's is good now; it ends with the hour, and with the right to look."""
        look = self._latest.of(self._directory.identity).get(grant_id(project_id, person_id))
        return look is not None and look.until > self._clock.now() and self._still_may(look)

    async def look(self, actor: Actor, person: Person, project: ProjectRecord | None, project_id: str) -> Look:
        """Begin a look, or make the one that runs last an hour from now. Raises ``NotFound``, ``Invalid``."""
        if project is None:
            raise no_such_project(project_id)
        if project.owner == person.id:
            raise Invalid("The project is yours: open it.", field="project_id")
        course_id = self._by_right_of(person, project)
        now = self._clock.now()
        begun = Look(
            id=new_id(), project_id=project.id, person_id=person.id, course_id=course_id, at=now, until=now + LOOK_SEC
        )

        def make(identity: Identity) -> tuple[list[Change], Look]:
            held = sorted(self._by_project.of(identity).get(project.id, ()), key=lambda look: look.at)
            mine = next((x for x in reversed(held) if x.person_id == person.id and x.until > now), None)
            look = begun if mine is None else replace(mine, until=begun.until, course_id=course_id)
            kept = [x for x in held if x.at > now - KEPT_SEC and x.id != look.id][1 - MAX_PER_PROJECT :]
            over = [Drop(Look, x.id) for x in held if x not in kept and x.id != look.id]
            return [*over, Put(look)], look

        look = await self._directory.change(make)
        self._audit.record(
            AuditAction.PROJECT_LOOKED_AT, actor, project_id=project.id, course_id=course_id, until=look.until
        )
        self._events.publish(
            project.id, LookedAt(person_id=person.id, name=self._name_of(person.id), at=look.at, until=look.until)
        )
        return look

    def _by_right_of(self, person: Person, project: ProjectRecord) -> str:
        """Return the course that lets the person look; empty for an administrator. Raises ``NotFound``."""
        submission = self._courses.submission_of(project.id)
        if submission is not None and submission.person_id == project.owner:
            course_id = submission.course_id
            if self._courses.role_in(course_id, person.id) is CourseRole.TEACHER:
                return course_id
        if person.role is Role.ADMIN:
            return ""
        raise no_such_project(project.id)

    def _still_may(self, look: Look) -> bool:
        if look.course_id:
            return self._courses.role_in(look.course_id, look.person_id) is CourseRole.TEACHER
        account = self._directory.identity.get(Account, look.person_id)
        return account is not None and account.role is Role.ADMIN


def _latest(looks: Iterable[Look]) -> Mapping[str, Look]:
    latest: dict[str, Look] = {}
    for look in looks:
        key = grant_id(look.project_id, look.person_id)
        if key not in latest or latest[key].until < look.until:
            latest[key] = look
    return latest
