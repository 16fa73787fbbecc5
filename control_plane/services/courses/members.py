"""Who is in a course: listed by a teacher, one by one or as CSV, invited, or by a claim of the identity provider."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from control_plane.domain.access import no_such_course
from control_plane.domain.audit import AuditAction
from control_plane.domain.courses import Course, CourseRole, Member, member_id
from control_plane.domain.errors import AimforgeError, Conflict, Invalid, NotFound, TooMany
from control_plane.domain.identity import Account, Change, Drop, Identity, Put
from control_plane.domain.member_list import Listed, Problem, read_member_list
from control_plane.domain.oidc import ClaimRule
from control_plane.domain.people import MAX_PERSON_NAME, Registration, Role, canonical_login, check_person_name
from control_plane.domain.refusals import Refusal
from control_plane.ports import Clock
from control_plane.services.audit import Actor, AuditLog
from control_plane.services.people.directory import Directory

MAX_MEMBERS: Final = 5000


@dataclass(slots=True, kw_only=True)
class Imported:
    """What became of a list: how many were added and changed, which logins have no account yet, and which lines were wrong."""

    added: int = 0
    changed: int = 0
    unknown: list[str] = field(default_factory=list[str])
    problems: list[Problem] = field(default_factory=list[Problem])


class Members:
    """The members of all courses. What it cannot do it says in a sentence (``Invalid``, ``Conflict``, ``NotFound`` …)."""

    def __init__(
        self, directory: Directory, audit: AuditLog, clock: Clock, registration: Registration, group_claim: str
    ) -> None:
        """``group_claim`` is the claim of the provider that courses name values of."""
        self._directory = directory
        self._audit = audit
        self._clock = clock
        self._registration = registration
        self._group_claim = group_claim

    async def put(self, actor: Actor, course_id: str, login: str, name: str, role: CourseRole | None) -> Member:
        """Add a member, or change one, but for an empty name and no role. Raises ``NotFound``, ``Invalid``, ``Conflict``, ``TooMany``."""
        login = canonical_login(login)
        listed = Listed(login=login, name=check_person_name(name) if name else "", role=role)

        def make(identity: Identity) -> tuple[list[Change], Member]:
            held = _held(identity, course_id)
            member = self._listed(identity, held, course_id, listed)
            return [Put(member)] if member != held.get(login) else [], member

        member = await self._directory.change(make)
        self._audit.record(AuditAction.MEMBER_CHANGED, actor, course_id=course_id, login=login, role=member.role.value)
        return member

    async def bring_in(self, actor: Actor, course_id: str, body: bytes) -> Imported:
        """Add and change the members of a list; nobody is removed. Raises ``Invalid``, ``NotFound``."""
        lines, problems = read_member_list(body)

        def make(identity: Identity) -> tuple[list[Change], Imported]:
            held = _held(identity, course_id)
            done = Imported(problems=list(problems))
            changes: list[Change] = []
            for listed in lines:
                before = held.get(listed.login)
                try:
                    member = self._listed(identity, held, course_id, listed)
                except AimforgeError as error:
                    done.problems.append(Problem(line=listed.line, text=listed.login, problem=error.message))
                    continue
                if listed.login not in identity.by_login:
                    done.unknown.append(listed.login)
                if member != before:
                    held[listed.login] = member
                    changes.append(Put(member))
                    done.added += before is None
                    done.changed += before is not None
            done.problems.sort(key=lambda problem: problem.line)
            return changes, done

        done = await self._directory.change(make)
        self._audit.record(
            AuditAction.MEMBERS_IMPORTED,
            actor,
            course_id=course_id,
            added=done.added,
            changed=done.changed,
            problems=len(done.problems),
        )
        return done

    async def remove(self, actor: Actor, course_id: str, login: str) -> None:
        """Take somebody out of a course; what they handed in stays. Raises ``NotFound``, ``Conflict``."""

        def make(identity: Identity) -> tuple[list[Change], Member]:
            held = _held(identity, course_id)
            member = held.get(login) or held.get(canonical_login(login))
            if member is None:
                raise NotFound(
                    f"{login[:80]!r} is no member of this course.", reason=Refusal.NOT_A_MEMBER, login=login[:80]
                )
            _check_teacher_left(held, member)
            return [Drop(Member, member.id)], member

        member = await self._directory.change(make)
        self._audit.record(AuditAction.MEMBER_REMOVED, actor, course_id=course_id, login=member.login)

    async def join(self, person_id: str, course_id: str) -> None:
        """Make somebody a member who came by an invitation to the course; a course that is gone is no error."""
        account = self._directory.identity.get(Account, person_id)
        if account is not None:
            role = CourseRole.STUDENT if account.role is Role.STUDENT else CourseRole.TEACHER
            await self._join(account, [course_id], role, "invitation")

    async def follow_claims(self, account: Account, claims: Mapping[str, Any]) -> None:
        """Make somebody a student of each course whose claim the provider gives them, and take back what a claim gave that is gone.

        Whoever is listed or invited stays whatever the claims are, and so does everybody in a course that names no claim (any more).
        """
        courses = self._directory.identity.all(Course).values()
        named = {c.id: ClaimRule(self._group_claim, c.claim).fits(claims) for c in courses if c.claim}
        fitting = [id_ for id_, fits in named.items() if fits]
        if fitting:
            await self._join(account, fitting, CourseRole.STUDENT, "claim")
        await self._leave(account, [id_ for id_, fits in named.items() if not fits])

    async def _leave(self, account: Account, course_ids: Sequence[str]) -> None:
        def make(identity: Identity) -> tuple[list[Change], list[str]]:
            held = (identity.get(Member, member_id(course_id, account.login)) for course_id in course_ids)
            leaving = [member for member in held if member is not None and member.by_claim]
            return [Drop(Member, member.id) for member in leaving], [member.course_id for member in leaving]

        for course_id in await self._directory.change(make):
            self._audit.record(
                AuditAction.MEMBER_LEFT, Actor(account.id), course_id=course_id, login=account.login, by="claim"
            )

    async def _join(self, account: Account, course_ids: Sequence[str], role: CourseRole, by: str) -> None:
        def make(identity: Identity) -> tuple[list[Change], list[str]]:
            joined: list[str] = []
            changes: list[Change] = []
            for course_id in course_ids:
                known = identity.get(Member, member_id(course_id, account.login)) is not None
                if known or identity.get(Course, course_id) is None:
                    continue
                if len(_held(identity, course_id)) < MAX_MEMBERS:
                    joined.append(course_id)
                    member = self._member(course_id, account.login, account.name, role)
                    changes.append(Put(replace(member, by_claim=by == "claim")))
            return changes, joined

        for course_id in await self._directory.change(make):
            self._audit.record(
                AuditAction.MEMBER_JOINED, Actor(account.id), course_id=course_id, login=account.login, by=by
            )

    def _listed(self, identity: Identity, held: Mapping[str, Member], course_id: str, listed: Listed) -> Member:
        """Return the member that a line makes, new or changed. Raises ``Conflict``, ``Invalid``, ``TooMany``."""
        before = held.get(listed.login)
        role = listed.role or (before.role if before is not None else CourseRole.STUDENT)
        if before is not None and role is not before.role:
            _check_teacher_left(held, before)
        becomes_teacher = role is CourseRole.TEACHER and (before is None or before.role is not CourseRole.TEACHER)
        # Whoever may choose a login could choose this one, and would be the course's teacher.
        if becomes_teacher and self._registration is not Registration.CLOSED and listed.login not in identity.by_login:
            raise Invalid(
                f"{listed.login} has no account yet, and only who has one can be made a teacher.",
                field="login",
                reason=Refusal.TEACHER_NEEDS_ACCOUNT,
                login=listed.login,
            )
        if before is not None:
            return replace(before, name=listed.name or before.name, role=role, by_claim=False)
        if len(held) >= MAX_MEMBERS:
            raise TooMany(f"A course has at most {MAX_MEMBERS} members.")
        return self._member(course_id, listed.login, listed.name or listed.login[:MAX_PERSON_NAME], role)

    def _member(self, course_id: str, login: str, name: str, role: CourseRole) -> Member:
        return Member(
            id=member_id(course_id, login),
            course_id=course_id,
            login=login,
            name=name,
            role=role,
            created_at=self._clock.now(),
        )


def _held(identity: Identity, course_id: str) -> dict[str, Member]:
    """Return a course's members by login. Raises ``NotFound``."""
    if identity.get(Course, course_id) is None:
        raise no_such_course(course_id)
    return {m.login: m for m in identity.all(Member).values() if m.course_id == course_id}


def _check_teacher_left(held: Mapping[str, Member], leaving: Member) -> None:
    others = (member for member in held.values() if member.login != leaving.login)
    if leaving.role is CourseRole.TEACHER and not any(member.role is CourseRole.TEACHER for member in others):
        raise Conflict("This is the course's last teacher: name another one first.", reason=Refusal.LAST_TEACHER)
