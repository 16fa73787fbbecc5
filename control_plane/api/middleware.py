"""What every answer carries, as one plain ASGI middleware: security headers, and an id by which the log can be searched."""

from collections.abc import Callable, Iterable
from secrets import token_hex
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.stdlib.get_logger()

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self' blob: data:",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
CSP: Final = (b"content-security-policy", CONTENT_SECURITY_POLICY.encode())


class Edge:
    """The outermost layer."""

    def __init__(self, app: ASGIApp, answered: Callable[[int], None] = lambda _: None) -> None:
        """``answered`` is told the status of every answer."""
        self._app = app
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or a socket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = token_hex(6)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        added = (*HEADERS, (b"x-request-id", request_id.encode()))

        async def send_with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers: list[tuple[bytes, bytes]] = [*message.get("headers", ()), *added]
                if not has_policy(headers):
                    headers.append(CSP)
                message["headers"] = headers
                self._answered(message["status"])
                log.debug("answered", path=scope["path"], status=message["status"])
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")


def has_policy(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether an answer has a content security policy of its own, a stricter one."""
    return any(name == CSP[0] for name, _ in headers)
