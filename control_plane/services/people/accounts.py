"""Accounts: made, signed in to by password, changed, removed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Final

from control_plane.domain.audit import AuditAction
from control_plane.domain.courses import Look, Member
from control_plane.domain.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from control_plane.domain.identity import (
    Account,
    ApiToken,
    Change,
    Drop,
    Grant,
    Identity,
    Put,
    Session,
    new_id,
)
from control_plane.domain.people import (
    MAX_PASSWORD,
    MAX_PERSON_NAME,
    Role,
    canonical_login,
    check_password,
    check_person_name,
)
from control_plane.domain.refusals import Refusal
from control_plane.ports import Clock, Passwords
from control_plane.services.audit import SYSTEM, Actor, AuditLog
from control_plane.services.people.directory import Directory
from control_plane.services.people.throttle import Rate, Throttle, address_key

BY_ACCOUNT: Final = Rate(burst=10, every_sec=30.0)
BY_ADDRESS: Final = Rate(burst=50, every_sec=5.0)
"""A class behind one address signs in at once, and good attempts are not counted."""
CHECKED_AT_ONCE: Final = 4
WRONG: Final = "Login or password is wrong."


class Accounts:
    """Who may sign in. What it cannot do it says in a sentence (``Invalid``, ``Conflict``, ``NotFound`` …)."""

    def __init__(
        self,
        directory: Directory,
        passwords: Passwords,
        audit: AuditLog,
        clock: Clock,
        owns_projects: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """``owns_projects`` tells of a person's id whether removing the account would leave projects to nobody."""
        self._directory = directory
        self._passwords = passwords
        self._audit = audit
        self._clock = clock
        self._owns_projects = owns_projects
        self._by_account = Throttle(BY_ACCOUNT, clock)
        self._by_address = Throttle(BY_ADDRESS, clock)
        self._turns = asyncio.Semaphore(CHECKED_AT_ONCE)

    # ── Looking ───────────────────────────────────────────────────────────────────────────────────────────────

    def all(self) -> list[Account]:
        """Return all accounts by login."""
        return sorted(self._directory.identity.all(Account).values(), key=lambda account: account.login)

    def get(self, person_id: str) -> Account:
        """Return an account. Raises ``NotFound``."""
        return _account(self._directory.identity, person_id)

    def find(self, login: str) -> Account:
        """Return the account with that login, disabled or not. Raises ``NotFound``, ``Invalid``."""
        account = self._directory.identity.by_login.get(canonical_login(login))
        if account is None:
            raise NotFound(
                f"Nobody here has the login {login[:80]!r}.",
                field="login",
                reason=Refusal.NOBODY_WITH_LOGIN,
                login=login[:80],
            )
        return account

    def by_login(self, login: str) -> Account:
        """Return the account with that login that may sign in. Raises ``NotFound``, ``Invalid``."""
        account = self.find(login)
        if account.disabled:
            raise NotFound(
                f"Nobody here has the login {login[:80]!r}.",
                field="login",
                reason=Refusal.NOBODY_WITH_LOGIN,
                login=login[:80],
            )
        return account

    def name_of(self, person_id: str) -> str:
        """Return a person's name; empty when there is no such account."""
        account = self._directory.identity.get(Account, person_id)
        return account.name if account is not None else ""

    # ── Signing in ────────────────────────────────────────────────────────────────────────────────────────────

    def role_of(self, person_id: str) -> Role | None:
        """Return a person's role; None: it is nobody's id."""
        account = self._directory.identity.get(Account, person_id)
        return account.role if account is not None else None

    async def authenticate(self, login: str, password: str, address: str) -> Account:
        """Return the account whose password this is. Raises ``Unauthenticated``, ``TooMany``, ``Invalid``, ``StoreUnavailable``."""
        login = canonical_login(login)
        if len(password) > MAX_PASSWORD:
            raise Invalid(f"A password has at most {MAX_PASSWORD} characters.", field="password")
        # Counted when their turn has come, so that a whole class which signs in at once does not count as guessing.
        async with self._turns:
            # An account that was made on the command line a moment ago is one.
            await self._directory.catch_up()
            with self.attempt(address), self._by_account.attempt(login):
                account = self._directory.identity.by_login.get(login)
                # Without an account, a hash is computed all the same: the time tells nobody which logins there are.
                fits = await self._passwords.verify(password, account.password if account is not None else "")
                if account is None or not fits or account.disabled:
                    why = "disabled" if account and account.disabled else "wrong"
                    self.note_failure(Actor("", address), login, why)
                    raise Unauthenticated(WRONG, reason=Refusal.WRONG_SIGN_IN)
        return account

    def attempt(self, address: str) -> AbstractContextManager[None]:
        """Count an attempt at something that can be guessed, unless it succeeds. Raises ``TooMany``."""
        return self._by_address.attempt(address_key(address))

    def note_failure(self, actor: Actor, login: str, why: str) -> None:
        """Write down that somebody did not get in."""
        self._audit.record(AuditAction.SIGN_IN_FAILED, actor, login=login[:80], why=why)

    # ── Changing ──────────────────────────────────────────────────────────────────────────────────────────────

    async def create(
        self,
        login: str,
        name: str,
        role: Role,
        *,
        password: str | None = None,
        subject: str = "",
        role_by_claim: bool = False,
        by: Actor = SYSTEM,
        also: Callable[[Identity], list[Change]] = lambda _: [],
    ) -> Account:
        """Make an account; without a password, only the identity provider leads to it. ``also`` is changed with it."""
        account = Account(
            id=new_id(),
            login=canonical_login(login),
            name=check_person_name(name or login[:MAX_PERSON_NAME]),
            role=role,
            created_at=self._clock.now(),
            password=await self._passwords.hash(check_password(password)) if password is not None else "",
            subject=subject,
            role_by_claim=role_by_claim,
        )

        def make(identity: Identity) -> tuple[list[Change], None]:
            if account.login in identity.by_login:
                raise Conflict(
                    f"The login {account.login!r} is taken.",
                    field="login",
                    reason=Refusal.LOGIN_TAKEN,
                    login=account.login,
                )
            return [Put(account), *also(identity)], None

        await self._directory.change(make)
        self._audit.record(
            AuditAction.PERSON_CREATED, by, person_id=account.id, login=account.login, role=account.role.value
        )
        return account

    async def change(
        self,
        person_id: str,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        name: str | None = None,
        by: Actor = SYSTEM,
    ) -> Account:
        """Change what is not None. The last administrator stays one. Raises ``NotFound``, ``Conflict``, ``Invalid``."""
        shown = None if name is None else check_person_name(name)

        def make(identity: Identity) -> tuple[list[Change], tuple[Account, Account]]:
            before = _account(identity, person_id)
            after = replace(
                before,
                role=before.role if role is None else role,
                role_by_claim=before.role_by_claim and role is None,
                disabled=before.disabled if disabled is None else disabled,
                name=before.name if shown is None else shown,
            )
            if is_admin(before) and not is_admin(after):
                check_others(identity, person_id)
            return [Put(after)] if after != before else [], (before, after)

        before, after = await self._directory.change(make)
        if after.role is not before.role:
            self._audit.record(
                AuditAction.ROLE_CHANGED, by, person_id=person_id, before=before.role.value, after=after.role.value
            )
        if after.disabled is not before.disabled:
            action = AuditAction.PERSON_DISABLED if after.disabled else AuditAction.PERSON_ENABLED
            self._audit.record(action, by, person_id=person_id, login=after.login)
        return after

    async def set_password(self, person_id: str, password: str, *, by: Actor = SYSTEM, keep_session: str = "") -> None:
        """Set a password; all sessions of the person end but the one that is kept."""
        hashed = await self._passwords.hash(check_password(password))

        def make(identity: Identity) -> tuple[list[Change], None]:
            account = _account(identity, person_id)
            mine = [s for s in identity.all(Session).values() if s.person_id == person_id and s.id != keep_session]
            return [Put(replace(account, password=hashed)), *(Drop(Session, session.id) for session in mine)], None

        await self._directory.change(make)
        self._audit.record(AuditAction.PASSWORD_CHANGED, by, person_id=person_id)

    async def change_own_password(self, person_id: str, old: str, new: str, *, by: Actor, keep_session: str) -> None:
        """Set a new password for who knows the old one. Raises ``Forbidden``, ``TooMany``, ``Invalid``."""
        account = self.get(person_id)
        if account.subject and not account.password:
            # It would go on to let them in when the provider no longer does.
            raise Forbidden(
                "You sign in by the identity provider: only an administrator can give you a password here.",
                reason=Refusal.PASSWORD_BY_PROVIDER,
            )
        if account.password:
            with self._by_account.attempt(account.login):
                if len(old) > MAX_PASSWORD or not await self._passwords.verify(old, account.password):
                    self.note_failure(by, account.login, "wrong old password")
                    raise Forbidden(
                        "The old password is wrong.", field="old_password", reason=Refusal.OLD_PASSWORD_WRONG
                    )
        await self.set_password(person_id, new, by=by, keep_session=keep_session)

    async def remove(self, person_id: str, *, by: Actor = SYSTEM) -> None:
        """Remove an account with its sessions, tokens, shares, looks and memberships: whoever takes the login next is somebody
        else. Raises ``NotFound``, ``Conflict``.
        """
        if self._owns_projects(person_id):
            raise Conflict(
                "This person owns projects: disable the account, or have the projects deleted first.",
                reason=Refusal.OWNS_PROJECTS,
            )

        def make(identity: Identity) -> tuple[list[Change], Account]:
            account = _account(identity, person_id)
            if is_admin(account):
                check_others(identity, person_id)
            drops: list[Change] = [
                Drop(type(record), record.id)
                for table in identity.rows.values()
                for record in table.values()
                if (isinstance(record, Session | ApiToken | Grant | Look) and record.person_id == person_id)
                or (isinstance(record, Member) and record.login == account.login)
            ]
            return [*drops, Drop(Account, person_id)], account

        account = await self._directory.change(make)
        self._audit.record(AuditAction.PERSON_DELETED, by, person_id=person_id, login=account.login)


Joined = Callable[[str, str], Awaitable[None]]
"""Is told the id of a new person and of the course that their invitation was for."""


def _account(identity: Identity, person_id: str) -> Account:
    account = identity.get(Account, person_id)
    if account is None:
        raise NotFound(f"There is no person {person_id[:64]!r}.")
    return account


def is_admin(account: Account) -> bool:
    """Tell whether somebody administrates: has the role, and is not disabled."""
    return account.role is Role.ADMIN and not account.disabled


def has_other_admin(identity: Identity, person_id: str) -> bool:
    """Tell whether somebody administrates besides this person."""
    return any(is_admin(account) and account.id != person_id for account in identity.all(Account).values())


def check_others(identity: Identity, person_id: str) -> None:
    """Raise ``Conflict`` where nobody administrates besides this person."""
    if not has_other_admin(identity, person_id):
        raise Conflict("This is the last administrator: make somebody else one first.", reason=Refusal.LAST_ADMIN)
