"""Which headers pass between a browser and a server in the sandbox, and in which direction."""

from collections.abc import Iterable
from typing import Final

Headers = list[tuple[bytes, bytes]]

HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_OURS: Final = frozenset({b"authorization", b"cookie", b"host", b"expect"})
"""What the page sends to the control plane is none of the server's business, nor which host it is."""
_OWN_SITE: Final = frozenset({b"set-cookie", b"set-cookie2", b"clear-site-data", b"strict-transport-security"})
"""What would change the browser's state for the control plane's site."""


def to_server(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """A request's headers for the server in the sandbox."""
    return _without(headers, HOP_BY_HOP | _OURS)


def to_page(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """An answer's headers for the page."""
    return _without(headers, HOP_BY_HOP | _OWN_SITE)


def handshake_to_server(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """A WebSocket handshake's headers for the server, without those that the new handshake has of its own."""
    return [(name, value) for name, value in to_server(headers) if not name.lower().startswith(b"sec-websocket-")]


def _without(headers: Iterable[tuple[bytes, bytes]], dropped: frozenset[bytes]) -> Headers:
    headers = list(headers)
    named = {
        token.strip().lower() for name, value in headers if name.lower() == b"connection" for token in value.split(b",")
    }
    return [(name, value) for name, value in headers if name.lower() not in dropped | named]
