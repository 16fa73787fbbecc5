"""How people get accounts by themselves: by an invitation's link, or openly, as the deployment allows."""

from dataclasses import replace
from typing import Final

from control_plane.domain.audit import AuditAction
from control_plane.domain.errors import Forbidden, Invalid, NotFound, TooMany
from control_plane.domain.identity import (
    Account,
    Change,
    Drop,
    Identity,
    Invitation,
    Put,
    digest_of,
    new_id,
    new_secret,
)
from control_plane.domain.people import Registration, Role
from control_plane.domain.refusals import Refusal
from control_plane.ports import Clock
from control_plane.services.audit import Actor, AuditLog
from control_plane.services.people.accounts import Accounts, Joined
from control_plane.services.people.directory import Directory

MAX_INVITATIONS: Final = 1000
MAX_PER_COURSE: Final = 20
MAX_EXPIRY_SEC: Final = 366 * 86400
MAX_COURSE_ID: Final = 64
OVER: Final = "This invitation is over: ask for a new one."


async def nobody_listens(_: str, __: str) -> None:
    """Stand in for courses where there are none."""


class Invitations:
    """Invitations, and the accounts that are made by them."""

    def __init__(
        self,
        directory: Directory,
        accounts: Accounts,
        audit: AuditLog,
        clock: Clock,
        registration: Registration,
    ) -> None:
        self.registration = registration
        self.joined: Joined = nobody_listens
        """Told of everybody who joins by an invitation to a course."""
        self._directory = directory
        self._accounts = accounts
        self._audit = audit
        self._clock = clock

    def all(self) -> list[Invitation]:
        """Return the invitations that can still be used, the newest first."""
        now = self._clock.now()
        good = [i for i in self._directory.identity.all(Invitation).values() if i.expires_at > now and not used_up(i)]
        return sorted(good, key=lambda invitation: invitation.created_at, reverse=True)

    async def create(
        self, actor: Actor, role: Role, expires_in_sec: float, *, course_id: str = "", max_uses: int = 1
    ) -> tuple[Invitation, str]:
        """Make an invitation; return it with its secret. ``max_uses`` 0: any number. Raises ``Invalid``, ``Forbidden``."""
        if self.registration is Registration.CLOSED:
            raise Forbidden("Nobody can make an account here by themselves: set AIMFORGE_REGISTRATION=invite.")
        if not 60 <= expires_in_sec <= MAX_EXPIRY_SEC:
            raise Invalid("An invitation lasts from a minute to a year.", field="expires_in_sec")
        if not 0 <= max_uses <= 100_000 or len(course_id) > MAX_COURSE_ID:
            raise Invalid("max_uses is 0 to 100000, and a course's id has 64 characters at most.", field="max_uses")
        secret = new_secret("afi_")
        now = self._clock.now()
        invitation = Invitation(
            id=new_id(),
            digest=digest_of(secret),
            role=role,
            created_by=actor.person_id,
            created_at=now,
            expires_at=now + expires_in_sec,
            course_id=course_id,
            max_uses=max_uses,
        )

        def make(identity: Identity) -> tuple[list[Change], None]:
            held = identity.all(Invitation).values()
            over: list[Change] = [Drop(Invitation, i.id) for i in held if i.expires_at <= now or used_up(i)]
            if len(held) - len(over) >= MAX_INVITATIONS:
                raise TooMany(f"There are {MAX_INVITATIONS} open invitations: revoke some.")
            to_course = sum(i.course_id == course_id and Drop(Invitation, i.id) not in over for i in held)
            if course_id and to_course >= MAX_PER_COURSE:
                raise TooMany(f"There are {MAX_PER_COURSE} open invitations to this course: hand one of them out.")
            return [*over, Put(invitation)], None

        await self._directory.change(make)
        self._audit.record(
            AuditAction.INVITATION_CREATED, actor, invitation_id=invitation.id, role=role.value, course_id=course_id
        )
        return invitation, secret

    async def revoke(self, actor: Actor, invitation_id: str) -> None:
        """Take an invitation back. Raises ``NotFound``."""

        def make(identity: Identity) -> tuple[list[Change], None]:
            if identity.get(Invitation, invitation_id) is None:
                raise NotFound(f"There is no invitation {invitation_id[:64]!r}.")
            return [Drop(Invitation, invitation_id)], None

        await self._directory.change(make)
        self._audit.record(AuditAction.INVITATION_REVOKED, actor, invitation_id=invitation_id)

    async def register(self, login: str, name: str, password: str, secret: str, address: str) -> Account:
        """Make an account for somebody new: with an invitation, or without where registration is open.

        Raises ``Forbidden``, ``Conflict``, ``Invalid``, ``TooMany``.
        """
        if self.registration is Registration.CLOSED or (not secret and self.registration is Registration.INVITE):
            raise Forbidden(
                "Accounts are made by an administrator here: ask one for an invitation.",
                reason=Refusal.INVITATION_NEEDED,
            )
        with self._accounts.attempt(address):
            invitation = self._good(self._directory.identity, secret) if secret else None

        def use(identity: Identity) -> list[Change]:
            if not secret:
                return []
            now = self._good(identity, secret)
            return [Put(replace(now, uses=now.uses + 1))]

        account = await self._accounts.create(
            login,
            name,
            invitation.role if invitation is not None else Role.STUDENT,
            password=password,
            by=Actor("", address),
            also=use,
        )
        if invitation is not None and invitation.course_id:
            await self.joined(account.id, invitation.course_id)
        return account

    def _good(self, identity: Identity, secret: str) -> Invitation:
        invitation = identity.with_secret(Invitation, secret)
        if invitation is None or invitation.expires_at <= self._clock.now() or used_up(invitation):
            raise Forbidden(OVER, reason=Refusal.INVITATION_OVER)
        return invitation


def used_up(invitation: Invitation) -> bool:
    """Tell whether as many people joined as were invited."""
    return 0 < invitation.max_uses <= invitation.uses
