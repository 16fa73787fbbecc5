"""Accounts of people who sign in by an identity provider: found or linked, and kept to what their claims say now."""

from dataclasses import replace

import structlog

from control_plane.domain.audit import AuditAction
from control_plane.domain.errors import Conflict
from control_plane.domain.identity import Account, ApiToken, Change, Drop, Identity, Put, Session
from control_plane.domain.people import Role
from control_plane.services.audit import Actor, AuditLog
from control_plane.services.people.accounts import has_other_admin, is_admin
from control_plane.services.people.directory import Directory

log = structlog.stdlib.get_logger()


class ProviderAccounts:
    """What becomes of accounts at a sign-in by the provider. Raises ``StoreUnavailable``."""

    def __init__(self, directory: Directory, audit: AuditLog) -> None:
        self._directory = directory
        self._audit = audit

    def find(self, subject: str) -> Account | None:
        """Return the account that an identity is tied to."""
        return _of(self._directory.identity, subject)

    async def link(self, subject: str, email: str) -> Account | None:
        """Return the account of an identity; one that waits for its address, without a password, is taken. Raises ``Conflict``."""

        def make(identity: Identity) -> tuple[list[Change], Account | None]:
            mine = _of(identity, subject)
            if mine is not None:
                return [], mine
            waiting = identity.by_login.get(email) if email else None
            if waiting is None:
                return [], None
            if waiting.password or waiting.subject:
                raise Conflict(f"The login {email!r} has an account with another way to sign in: use that one.")
            linked = replace(waiting, subject=subject)
            return [Put(linked)], linked

        return await self._directory.change(make)

    async def follow_role(self, account: Account, role: Role | None, *, by: Actor) -> Account:
        """Give the role that the claims make, or, where they make none, take back the one that they made before.

        The last administrator stays one, whatever the claims are: nobody could make another.
        """

        def make(identity: Identity) -> tuple[list[Change], tuple[Account, Account, bool]]:
            before = identity.get(Account, account.id) or account
            if role is None and not before.role_by_claim:
                return [], (before, before, False)
            after = replace(before, role=role or Role.STUDENT, role_by_claim=role is not None)
            if is_admin(before) and not is_admin(after) and not has_other_admin(identity, before.id):
                return [], (before, before, True)
            return [Put(after)] if after != before else [], (before, after, False)

        before, after, kept = await self._directory.change(make)
        if kept:
            log.warning("last_administrator_kept", login=before.login, claims_say=role.value if role else "nothing")
        if after.role is not before.role:
            self._audit.record(
                AuditAction.ROLE_CHANGED, by, person_id=after.id, before=before.role.value, after=after.role.value
            )
        return after

    async def shut_out(self, account: Account, *, by: Actor) -> None:
        """End the sessions and tokens of somebody whom no rule lets in any more, and take back the role that a claim gave."""

        def make(identity: Identity) -> tuple[list[Change], list[Session | ApiToken]]:
            ended = [
                record
                for kind in (Session, ApiToken)
                for record in identity.all(kind).values()
                if record.person_id == account.id
            ]
            return [Drop(type(record), record.id) for record in ended], ended

        ended = await self._directory.change(make)
        if ended:
            tokens = sum(isinstance(record, ApiToken) for record in ended)
            self._audit.record(
                AuditAction.SESSION_REVOKED,
                by,
                person_id=account.id,
                sessions=len(ended) - tokens,
                tokens=tokens,
                why="no rule lets them in",
            )
        await self.follow_role(account, None, by=by)


def _of(identity: Identity, subject: str) -> Account | None:
    return next((account for account in identity.all(Account).values() if account.subject == subject), None)
