"""uvicorn's side of a WebSocket, with bounds on what it keeps for a client that means harm."""

import asyncio
from typing import Any, Final

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from sandbox_image.wire.closing import CloseCode

MAX_FRAGMENTS: Final = 4096
"""Frames of one message. Empty ones count for nothing in its size, and yet each takes memory."""
NOT_UTF8: Final = 1007
"""RFC 6455's code for text that is none."""
LINGER_SEC: Final = 5.0
"""What a client has left, once nobody serves it any more, to take what is buffered for it."""


class _Interruptible(ServerProtocol):
    """Lets a client say goodbye in the middle of a message, as RFC 6455 does (5.4) and the library does not."""

    def recv_frame(self, frame: Frame) -> None:
        """Process a frame."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None  # what was begun is not finished any more
        super().recv_frame(frame)


class BoundedWebSocketProtocol(WebSocketsSansIOProtocol):
    """Answers pings only while the client reads, closes a message that breaks a rule, and lets go of a silent client."""

    _lingering: asyncio.TimerHandle | None = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        made = self.conn
        self.conn = _Interruptible(
            extensions=made.available_extensions, max_size=made.max_message_size, logger=made.logger
        )

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the application says. A refusal is as good an end of the handshake as an acceptance."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True

    def handle_ping(self) -> None:
        """Answer; RFC 6455 lets an endpoint that is behind answer the latest ping alone."""
        output = b"".join(self.conn.data_to_send())
        if self.writable.is_set() or self.conn.close_rcvd is not None:
            self.transport.write(output)

    def handle_cont(self, event: Frame) -> None:
        """Take a fragment."""
        if self.close_sent:
            return
        if len(self.frames) < MAX_FRAGMENTS:
            super().handle_cont(event)
        else:
            self._fail(CloseCode.MESSAGE_TOO_BIG, f"more than {MAX_FRAGMENTS} fragments")

    def send_receive_event_to_app(self) -> None:
        """Hand over a whole message. Text that is none is no fault of ours: its sender is told, and the log is not."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            self.frames = [b"".join(self.frames)]
            try:
                self.frames[0].decode()
            except UnicodeDecodeError:
                self._fail(NOT_UTF8, "text that is not UTF-8")
                return
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Close. Who still wants to send is told that the client has gone, not that it did something wrong itself."""
        super().handle_parser_exception()
        self._is_gone()

    def keepalive_timeout(self) -> None:
        """Close, without waiting for a client that does not read to take what is buffered for it."""
        super().keepalive_timeout()
        self._is_gone()
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Nobody serves the client any more: it may take what is buffered for it, but not for ever."""
        super().on_task_complete(task)
        if not self.disconnected or self.transport.get_write_buffer_size():
            self._lingering = self.loop.call_later(LINGER_SEC, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        super().connection_lost(exc)
        if self._lingering is not None:
            self._lingering.cancel()

    def _fail(self, code: int, reason: str) -> None:
        """Close by the protocol's own rules; says nothing to a client that has said goodbye meanwhile."""
        self.frames = []
        self.conn.fail(code, reason)
        self.handle_parser_exception()

    def _is_gone(self) -> None:
        self.disconnected = True
        self.writable.set()
