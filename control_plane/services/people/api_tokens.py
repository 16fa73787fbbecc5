"""Personal API tokens: for programs, with a scope and an end; the secret is shown once."""

from dataclasses import replace
from typing import Final

from control_plane.domain.audit import AuditAction
from control_plane.domain.errors import Invalid, NotFound, TooMany
from control_plane.domain.identity import ApiToken, Change, Drop, Identity, Put, digest_of, new_id, new_secret
from control_plane.domain.people import Scope
from control_plane.ports import Clock
from control_plane.services.audit import Actor, AuditLog
from control_plane.services.people.directory import Directory

MAX_TOKENS: Final = 100
MAX_TOKEN_NAME: Final = 100
MAX_EXPIRY_SEC: Final = 10 * 366 * 86400


class ApiTokens:
    """The tokens of all people."""

    def __init__(self, directory: Directory, audit: AuditLog, clock: Clock) -> None:
        self._directory = directory
        self._audit = audit
        self._clock = clock

    def of(self, person_id: str) -> list[ApiToken]:
        """Return a person's tokens, the newest first, with when they were last used."""
        mine = [
            replace(token, used_at=self._directory.token_used_at(token))
            for token in self._directory.identity.all(ApiToken).values()
            if token.person_id == person_id
        ]
        return sorted(mine, key=lambda token: token.created_at, reverse=True)

    async def create(self, actor: Actor, name: str, scope: Scope, expires_in_sec: float | None) -> tuple[ApiToken, str]:
        """Make a token for the actor; return it with its secret. Raises ``Invalid``, ``TooMany``."""
        name = name.strip()
        if not name or len(name) > MAX_TOKEN_NAME or not name.isprintable():
            raise Invalid(f"A token's name has 1 to {MAX_TOKEN_NAME} characters that can be shown.", field="name")
        if expires_in_sec is not None and not 60 <= expires_in_sec <= MAX_EXPIRY_SEC:
            raise Invalid("A token lasts from a minute to ten years, or for good with null.", field="expires_in_sec")
        secret = new_secret("aft_")
        now = self._clock.now()
        token = ApiToken(
            id=new_id(),
            digest=digest_of(secret),
            person_id=actor.person_id,
            name=name,
            scope=scope,
            created_at=now,
            expires_at=None if expires_in_sec is None else now + expires_in_sec,
        )

        def make(identity: Identity) -> tuple[list[Change], None]:
            if sum(t.person_id == actor.person_id for t in identity.all(ApiToken).values()) >= MAX_TOKENS:
                raise TooMany(f"You have {MAX_TOKENS} tokens: revoke some.")
            return [Put(token)], None

        await self._directory.change(make)
        self._audit.record(AuditAction.TOKEN_CREATED, actor, token_id=token.id, name=name, scope=scope.value)
        return token, secret

    async def revoke(self, actor: Actor, token_id: str) -> None:
        """Take back a token of the actor. Raises ``NotFound``."""

        def make(identity: Identity) -> tuple[list[Change], ApiToken]:
            token = identity.get(ApiToken, token_id)
            if token is None or token.person_id != actor.person_id:
                raise NotFound(f"There is no token {token_id[:64]!r}.")
            return [Drop(ApiToken, token_id)], token

        token = await self._directory.change(make)
        self._audit.record(AuditAction.TOKEN_REVOKED, actor, token_id=token_id, name=token.name)
