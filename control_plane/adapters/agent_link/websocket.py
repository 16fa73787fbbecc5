"""A WebSocket to an agent, read no faster than it is consumed.

Framing is picows' (Cython), whose callbacks run on the event loop: messages go into a short queue, and above
``HIGH_WATER`` bytes the socket is not read until the queue was emptied by half. Fragments are joined under the size limit.
No pings go to an agent: a paused sandbox could not answer, and its sockets are to survive the pause.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Sequence
from typing import Final

import picows

from control_plane.domain.errors import SandboxMisbehaved
from sandbox_image.wire.closing import CloseCode

HIGH_WATER: Final = 256 * 1024
HANDSHAKE_TIMEOUT: Final = 10.0


class WebSocket(picows.WSListener):
    """An open WebSocket, as ``ports.AgentSocket`` says. Use ``connect``."""

    def __init__(self, max_message: int) -> None:
        super().__init__()
        self.close_code: int = 1006
        self.close_reason: str = ""
        self._max_message = max_message
        self._transport: picows.WSTransport | None = None
        self._messages: deque[str | bytes] = deque()
        self._buffered = 0
        self._reading = True
        self._fragments: list[bytes] = []
        self._fragments_size = 0
        self._fragments_type = picows.WSMsgType.BINARY
        self._closed = False
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the server chose."""
        assert self._transport is not None
        return self._transport.response.headers.get("Sec-WebSocket-Protocol")

    async def receive(self) -> str | bytes | None:
        """The next message, or None when the socket is closed; see ``close_code`` then."""
        while not self._messages:
            if self._closed:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        message = self._messages.popleft()
        self._buffered -= len(message)
        if not self._reading and self._buffered <= HIGH_WATER // 2 and self._transport is not None:
            self._reading = True
            self._transport.underlying_transport.resume_reading()
        return message

    async def send(self, message: str | bytes) -> None:
        """Send a message; waits while the agent does not read. Silent on a closed socket: ``receive`` tells."""
        if self._transport is None or self._closed:
            return
        if isinstance(message, str):
            self._transport.send(picows.WSMsgType.TEXT, message.encode("utf-8", "surrogatepass"))
        else:
            self._transport.send(picows.WSMsgType.BINARY, message)
        if self._writable is not None:
            await self._writable

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye with a code and let go; does not wait for an agent that may be frozen."""
        if self._transport is not None and not self._closed:
            self._transport.send(picows.WSMsgType.CLOSE, code.to_bytes(2, "big") + reason.encode()[:123])
            self._transport.disconnect(graceful=True)

    # ── picows callbacks ──────────────────────────────────────────────────────────────────────────────────────

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport = transport

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        self._closed = True
        self.resume_writing()
        self._wake()

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        kind = frame.msg_type
        if kind is picows.WSMsgType.CLOSE:
            payload = frame.get_payload_as_bytes()
            self.close_code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005
            self.close_reason = payload[2:].decode("utf-8", "replace")
            transport.send(picows.WSMsgType.CLOSE, payload[:2])
            transport.disconnect(graceful=True)
        elif kind in (picows.WSMsgType.TEXT, picows.WSMsgType.BINARY, picows.WSMsgType.CONTINUATION):
            self._on_data(transport, kind, frame)

    def _on_data(self, transport: picows.WSTransport, kind: picows.WSMsgType, frame: picows.WSFrame) -> None:
        if self._fragments_size + frame.payload_size > self._max_message:
            self._refuse(transport, CloseCode.MESSAGE_TOO_BIG)
            return
        if kind is picows.WSMsgType.CONTINUATION or not frame.fin:
            if kind is not picows.WSMsgType.CONTINUATION:
                self._fragments, self._fragments_size, self._fragments_type = [], 0, kind
            self._fragments.append(frame.get_payload_as_bytes())
            self._fragments_size += frame.payload_size
            if not frame.fin:
                return
            kind, payload = self._fragments_type, b"".join(self._fragments)
            self._fragments, self._fragments_size = [], 0
        else:
            payload = frame.get_payload_as_bytes()
        if kind is picows.WSMsgType.TEXT:
            try:
                self._deliver(payload.decode())
            except UnicodeDecodeError:
                self._refuse(transport, CloseCode.BAD_FRAME)
        else:
            self._deliver(payload)

    def _deliver(self, message: str | bytes) -> None:
        self._messages.append(message)
        self._buffered += len(message)
        if self._reading and self._buffered > HIGH_WATER and self._transport is not None:
            self._reading = False
            self._transport.underlying_transport.pause_reading()
        self._wake()

    def _refuse(self, transport: picows.WSTransport, code: CloseCode) -> None:
        self.close_code = CloseCode.SANDBOX_MISBEHAVED
        self.close_reason = f"The sandbox broke the socket's rules ({code.name.lower()})."
        self._closed = True
        transport.disconnect(graceful=False)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def pause_writing(self) -> None:
        if self._writable is None:
            self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None


async def connect(
    path: str, target: str, headers: Sequence[tuple[str, str]], max_message: int, subprotocols: Sequence[str] = ()
) -> WebSocket:
    """Open a WebSocket at the Unix socket ``path``. Raises ``OSError``, ``TimeoutError``, ``SandboxMisbehaved``."""

    async def dial(_: object) -> socket.socket:
        unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        unix.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(unix, path)
        except BaseException:
            unix.close()
            raise
        return unix

    extra = list(headers)
    if subprotocols:
        extra.append(("Sec-WebSocket-Protocol", ", ".join(subprotocols)))
    try:
        _, listener = await picows.ws_connect(  # pyright: ignore[reportUnknownMemberType]
            lambda: WebSocket(max_message),
            f"ws://agent{target}",
            socket_factory=dial,
            extra_headers=extra,
            websocket_handshake_timeout=HANDSHAKE_TIMEOUT,
            max_frame_size=max_message,
            max_redirects=0,
        )
    except picows.WSError as error:
        raise SandboxMisbehaved(
            f"The sandbox's agent did not open the socket {target.partition('?')[0]}: {error}"
        ) from error
    assert isinstance(listener, WebSocket)
    return listener
