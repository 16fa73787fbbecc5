"""One HTTP/1.1 exchange with a server in the sandbox: its answer is hostile, and streamed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import httptools

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode

from .headers import Headers

MAX_HEAD: Final = 64 * 1024
MAX_HEADERS: Final = 200
SLICE: Final = 64 * 1024
CONNECT_SEC: Final = 5.0
HEAD_SEC: Final = 120.0
"""For a server to begin its answer; a program that is being debugged may take its time."""


class Upstream:
    """A connection for one request. Make it with ``connect``; ``close`` it."""

    def __init__(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._port = port
        self._reader = reader
        self._writer = writer
        self._parser = httptools.HttpResponseParser(self)
        self._head_size = 0
        self._has_head = False
        self._complete = False
        self._without_body = False
        self._body: list[bytes] = []
        self.headers: Headers = []
        self.status = 0

    def close(self) -> None:
        """End the connection."""
        self._writer.transport.abort()

    async def send_head(self, method: str, target: bytes, headers: Headers, *, chunked: bool) -> None:
        """Send a request's head."""
        self._without_body = method == "HEAD"
        lines = [method.encode("ascii") + b" " + target + b" HTTP/1.1", b"Host: localhost:%d" % self._port]
        lines += [name + b": " + value for name, value in headers]
        lines += [b"Transfer-Encoding: chunked"] if chunked else []
        self._writer.write(b"\r\n".join([*lines, b"Connection: close", b"", b""]))
        await self._writer.drain()

    async def send_body(self, chunks: AsyncIterator[bytes], *, chunked: bool) -> None:
        """Send a request's body. A server that answers before it has read all of it is no error."""
        try:
            async for chunk in chunks:
                if chunk:
                    self._writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
                    await self._writer.drain()
            if chunked:
                self._writer.write(b"0\r\n\r\n")
                await self._writer.drain()
        except ConnectionError:
            return

    async def receive_head(self) -> None:
        """Wait for the answer's status and headers. Raises SANDBOX_MISBEHAVED, TIMED_OUT."""
        try:
            async with asyncio.timeout(HEAD_SEC):
                while not self._has_head:
                    await self._read()
        except TimeoutError as error:
            message = f"The server on port {self._port} did not answer within {HEAD_SEC:.0f} seconds."
            raise AgentError(ErrorCode.TIMED_OUT, message) from error

    async def body(self) -> AsyncIterator[bytes]:
        """The answer's body, as it comes. Raises SANDBOX_MISBEHAVED when it breaks off."""
        while True:
            ready, self._body = b"".join(self._body), []
            if ready:
                yield ready
            if self._complete or self._without_body or self.status in {204, 304}:
                return
            await self._read()

    async def _read(self) -> None:
        try:
            data = await self._reader.read(SLICE)
            if data:
                self._parser.feed_data(data)
                self._check_head(len(data))
            else:
                self._check_end()
        except httptools.HttpParserUpgrade as upgrade:
            raise self._misbehaved("switches to a protocol that nobody asked for") from upgrade
        except (httptools.HttpParserError, ConnectionError) as error:
            # What follows the end of an answer is not part of it, whatever it is.
            if not self._complete:
                raise self._misbehaved("does not answer in HTTP") from error

    def _check_head(self, received: int) -> None:
        """Bound what is no body: the head, and later extensions of chunks, and trailers."""
        self._head_size = 0 if self._body else self._head_size + received
        if self._head_size > MAX_HEAD or len(self.headers) > MAX_HEADERS:
            raise self._misbehaved("answers with more headers than are allowed")

    def _check_end(self) -> None:
        names = {name.lower() for name, _ in self.headers}
        if not self._has_head or names & {b"content-length", b"transfer-encoding"}:
            raise self._misbehaved("broke off its answer")
        self._complete = True

    def _misbehaved(self, what: str) -> AgentError:
        return AgentError(ErrorCode.SANDBOX_MISBEHAVED, f"The server on port {self._port} {what}.")

    # Called by the parser.

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        if not self._has_head:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The end of the headers; those of an interim answer (100, 103) are dropped."""
        status = self._parser.get_status_code()
        if self._complete:
            return
        if status < 200:
            self.headers.clear()
        else:
            self.status = status
            self._has_head = True

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if not self._complete:
            self._body.append(data)

    def on_message_complete(self) -> None:
        """The end of an answer."""
        self._complete = self._has_head


async def connect(port: int) -> Upstream:
    """Connect to a port in the sandbox. Raises UNAVAILABLE when nothing listens there."""
    try:
        async with asyncio.timeout(CONNECT_SEC):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=SLICE)
    except (OSError, TimeoutError) as error:
        raise nothing_listens(port) from error
    return Upstream(port, reader, writer)


def nothing_listens(port: int) -> AgentError:
    """The answer when no server is there."""
    message = f"Nothing listens on port {port} in the sandbox. Start your server on 127.0.0.1:{port} and reload."
    return AgentError(ErrorCode.UNAVAILABLE, message, port=port)
