"""One connection to an agent: a request and its answer at a time, every part of the answer bounded.

The parser is llhttp (by ``httptools``), strict as it comes. Reading pauses while the consumer of a streamed body lags, so
nothing is stored up beyond ``HIGH_WATER``.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from enum import Enum, auto
from typing import Final, cast

import httptools

from control_plane.domain.errors import SandboxMisbehaved

MAX_HEAD: Final = 32 * 1024
HIGH_WATER: Final = 256 * 1024


class ExchangeState(Enum):
    """Where a connection is. ``CLOSED`` is final; a new exchange starts from ``IDLE`` only."""

    IDLE = auto()
    HEAD = auto()
    """The request is being sent, or the answer's head is awaited."""
    BODY = auto()
    CLOSED = auto()


class AgentClosed(Exception):
    """The agent closed the connection before its answer was complete; ``untouched`` if before its first byte."""

    def __init__(self, *, untouched: bool) -> None:
        super().__init__("the agent closed the connection")
        self.untouched = untouched


class Exchange(asyncio.Protocol):
    """A connection. Call ``begin``, ``write`` the request, ``await head()``, then ``read`` until it gives ``b""``."""

    def __init__(self, on_lost: "Callable[[Exchange], None]" = lambda _: None) -> None:
        """``on_lost`` is called when the connection has ended, whoever ended it."""
        self._on_lost = on_lost
        self.state = ExchangeState.IDLE
        self.status = 0
        self.headers: dict[str, str] = {}
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._head_size = 0
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._complete = False
        self._keep_alive = False
        self._cut_short = False
        self._touched = False
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._reading = True

    # ── for the link ──────────────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """Start a new exchange on an idle connection."""
        assert self.state is ExchangeState.IDLE
        self.state = ExchangeState.HEAD
        self.status, self.headers = 0, {}
        self._head_size = 0
        self._complete = self._keep_alive = self._touched = self._cut_short = False
        self._parser = httptools.HttpResponseParser(self)

    def write(self, data: bytes) -> None:
        """Send a part of the request. An agent that went away is reported by ``head``."""
        if self._transport is not None and self.state is not ExchangeState.CLOSED:
            self._transport.write(data)

    def cut_short(self) -> None:
        """The request was not sent to its end: what would be sent next would be taken for the rest of it."""
        self._cut_short = True

    async def drain(self) -> None:
        """Wait until the agent took enough of what was written."""
        if self._writable is not None:
            await self._writable
        elif self._transport is None or self._transport.is_closing():
            await asyncio.sleep(0)  # a sender that never waits would keep the news of the end from arriving
        if self._failure is not None:
            raise self._failure

    async def head(self) -> int:
        """Wait for the answer's head; its status. Raises ``AgentClosed``, ``SandboxMisbehaved``."""
        while self.state is ExchangeState.HEAD:
            await self._wait()
        if self.status == 0 and self._failure is not None:
            raise self._failure
        return self.status

    async def read(self) -> bytes:
        """The next piece of the body, ``b""`` at its end. Raises ``AgentClosed``, ``SandboxMisbehaved``."""
        while not self._chunks:
            if self._failure is not None:
                raise self._failure
            if self._complete:
                return b""
            await self._wait()
        chunk = self._chunks.popleft()
        self._buffered -= len(chunk)
        if not self._reading and self._buffered <= HIGH_WATER // 2 and self._transport is not None:
            self._reading = True
            self._transport.resume_reading()
        return chunk

    async def body(self) -> AsyncIterator[bytes]:
        """The body, piece by piece."""
        while chunk := await self.read():
            yield chunk

    def reusable(self) -> bool:
        """Tell whether the exchange is over and the connection may serve another; it is idle then."""
        done = self._complete and not self._cut_short and not self._chunks
        if not (done and self._keep_alive and self.state is ExchangeState.BODY):
            return False
        self.state = ExchangeState.IDLE
        return True

    def close(self) -> None:
        """Give the connection up, whatever it is doing."""
        self.state = ExchangeState.CLOSED
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, failure: Exception) -> None:
        if self._failure is None and not self._complete:
            self._failure = failure
        self.state = ExchangeState.CLOSED
        if self._transport is not None:
            self._transport.abort()
        self._release_writer()
        self._wake()

    def _release_writer(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # ── asyncio.Protocol ──────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.state is ExchangeState.IDLE or self._complete:
            self._fail(SandboxMisbehaved("The sandbox's agent sent bytes that nobody asked for."))
            return
        self._touched = True
        if self.state is ExchangeState.HEAD:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(SandboxMisbehaved("The sandbox's agent tried to switch protocols in a plain answer."))
        except httptools.HttpParserError as error:
            self._fail(SandboxMisbehaved(f"The sandbox's agent sent an answer that is not HTTP ({error})."))
        if self.state is ExchangeState.HEAD and self._head_size > MAX_HEAD:
            self._fail(SandboxMisbehaved(f"The head of the agent's answer is longer than {MAX_HEAD} bytes."))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._fail(AgentClosed(untouched=not self._touched))
        self._on_lost(self)

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        self._release_writer()

    # ── httptools callbacks ───────────────────────────────────────────────────────────────────────────────────

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.state is ExchangeState.HEAD:
            self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if 100 <= self._parser.get_status_code() < 200:
            return
        self.status = self._parser.get_status_code()
        self.state = ExchangeState.BODY
        self._wake()

    def on_body(self, body: bytes) -> None:
        if self.state is ExchangeState.CLOSED:
            return
        self._chunks.append(body)
        self._buffered += len(body)
        if self._reading and self._buffered > HIGH_WATER and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        if self.state is not ExchangeState.BODY:
            return
        self._complete = True
        self._keep_alive = self._parser.should_keep_alive()
        self._wake()
