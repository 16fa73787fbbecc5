"""Signing in. Local mode has one person, who holds the deployment's token."""

import hashlib
import hmac
import secrets
from typing import Protocol

from control_plane.domain.errors import Unauthenticated
from control_plane.domain.people import LOCAL_PERSON, Person
from control_plane.ports import Clock

SIGN_IN = "Sign in first: open the address that `aimforge serve` printed, or send its token as a bearer token."


class People(Protocol):
    """Tells who holds a credential. Both look-ups are synchronous and cheap: they are on the way of every request."""

    session_sec: int

    def by_token(self, token: str) -> Person | None: ...
    def by_session(self, session: str) -> Person | None: ...
    def open_session(self, token: str) -> str:
        """Exchange a token for a browser session. Raises ``Unauthenticated``."""
        ...


class LocalPeople:
    """One person and one token. Sessions are signed with the token, so they outlive a restart and end with the token."""

    def __init__(self, token: str, clock: Clock, session_sec: int = 30 * 86400) -> None:
        self.session_sec = session_sec
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

    def open_session(self, token: str) -> str:
        """Exchange the token for a session. Raises ``Unauthenticated``."""
        if self.by_token(token) is None:
            raise Unauthenticated("This address holds an old token: open the one that `aimforge serve` printed last.")
        claim = f"{int(self._clock.now()) + self.session_sec}.{secrets.token_urlsafe(9)}"
        return f"{claim}.{self._sign(claim)}"

    def _sign(self, claim: str) -> str:
        return hmac.digest(self._key, claim.encode("utf-8", "surrogateescape"), "sha256").hex()
