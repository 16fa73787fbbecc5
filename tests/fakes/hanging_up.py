"""Clients that ask for a WebSocket and are gone before they are answered, and what a server says of them."""

import asyncio
import logging
import socket
import struct
from collections.abc import Awaitable, Callable

import pytest
from starlette.types import Receive, Scope, Send

from sandbox_image.sockets.serving import EXTENSION, ServingProtocol

DEADLINE_SEC = 60.0
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Watched:
    """An app whose sockets are held in their handshake until they are let go on; how they ended is counted."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.held = asyncio.Event()
        """Set once a socket is there."""
        self.go_on = asyncio.Event()
        self.ended = asyncio.Event()
        """Set once one that was let go on has been served to its end."""
        self.protocol: ServingProtocol | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        self.protocol = scope["extensions"][EXTENSION]["protocol"]
        self.held.set()
        await self.go_on.wait()
        try:
            await self._app(scope, receive, send)
        finally:
            self.ended.set()

    async def until_gone(self) -> None:
        """Wait until the server knows that the client has gone."""
        async with asyncio.timeout(DEADLINE_SEC):
            while self.protocol is None or not self.protocol.disconnected:  # noqa: ASYNC110  nothing tells
                await asyncio.sleep(0.005)


async def hang_up_in_handshake(watched: Watched, port: int, head: str) -> None:
    """Ask for a socket, reset the connection, and let the app go on once the server knows."""
    loop = asyncio.get_running_loop()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setblocking(False)
        await loop.sock_sendall(client, handshake(port, head))
        async with asyncio.timeout(DEADLINE_SEC):
            await watched.held.wait()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await watched.until_gone()
    watched.go_on.set()
    async with asyncio.timeout(DEADLINE_SEC):
        await watched.ended.wait()
    await asyncio.sleep(0)


def handshake(port: int, head: str) -> bytes:
    """A request for a socket. ``head`` is its target and further lines."""
    target, *lines = head.split("\n")
    fixed = [
        f"Host: 127.0.0.1:{port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
    ]
    return ("\r\n".join([f"GET {target} HTTP/1.1", *fixed, *lines]) + "\r\n\r\n").encode()


def faults(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged as worse than news."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING or record.exc_info]
