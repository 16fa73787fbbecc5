"""A WebSocket to an agent: its opening handshake, and what an agent that breaks the rules gets.

No pings go to an agent: a paused sandbox could not answer, and its sockets are to survive the pause.
"""

import asyncio
import base64
import hashlib
import os
from collections.abc import Sequence
from typing import Final

import httptools

from control_plane.domain.errors import SandboxMisbehaved
from sandbox_image.sockets.frames import BadFrame, Side
from sandbox_image.sockets.message_socket import MessageSocket
from sandbox_image.wire.closing import CloseCode

MAX_HEAD: Final = 32 * 1024
HANDSHAKE_TIMEOUT: Final = 10.0
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class WebSocket(MessageSocket):
    """A client's socket, as ``ports.AgentSocket`` says. Use ``connect``."""

    def __init__(self, max_message: int, subprotocol: str | None) -> None:
        super().__init__(Side.CLIENT, max_message)
        self.subprotocol = subprotocol
        """What the server chose."""

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye with a code and let go; does not wait for an agent that may be frozen."""
        self.say_goodbye(code, reason)
        self.end()

    def on_bad_frame(self, error: BadFrame) -> None:
        """Cut the agent off."""
        self.close_code = int(CloseCode.SANDBOX_MISBEHAVED)
        self.close_reason = f"The sandbox broke the socket's rules: {error}."
        if self._transport is not None:
            self._transport.abort()
        self.end()


class Handshake(asyncio.Protocol):
    """The answer to a socket's opening, until ``opened`` is done; ``early`` is what came behind its head."""

    def __init__(self, expected_accept: str) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.early = b""
        self.lost = False
        self.headers: dict[str, str] = {}
        self._expected_accept = expected_accept
        self._parser = httptools.HttpResponseParser(self)
        self._head_size = 0

    def data_received(self, data: bytes) -> None:
        if self.opened.done():
            self.early += data
            return
        self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self.headers.get("sec-websocket-accept") == self._expected_accept:
                self.early = data[upgrade.args[0] :]
                self.opened.set_result(None)
            else:
                self._refuse("The sandbox opened something that is not this WebSocket.")
        except httptools.HttpParserError as error:
            self._refuse(f"The sandbox's answer to a socket's opening is not HTTP ({error}).")
        if self._head_size > MAX_HEAD:
            self._refuse("The head of the sandbox's answer to a socket's opening is too long.")

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionResetError("the agent closed the connection"))

    def _refuse(self, reason: str) -> None:
        if not self.opened.done():
            self.opened.set_exception(SandboxMisbehaved(reason))

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status != 101:
            self._refuse(f"The sandbox did not open the socket (status {status}).")


async def connect(
    path: str, target: str, headers: Sequence[tuple[str, str]], max_message: int, subprotocols: Sequence[str] = ()
) -> WebSocket:
    """Open a WebSocket at the Unix socket ``path``. Raises ``OSError``, ``TimeoutError``, ``SandboxMisbehaved``."""
    key = base64.b64encode(os.urandom(16))
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()  # noqa: S324  the protocol's own choice
    lines = [
        f"GET {target} HTTP/1.1",
        "host: agent",
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        f"sec-websocket-key: {key.decode()}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    if subprotocols:
        lines.append(f"sec-websocket-protocol: {', '.join(subprotocols)}")
    async with asyncio.timeout(HANDSHAKE_TIMEOUT):
        loop = asyncio.get_running_loop()
        transport, handshake = await loop.create_unix_connection(lambda: Handshake(accept), path)
        try:
            transport.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"))
            await handshake.opened
        except BaseException:
            transport.abort()
            raise
    socket = WebSocket(max_message, handshake.headers.get("sec-websocket-protocol"))
    socket.open(transport, handshake.early)
    if handshake.lost:
        socket.connection_lost(None)
    return socket
