"""The door of the agent: who may come in, and what a viewer may not do. Plain ASGI, before anything is read."""

import asyncio
import hmac
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox_image.agent.activity import Activity
from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_NAME

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """Refuses requests without the sandbox's token, and requests of viewers that write.

    Puts ``user`` and ``view_only`` into the scope's state. A write counts as activity of its user.
    """

    def __init__(self, app: ASGIApp, token: str, activity: Activity) -> None:
        if not token:
            raise ValueError("the agent needs a token")
        self._app = app
        self._expected = b"Bearer " + token.encode()
        self._activity = activity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        given = {name: value for name, value in scope["headers"] if name in _HEADERS}
        # Compared in constant time, or the token could be guessed byte by byte from inside the sandbox.
        if not hmac.compare_digest(given.get(b"authorization", b""), self._expected):
            await _refuse(scope, send, _UNAUTHENTICATED)
            return
        view_only = given.get(b"x-aimforge-mode", b"edit") != b"edit"
        reads = scope["type"] == "websocket" or scope["method"] in _READS
        if view_only and not reads:
            await _refuse(scope, send, _FORBIDDEN)
            return
        if not reads:
            self._activity.touch()
        user = unquote_to_bytes(given.get(b"x-aimforge-user", b"")).decode(errors="replace")[:MAX_NAME]
        scope["state"] = {**scope.get("state", {}), "user": user, "view_only": view_only}
        # The token goes no further: a preview must not hand it to the user's own server.
        scope["headers"] = _without(scope["headers"], _HEADERS)
        if scope["type"] == "http":
            await self._answered(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in a request that is told so when the server, which ends, waits no longer for its answer."""
        begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except asyncio.CancelledError:
            if begun:
                raise  # the connection breaks off, which is all that can be said now
            await _refuse(scope, send, _ENDING)


_HEADERS = frozenset({b"authorization", b"x-aimforge-user", b"x-aimforge-mode"})
_UNAUTHENTICATED = AgentError(ErrorCode.UNAUTHENTICATED, "The sandbox's token is missing or wrong.")
_ENDING = AgentError(
    ErrorCode.UNAVAILABLE, "The sandbox was stopped before it could answer. It starts again on your next action."
)
_FORBIDDEN = AgentError(ErrorCode.FORBIDDEN, "You may look at this project, not change or run it.")


def _without(headers: Iterable[tuple[bytes, bytes]], names: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name not in names]


async def _refuse(scope: Scope, send: Send, error: AgentError) -> None:
    if scope["type"] == "websocket":
        # Closed before it was accepted: the server answers the handshake with 403.
        await send({"type": "websocket.close", "code": error.close_code, "reason": error.message})
        return
    body = msgspec.json.encode(error.body())
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    start: Message = {"type": "http.response.start", "status": error.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})
