"""An OpenID Connect provider by Authlib: discovery, authorization code with PKCE, and the ID token checked by its keys."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # pyright: ignore[reportUnknownVariableType]
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from control_plane.domain.errors import ProviderUnavailable, Unauthenticated

TIMEOUT_SEC: Final = 15.0
ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Never ``none``, and nothing that is signed with a shared secret."""
LEEWAY_SEC: Final = 60
KNOWN_FOR_SEC: Final = 3600.0


class AuthlibProvider:
    """Passes as ``ports.IdentityProvider``."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, scopes: str = "openid email profile") -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._scopes = scopes
        self._known: dict[str, Any] | None = None
        self._known_until = 0.0

    async def start(self, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Return the provider's page. Raises ``ProviderUnavailable``."""
        discovered = await self._discover()
        async with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                discovered["authorization_endpoint"],
                state=state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
            )
        return str(url)

    async def finish(self, redirect_uri: str, code: str, nonce: str, verifier: str) -> Mapping[str, Any]:
        """Exchange a code for checked claims. Raises ``Unauthenticated``, ``ProviderUnavailable``."""
        discovered = await self._discover()
        async with self._client(redirect_uri) as client:
            try:
                token: dict[str, Any] = await client.fetch_token(
                    discovered["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier
                )
                keys = (
                    (await client.request("GET", discovered["jwks_uri"], withhold_token=True)).raise_for_status().json()
                )
            except AuthlibBaseError as error:
                raise Unauthenticated(f"The identity provider refused: {error.description or error.error}.") from error
            except (httpx2.HTTPError, ValueError) as error:
                raise self._unavailable(error) from error
        return self._checked(token, keys, nonce)

    def _checked(self, token: Mapping[str, Any], keys: Any, nonce: str) -> Mapping[str, Any]:
        """Check an ID token: signature, issuer, audience, times, nonce, and the hash of the access token."""
        try:
            decoded = jwt.decode(str(token["id_token"]), KeySet.import_key_set(keys), algorithms=ALGORITHMS)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self._issuer},
                    "aud": {"essential": True, "value": self._client_id},
                },
                {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")},
            )
            claims.validate(leeway=LEEWAY_SEC)  # pyright: ignore[reportUnknownMemberType]
        except (JoseError, KeyError, ValueError, TypeError) as error:
            raise Unauthenticated("The identity provider's token is not valid: sign in again.") from error
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise Unauthenticated("The identity provider's token names nobody.")
        return dict(claims)

    async def _discover(self) -> dict[str, Any]:
        now = asyncio.get_running_loop().time()
        if self._known is not None and now < self._known_until:
            return self._known
        url = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT_SEC) as client:
                found = (await client.get(url)).raise_for_status().json()
            if found["issuer"] != self._issuer:
                raise ProviderUnavailable(f"The identity provider calls itself {str(found['issuer'])[:200]!r}.")
            self._known = {name: str(found[name]) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
            raise self._unavailable(error) from error
        self._known_until = now + KNOWN_FOR_SEC
        return self._known

    def _client(self, redirect_uri: str) -> Any:
        return AsyncOAuth2Client(
            self._client_id,
            self._client_secret or None,
            scope=self._scopes,
            redirect_uri=redirect_uri,
            token_endpoint_auth_method="client_secret_basic" if self._client_secret else "none",
            timeout=TIMEOUT_SEC,
        )

    @staticmethod
    def _unavailable(error: Exception) -> ProviderUnavailable:
        return ProviderUnavailable(
            f"The identity provider does not answer as agreed ({type(error).__name__}): try again."
        )
