"""Who holds a credential. Local mode has one person, who holds the deployment's token; hosted mode has a directory."""

import hashlib
import hmac
import secrets
from typing import Final, Protocol

from control_plane.domain.errors import NotFound, Unauthenticated
from control_plane.domain.identity import Account, ApiToken, Session
from control_plane.domain.people import LOCAL_PERSON, Person, Scope
from control_plane.ports import Clock
from control_plane.services.people.directory import Directory

SIGN_IN: Final = "Sign in first: open the address that `aimforge serve` printed, or send its token as a bearer token."
SIGN_IN_HOSTED: Final = "Sign in first, or send a token of yours as a bearer token."


class People(Protocol):
    """Tells who holds a credential. All look-ups are synchronous and cheap: they are on the way of every request."""

    session_sec: int
    sign_in: str
    """What people are told who are not signed in."""

    def by_token(self, token: str) -> Person | None: ...
    def by_session(self, session: str) -> Person | None: ...
    def current(self, person_id: str, via: str) -> Person | None:
        """Return the person now, if they and the credential that they came by are still good."""
        ...

    def open_session(self, token: str) -> str:
        """Exchange the printed address's token for a browser session. Raises ``Unauthenticated``, ``NotFound``."""
        ...


class LocalPeople:
    """One person and one token. Sessions are signed with the token, so they outlive a restart and end with the token."""

    def __init__(self, token: str, clock: Clock, session_sec: int = 30 * 86400) -> None:
        self.session_sec = session_sec
        self.sign_in = SIGN_IN
        self._clock = clock
        self._digest = hashlib.sha256(token.encode()).digest()
        self._key = hashlib.sha256(b"aimforge session key\0" + token.encode()).digest()

    def by_token(self, token: str) -> Person | None:
        """Return the person who holds this token."""
        given = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        return LOCAL_PERSON if hmac.compare_digest(given, self._digest) else None

    def by_session(self, session: str) -> Person | None:
        """Return the person of a session that was opened here and has not expired."""
        claim, _, signature = session.rpartition(".")
        expires, _, _ = claim.partition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "surrogateescape"), self._sign(claim).encode()):
            return None
        return LOCAL_PERSON if float(expires) > self._clock.now() else None

    def current(self, person_id: str, via: str) -> Person | None:
        """Return the one person."""
        return LOCAL_PERSON if person_id == LOCAL_PERSON.id else None

    def open_session(self, token: str) -> str:
        """Exchange the token for a session. Raises ``Unauthenticated``."""
        if self.by_token(token) is None:
            raise Unauthenticated("This address holds an old token: open the one that `aimforge serve` printed last.")
        claim = f"{int(self._clock.now()) + self.session_sec}.{secrets.token_urlsafe(9)}"
        return f"{claim}.{self._sign(claim)}"

    def _sign(self, claim: str) -> str:
        return hmac.digest(self._key, claim.encode("utf-8", "surrogateescape"), "sha256").hex()


class HostedPeople:
    """The people of the directory, by their sessions and tokens."""

    def __init__(self, directory: Directory, clock: Clock, session_sec: int = 30 * 86400) -> None:
        self.session_sec = session_sec
        self.sign_in = SIGN_IN_HOSTED
        self._directory = directory
        self._clock = clock

    def by_token(self, token: str) -> Person | None:
        """Return the owner of a token that is good, with what the token carries."""
        found = self._directory.identity.with_secret(ApiToken, token)
        person = self._by(found) if found is not None else None
        if found is not None and person is not None:
            self._directory.used_token(found.id)
        return person

    def by_session(self, session: str) -> Person | None:
        """Return the person of a session that is good."""
        found = self._directory.identity.with_secret(Session, session)
        person = self._by(found) if found is not None else None
        if found is not None and person is not None:
            self._directory.used_session(found.id)
        return person

    def current(self, person_id: str, via: str) -> Person | None:
        """Return the person now, if they and their session or token are still good."""
        identity = self._directory.identity
        found = identity.get(Session, via) or identity.get(ApiToken, via)
        person = self._by(found) if found is not None else None
        return person if person is not None and person.id == person_id else None

    def open_session(self, token: str) -> str:
        """There is no token of the deployment. Raises ``NotFound``."""
        raise NotFound("This server has accounts: open its start page and sign in there.")

    def _by(self, credential: Session | ApiToken) -> Person | None:
        if credential.expires_at is not None and credential.expires_at <= self._clock.now():
            return None
        account = self._directory.identity.get(Account, credential.person_id)
        if account is None or account.disabled:
            return None
        scope = credential.scope if isinstance(credential, ApiToken) else Scope.ADMIN
        return Person(id=account.id, name=account.name, role=account.role, scope=scope, via=credential.id)
