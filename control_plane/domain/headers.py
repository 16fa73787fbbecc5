"""Which headers cross the boundary between the control plane and a sandbox.

Credentials of people never go in; cookies, hop-by-hop headers and what would speak for the control plane's origin never come out.
"""

from collections.abc import Iterable, Mapping
from typing import Final

HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
NEVER_IN: Final = HOP_BY_HOP | {
    "authorization",
    "content-length",
    "cookie",
    "forwarded",
    "host",
    "x-csrf-token",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
}
"""``content-length`` is set anew by whoever writes the body."""
NEVER_OUT: Final = HOP_BY_HOP | {
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "alt-svc",
    "clear-site-data",
    "date",
    "nel",
    "public-key-pins",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "server",
    "service-worker-allowed",
    "set-cookie",
    "sourcemap",
    "strict-transport-security",
    "www-authenticate",
}
OURS: Final = "x-aimforge-"
"""Prefix of the headers that only the control plane may set on a request."""


def into_sandbox(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of a person's request that its sandbox may see. Names in lower case."""
    named_by_connection: set[str] = set()
    pairs = [(name.lower(), value) for name, value in headers]
    for name, value in pairs:
        if name == "connection":
            named_by_connection.update(token.strip().lower() for token in value.split(","))
    return [
        (name, value)
        for name, value in pairs
        if name not in NEVER_IN and name not in named_by_connection and not name.startswith((OURS, "sec-websocket-"))
    ]


def out_of_sandbox(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an agent's answer that may go on. Names in lower case."""
    return {name: value for name, value in headers.items() if name not in NEVER_OUT}
