"""How people prove who they are."""

from collections.abc import Mapping
from typing import Any, Protocol


class Passwords(Protocol):
    """Hashes passwords, slowly on purpose, without holding up the event loop."""

    async def hash(self, password: str) -> str: ...
    async def verify(self, password: str, hashed: str) -> bool:
        """Tell whether it fits; an empty hash fits nothing and takes as long."""
        ...


class IdentityProvider(Protocol):
    """An OpenID Connect provider. Raises ``ProviderUnavailable``."""

    async def start(self, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Return the provider's page to send the browser to."""
        ...

    async def finish(self, redirect_uri: str, code: str, nonce: str, verifier: str) -> Mapping[str, Any]:
        """Exchange a code for checked claims. Raises ``Unauthenticated``, ``ProviderUnavailable``."""
        ...
