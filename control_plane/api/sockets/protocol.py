"""uvicorn's side of a WebSocket, with bounds on what it keeps for a client that means harm."""

from typing import Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from sandbox_image.wire.closing import CloseCode

MAX_FRAGMENTS: Final = 4096
"""Frames of one message. Empty ones count for nothing in its size, and yet each takes memory."""


class BoundedWebSocketProtocol(WebSocketsSansIOProtocol):
    """Answers pings only while the client reads, closes a message of endless fragments, and lets go of a silent client."""

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
            return
        self.frames = []
        self.conn.fail(CloseCode.MESSAGE_TOO_BIG, f"more than {MAX_FRAGMENTS} fragments")
        self.handle_parser_exception()

    def keepalive_timeout(self) -> None:
        """Close, without waiting for a client that does not read to take what is buffered for it."""
        super().keepalive_timeout()
        if self.transport.get_write_buffer_size():
            self.transport.abort()
