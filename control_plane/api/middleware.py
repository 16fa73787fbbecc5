"""What every answer carries, as one plain ASGI middleware: security headers, and an id by which the log can be searched."""

import asyncio
from collections.abc import Callable, Iterable
from secrets import token_hex
from time import perf_counter
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from control_plane.api.error_handlers import error_response
from control_plane.services.tracing import IDS, Tracing, bind_ids, bound_ids
from sandbox_image.wire.errors import ErrorCode

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
ENDING: Final = error_response(
    ErrorCode.UNAVAILABLE,
    "The server is restarting; your sandbox goes on. Ask again in a moment.",
    {},
    headers={"retry-after": "5"},
)
CSP: Final = (b"content-security-policy", CONTENT_SECURITY_POLICY.encode())


def unheard(_status: int, _seconds: float) -> None:
    """Do nothing."""


class Edge:
    """The outermost layer."""

    def __init__(
        self, app: ASGIApp, answered: Callable[[int, float], None] = unheard, tracing: Tracing | None = None
    ) -> None:
        """``answered`` is told the status of every answer, and the seconds until its head was there."""
        self._app = app
        self._answered = answered
        self._tracing = tracing or Tracing()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or a socket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = token_hex(6)
        bind_ids(request_id=request_id)
        added = (*HEADERS, (b"x-request-id", request_id.encode()))
        began = perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers: list[tuple[bytes, bytes]] = [*message.get("headers", ()), *added]
                if not has_policy(headers):
                    headers.append(CSP)
                message["headers"] = headers
                status, seconds = message["status"], perf_counter() - began
                self._answered(status, seconds)
                log.debug("answered", route=route_of(scope), status=status, ms=round(seconds * 1000, 1))
            await send(message)

        try:
            if not self._tracing.on or scope["type"] == "websocket":
                await self._app(scope, receive, send_with_headers)
                return
            method: str = scope["method"]
            with self._tracing.span(method, serves=True, http__request__method=method) as span:
                try:
                    await self._app(scope, receive, send_with_headers)
                finally:
                    route = route_of(scope)
                    span.name(f"{method} {route}")
                    span.set(http__route=route, http__response__status_code=status, **bound_ids())
        except asyncio.CancelledError:
            # The server ends and waits no longer. Nobody is above this who would have to know. What was begun is broken off,
            # by the server's own closing of the connection, which is the only way left to say so.
            log.info("cut_off", route=route_of(scope))
            if not status and scope["type"] == "http":
                await ENDING(scope, receive, send_with_headers)
        finally:
            structlog.contextvars.unbind_contextvars(*IDS)


def route_of(scope: Scope) -> str:
    """Return the pattern that a request's path fits, without what people put into it; empty for none."""
    return str(getattr(scope.get("route"), "path", ""))


def has_policy(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether an answer has a content security policy of its own, a stricter one."""
    return any(name == CSP[0] for name, _ in headers)
