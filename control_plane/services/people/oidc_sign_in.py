"""Signing in by an OpenID Connect provider: what the browser takes along, and whose account it ends in."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from control_plane.domain.errors import BadRequest, Forbidden, Unauthenticated
from control_plane.domain.identity import Account
from control_plane.domain.oidc import Rules, email_of, safe_next
from control_plane.domain.people import MAX_LOGIN, MAX_PERSON_NAME, Role
from control_plane.ports import Clock, IdentityProvider
from control_plane.services.audit import Actor
from control_plane.services.people.accounts import Accounts
from control_plane.services.people.provider_accounts import ProviderAccounts

WITHIN_SEC: Final = 600
AGAIN: Final = "This sign-in has expired or was begun elsewhere: begin again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A sign-in under way. It travels in a signed cookie of the browser that began it, so no other can finish it."""

    state: str
    nonce: str
    verifier: str
    next: str
    expires: int


FollowClaims = Callable[[Account, Mapping[str, Any]], Awaitable[None]]
"""Is told of everybody who signs in by the provider, with their claims; with none of who is refused."""


class OidcSignIn:
    """Signs people in who have an account at the provider."""

    def __init__(
        self,
        provider: IdentityProvider,
        accounts: Accounts,
        provided: ProviderAccounts,
        clock: Clock,
        rules: Rules,
        *,
        issuer: str,
        secret: bytes,
        follow_claims: FollowClaims,
    ) -> None:
        self._provider = provider
        self._accounts = accounts
        self._provided = provided
        self._clock = clock
        self._rules = rules
        self._issuer = issuer
        self._follow_claims = follow_claims
        self._key = hashlib.sha256(b"aimforge oidc key\0" + secret).digest()

    async def begin(self, redirect_uri: str, next_path: str) -> tuple[str, str]:
        """Return the provider's page, and the cookie to come back with. Raises ``ProviderUnavailable``."""
        attempt = Attempt(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            next=safe_next(next_path),
            expires=int(self._clock.now()) + WITHIN_SEC,
        )
        url = await self._provider.start(redirect_uri, attempt.state, attempt.nonce, attempt.verifier)
        claim = base64.urlsafe_b64encode(msgspec.json.encode(attempt)).decode()
        return url, f"{claim}.{self._sign(claim)}"

    async def finish(self, cookie: str, state: str, code: str, redirect_uri: str, address: str) -> tuple[Account, str]:
        """Return the account and the path to go on to.

        Raises ``BadRequest``, ``Unauthenticated``, ``Forbidden``, ``Conflict``, ``ProviderUnavailable``.
        """
        attempt = self._read(cookie)
        if not hmac.compare_digest(attempt.state.encode(), state.encode("utf-8", "surrogateescape")):
            raise BadRequest(AGAIN)
        with self._accounts.attempt(address):
            claims = await self._provider.finish(redirect_uri, code, attempt.nonce, attempt.verifier)
            account = await self._account(claims, Actor("", address))
            await self._follow_claims(account, claims)
            return account, attempt.next

    async def _account(self, claims: Mapping[str, Any], actor: Actor) -> Account:
        login = email_of(claims) or str(claims.get("preferred_username") or claims["sub"])[:MAX_LOGIN]
        subject = f"{self._issuer}#{claims['sub']}"
        if not self._rules.lets_in(claims):
            self._accounts.note_failure(actor, login, "no rule lets them in")
            await self._shut_out(subject, actor)
            raise Forbidden("Your account there is not let in here: ask an administrator (AIMFORGE_OIDC_ALLOW).")
        role = self._rules.role_of(claims)
        account = await self._provided.link(subject, email_of(claims))
        if account is None:
            name = "".join(c for c in str(claims.get("name") or login) if c.isprintable())[:MAX_PERSON_NAME]
            login = login.replace(" ", "_")
            return await self._accounts.create(
                login, name, role or Role.STUDENT, subject=subject, role_by_claim=role is not None, by=actor
            )
        if account.disabled:
            self._accounts.note_failure(actor, account.login, "disabled")
            raise Unauthenticated("This account is disabled: ask an administrator.")
        return await self._provided.follow_role(account, role, by=actor)

    async def _shut_out(self, subject: str, actor: Actor) -> None:
        """See to it that who is refused now, and was let in before, has no other way in, and nothing that claims gave."""
        account = self._provided.find(subject)
        if account is not None:
            await self._provided.shut_out(account, by=actor)
            await self._follow_claims(account, {})

    def _read(self, cookie: str) -> Attempt:
        claim, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "surrogateescape"), self._sign(claim).encode()):
            raise BadRequest(AGAIN)
        attempt = msgspec.json.decode(base64.urlsafe_b64decode(claim), type=Attempt)
        if attempt.expires <= self._clock.now():
            raise BadRequest(AGAIN)
        return attempt

    def _sign(self, claim: str) -> str:
        return hmac.digest(self._key, claim.encode("utf-8", "surrogateescape"), "sha256").hex()
