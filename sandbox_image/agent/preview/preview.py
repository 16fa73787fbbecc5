"""The preview: requests for a port pass on to the server that listens there in the sandbox."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from typing import Final

from starlette.types import Receive, Scope, Send

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.closing import CLOSINGS, CloseCode
from sandbox_image.wire.errors import ErrorCode

from .headers import to_page, to_server
from .upstream import Upstream, connect

MAX_CONNECTIONS: Final = 256
RECENT_SEC: Final = 60.0
"""For so long after its last request a port counts as in use."""


class Preview:
    """Passes HTTP and WebSocket on to loopback ports, except ``refused`` ones. Follows no redirect."""

    def __init__(self, refused: frozenset[int] = frozenset({3128})) -> None:
        self.refused = refused
        self._open: Counter[int] = Counter()
        self._used: dict[int, float] = {}

    def busy(self) -> list[str]:
        """Ports that somebody looks at, such as ``port 8080 in use``."""
        since = time.monotonic() - RECENT_SEC
        self._used = {port: used for port, used in self._used.items() if used > since}
        return [f"port {port} in use" for port in sorted({*(+self._open), *self._used})]

    async def serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request by what the server on its port answers. Raises UNAVAILABLE when there is none."""
        port = self._port_of(scope)
        with self._using(port):
            upstream = await connect(port)
            try:
                await _exchange(upstream, scope, receive, send)
            finally:
                upstream.close()

    async def serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass messages both ways. Who may only look gets no socket: what it sends could do anything."""
        try:
            port = self._port_of(scope)
        except AgentError as error:
            await _refuse(receive, send, CloseCode.NOT_FOUND, error.message)
            return
        if scope.get("state", {}).get("view_only", False):
            await _refuse(receive, send, CloseCode.FORBIDDEN, CLOSINGS[CloseCode.FORBIDDEN].sentence)
            return
        from .sockets import serve_socket

        with self._using(port):
            await serve_socket(port, _target(scope).decode("latin-1"), scope, receive, send)

    @contextmanager
    def _using(self, port: int) -> Generator[None]:
        if self._open.total() >= MAX_CONNECTIONS:
            raise AgentError(
                ErrorCode.TOO_MANY, f"{MAX_CONNECTIONS} previews of this sandbox are open at once; close some."
            )
        self._open[port] += 1
        try:
            yield
        finally:
            self._open[port] -= 1
            self._used[port] = time.monotonic()

    def _port_of(self, scope: Scope) -> int:
        """The port, parsed once: from here on it is a number."""
        text: str = scope["path_params"]["port"]
        port = int(text) if text.isascii() and text.isdecimal() and len(text) <= 5 else 0
        if not 1 <= port <= 65535:
            raise AgentError(
                ErrorCode.INVALID, f"{text[:20]!r} is no port; it is a number from 1 to 65535.", field="port"
            )
        if port in self.refused:
            raise AgentError(ErrorCode.FORBIDDEN, f"Port {port} belongs to the sandbox itself; serve on another one.")
        return port


def _target(scope: Scope) -> bytes:
    """Path and query as the browser wrote them, without ``/preview/{port}``."""
    path = b"/" + scope["raw_path"].partition(b"?")[0].split(b"/", 3)[3]
    return path + (b"?" + scope["query_string"] if scope["query_string"] else b"")


async def _exchange(upstream: Upstream, scope: Scope, receive: Receive, send: Send) -> None:
    chunked = any(name == b"transfer-encoding" for name, _ in scope["headers"])
    await upstream.send_head(scope["method"], _target(scope), to_server(scope["headers"]), chunked=chunked)
    try:
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(_ask(upstream, receive, chunked=chunked))
            answering = tasks.create_task(_answer(upstream, send))
            await asyncio.wait({asking, answering}, return_when=asyncio.FIRST_COMPLETED)
            asking.cancel()
            answering.cancel()
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _ask(upstream: Upstream, receive: Receive, *, chunked: bool) -> None:
    """Send the request's body, then wait until the page has gone."""
    gone = False

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal gone
        while (message := await receive())["type"] == "http.request":
            yield message.get("body", b"")
            if not message.get("more_body", False):
                return
        gone = True

    await upstream.send_body(chunks(), chunked=chunked)
    while not gone and (await receive())["type"] != "http.disconnect":
        pass


async def _answer(upstream: Upstream, send: Send) -> None:
    await upstream.receive_head()
    await send({"type": "http.response.start", "status": upstream.status, "headers": to_page(upstream.headers)})
    async for chunk in upstream.body():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _refuse(receive: Receive, send: Send, code: CloseCode, reason: str) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": code, "reason": reason[:120]})
