"""The heads of requests, bounded in time and size: what a client sends before anybody knows who it is.

uvicorn waits for the end of a head for ever, and keeps whatever comes before it.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_WITHIN_SEC: Final = 30.0
"""From the connection, or the first byte of a later request; a page's server or a proxy needs no tenth of it."""
LONGEST_HEAD: Final = 64 * 1024
"""Bytes, with what one read of the connection adds to them."""


class BoundedHeads(HttpToolsProtocol):
    """What uvicorn makes of a connection, with a limit to each head. An answer of 408 or 431 ends the connection."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._head_size = 0
        self._head_due: asyncio.TimerHandle | None = None
        """Set while a head is awaited."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # uvicorn's
        """Wait for the first head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._have_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        super().data_received(data)
        if self._head_due is not None:
            self._head_size += len(data)
            if self._head_size > LONGEST_HEAD:
                self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """Begin a request: the first one of a connection is awaited already."""
        super().on_message_begin()
        if self._head_due is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """Serve a request; its body may take as long as its reader lets it."""
        self._have_head()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._head_size = 0
        self._head_due = self.loop.call_later(HEAD_WITHIN_SEC, self._refuse, b"408 Request Timeout")

    def _have_head(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _refuse(self, status: bytes) -> None:
        self._have_head()
        self.transport.write(b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status)
        self.transport.close()
