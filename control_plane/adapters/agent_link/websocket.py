"""A WebSocket to an agent, read no faster than it is consumed.

Messages go into a short queue; above ``HIGH_WATER`` bytes the socket is not read until the queue was emptied by half.
No pings go to an agent: a paused sandbox could not answer, and its sockets are to survive the pause.
"""

import asyncio
import base64
import hashlib
import os
from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final, cast

import httptools

from control_plane.adapters.agent_link.frames import BadFrame, FrameReader, Opcode, close_of, encode
from control_plane.domain.errors import SandboxMisbehaved
from sandbox_image.wire.closing import CloseCode

HIGH_WATER: Final = 256 * 1024
MAX_HEAD: Final = 32 * 1024
HANDSHAKE_TIMEOUT: Final = 10.0
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class SocketState(Enum):
    """Where a socket is; it only moves down this list."""

    CONNECTING = auto()
    OPEN = auto()
    CLOSED = auto()


class WebSocket(asyncio.Protocol):
    """A client's socket, as ``ports.AgentSocket`` says. Use ``connect``."""

    def __init__(self, max_message: int, expected_accept: str) -> None:
        self.state = SocketState.CONNECTING
        self.close_code: int = 1006
        self.close_reason: str = ""
        self.status = 0
        self.headers: dict[str, str] = {}
        self._expected_accept = expected_accept
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._head_size = 0
        self._frames = FrameReader(max_message)
        self._messages: deque[str | bytes] = deque()
        self._buffered = 0
        self._reading = True
        self._refusal = ""
        self._opened = False
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the server chose."""
        return self.headers.get("sec-websocket-protocol")

    async def handshake(self) -> None:
        """Wait until the socket is open. Raises ``SandboxMisbehaved``, ``ConnectionError``."""
        while self.state is SocketState.CONNECTING:
            await self._wait()
        if self._opened:
            return  # perhaps closed again already, which receive() tells after what came before
        if self._refusal or self.status:
            raise SandboxMisbehaved(self._refusal or f"The sandbox did not open the socket (status {self.status}).")
        raise ConnectionResetError("the agent closed the connection")

    async def receive(self) -> str | bytes | None:
        """The next message, or None when the socket is closed; see ``close_code`` then."""
        while not self._messages:
            if self.state is SocketState.CLOSED:
                return None
            await self._wait()
        message = self._messages.popleft()
        self._buffered -= len(message)
        if not self._reading and self._buffered <= HIGH_WATER // 2 and self._transport is not None:
            self._reading = True
            self._transport.resume_reading()
        return message

    async def send(self, message: str | bytes) -> None:
        """Send a message; waits while the agent does not read. Silent on a closed socket: ``receive`` tells."""
        if self._transport is None or self.state is SocketState.CLOSED:
            return
        if isinstance(message, str):
            self._transport.write(encode(Opcode.TEXT, message.encode("utf-8", "replace")))
        else:
            self._transport.write(encode(Opcode.BINARY, message))
        if self._writable is not None:
            await self._writable

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye with a code and let go; does not wait for an agent that may be frozen."""
        if self._transport is not None and self.state is SocketState.OPEN:
            self._transport.write(encode(Opcode.CLOSE, code.to_bytes(2, "big") + reason.encode()[:120]))
        self._end()

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _end(self) -> None:
        self.state = SocketState.CLOSED
        if self._transport is not None:
            self._transport.close()
        self.resume_writing()
        self._wake()

    # ── asyncio.Protocol ──────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._end()

    def data_received(self, data: bytes) -> None:
        if self._parser is not None:
            data = self._read_head(self._parser, data)
        if self.state is not SocketState.OPEN or not data:
            return
        try:
            for opcode, payload in self._frames.feed(data):
                if not self._on_frame(opcode, payload):
                    return
        except BadFrame as error:
            self.close_code = CloseCode.SANDBOX_MISBEHAVED
            self.close_reason = f"The sandbox broke the socket's rules: {error}."
            if self._transport is not None:
                self._transport.abort()
            self._end()

    def pause_writing(self) -> None:
        if self._writable is None:
            self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def _on_frame(self, opcode: Opcode, payload: str | bytes) -> bool:
        """Take a frame; whether more may follow."""
        if opcode is Opcode.PING:
            # One that pings and does not read is not answered: the answers would pile up.
            if self._transport is not None and self._writable is None:
                self._transport.write(encode(Opcode.PONG, cast(bytes, payload)))
        elif opcode is Opcode.CLOSE:
            raw = cast(bytes, payload)
            self.close_code, self.close_reason = close_of(raw)
            if self._transport is not None:
                self._transport.write(encode(Opcode.CLOSE, raw[:2]))
            self._end()
            return False
        elif opcode is not Opcode.PONG:
            self._messages.append(payload)
            self._buffered += len(payload)
            if self._reading and self._buffered > HIGH_WATER and self._transport is not None:
                self._reading = False
                self._transport.pause_reading()
            self._wake()
        return True

    # ── the opening handshake ─────────────────────────────────────────────────────────────────────────────────

    def _read_head(self, parser: httptools.HttpResponseParser, data: bytes) -> bytes:
        """Feed the parser until the head is complete; what came after it."""
        self._head_size += len(data)
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            rest = data[upgrade.args[0] :]
            self._parser = None
            if self.headers.get("sec-websocket-accept") == self._expected_accept:
                self.state = SocketState.OPEN
                self._opened = True
                self._wake()
                return rest
            self._refusal = "The sandbox opened something that is not this WebSocket."
            self._end()
        except httptools.HttpParserError as error:
            self._refusal = f"The sandbox's answer to a socket's opening is not HTTP ({error})."
            self._end()
        if self._head_size > MAX_HEAD and self.state is SocketState.CONNECTING:
            self._refusal = "The head of the sandbox's answer to a socket's opening is too long."
            self._end()
        return b""

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._parser is not None:
            self.status = self._parser.get_status_code()
            if self.status != 101:
                self._end()


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
        transport, socket = await loop.create_unix_connection(lambda: WebSocket(max_message, accept), path)
        try:
            transport.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"))
            await socket.handshake()
        except BaseException:
            transport.abort()
            raise
    return socket
