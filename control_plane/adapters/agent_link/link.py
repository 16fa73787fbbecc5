"""Requests to agents over their Unix sockets: the port ``AgentLink``."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, Protocol
from urllib.parse import quote

from control_plane.adapters.agent_link.exchange import AgentClosed, Exchange
from control_plane.adapters.agent_link.pool import Pool
from control_plane.adapters.agent_link.unreached import Unreached
from control_plane.adapters.agent_link.websocket import WebSocket, connect
from control_plane.domain.errors import Invalid, SandboxFailed, SandboxMisbehaved, TimedOut, TooLarge
from control_plane.domain.headers import out_of_sandbox
from control_plane.domain.sandbox import EndReason
from control_plane.ports import AgentAddress, AgentAnswer, AgentSocket, AgentStream
from sandbox_image.wire.limits import MAX_JSON_BODY, MAX_LSP_MESSAGE

IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FORBIDDEN_IN_TARGET: Final = frozenset(chr(code) for code in (*range(0x21), 0x7F))


async def admit_all(_: int) -> None:
    """Let an answer of any size be read on."""


class AgentSockets(Protocol):
    """Where agents listen, and the token each asks for."""

    def agent_path(self, address: AgentAddress) -> str: ...
    def token(self, address: AgentAddress) -> str: ...


class UnixAgentLink:
    """Talks to agents over the sockets that the control plane bound for them."""

    def __init__(self, sockets: AgentSockets) -> None:
        self._sockets = sockets
        self._pool = Pool(sockets.agent_path)
        self._unreached = Unreached()

    def close(self) -> None:
        """Close what is kept. Streams and sockets in use belong to their users."""
        self._pool.close()

    def unreached(self) -> AsyncIterator[AgentAddress]:
        """Yield where nobody listened when somebody wanted to connect. Ends only when cancelled."""
        return self._unreached.watch()

    @property
    def kept(self) -> int:
        """How many connections are kept for the next request."""
        return len(self._pool)

    async def request(
        self,
        address: AgentAddress,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] = {},
        user: str = "",
        view_only: bool = False,
        timeout_sec: float = 30.0,
        max_body: int = MAX_JSON_BODY,
        admit: Callable[[int], Awaitable[None]] = admit_all,
    ) -> AgentAnswer:
        """Send a request and read its whole answer, of at most ``max_body`` bytes."""
        head = self._head(
            address, method, target_of(path, query), headers, user=user, view_only=view_only, length=len(body)
        )
        try:
            async with asyncio.timeout(timeout_sec):
                try:
                    return await self._ask(address, head + body, max_body, admit, fresh=False)
                except AgentClosed as closed:
                    # A kept connection may have been closed by the agent just now: nothing was done with the request.
                    if not (closed.untouched and method in IDEMPOTENT):
                        raise
                    return await self._ask(address, head + body, max_body, admit, fresh=True)
        except TimeoutError as error:
            raise TimedOut(f"The sandbox did not answer {method} {path} within {timeout_sec:g} s.") from error
        except (OSError, AgentClosed) as error:
            raise unreachable(error) from error

    async def _ask(
        self,
        address: AgentAddress,
        request: bytes,
        max_body: int,
        admit: Callable[[int], Awaitable[None]],
        *,
        fresh: bool,
    ) -> AgentAnswer:
        exchange = await self._take(address, fresh=fresh)
        try:
            exchange.begin()
            exchange.write(request)
            status = await exchange.head()
            pieces: list[bytes] = []
            size = 0
            while piece := await exchange.read():
                size += len(piece)
                if size > max_body:
                    raise SandboxMisbehaved(f"The sandbox's answer is larger than {max_body} bytes.")
                pieces.append(piece)
                await admit(size)
            return AgentAnswer(status=status, headers=out_of_sandbox(exchange.headers), body=b"".join(pieces))
        finally:
            self._pool.give_back(address, exchange)

    async def _take(self, address: AgentAddress, *, fresh: bool) -> Exchange:
        try:
            return await self._pool.take(address, fresh=fresh)
        except OSError:
            self._unreached.note(address)
            raise

    @asynccontextmanager
    async def stream(
        self,
        address: AgentAddress,
        method: str,
        path: str,
        *,
        query: str = "",
        body: AsyncIterator[bytes] | bytes = b"",
        headers: Mapping[str, str] = {},
        user: str = "",
        view_only: bool = False,
        idle_timeout_sec: float = 60.0,
    ) -> AsyncGenerator[AgentStream]:
        """Send a request, streamed or whole, and hand out its answer as it comes.

        ``idle_timeout_sec`` bounds each silence, not the whole. An answer that comes before the request was sent to its
        end (a refusal) ends the sending.
        """
        length = len(body) if isinstance(body, bytes) else None
        head = self._head(
            address, method, target_of(path, query), headers, user=user, view_only=view_only, length=length
        )
        try:
            # Never a kept connection: the agent may be closing it just now, and a stream cannot be asked for twice.
            exchange = await self._take(address, fresh=True)
        except (OSError, TimeoutError) as error:
            raise unreachable(error) from error
        try:
            exchange.begin()
            exchange.write(head)
            if isinstance(body, bytes):
                exchange.write(body)
                status = await self._within(exchange.head(), idle_timeout_sec)
            else:
                chunked = "content-length" not in headers
                status = await self._send_and_await_head(exchange, body, idle_timeout_sec, chunked=chunked)
            yield Answer(exchange, status, idle_timeout_sec)
        except AgentClosed as error:
            raise unreachable(error) from error
        finally:
            self._pool.give_back(address, exchange)

    async def _within(self, head: Awaitable[int], seconds: float) -> int:
        try:
            async with asyncio.timeout(seconds):
                return await head
        except TimeoutError as error:
            raise TimedOut(f"The sandbox was silent for {seconds:g} s.") from error

    async def _send_and_await_head(
        self, exchange: Exchange, body: AsyncIterator[bytes], idle: float, *, chunked: bool
    ) -> int:
        async def send() -> None:
            async for piece in body:
                if piece:
                    exchange.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                    try:
                        async with asyncio.timeout(idle):
                            await exchange.drain()
                    except TimeoutError as error:
                        raise TimedOut(f"The sandbox took nothing for {idle:g} s.") from error
                    except AgentClosed:
                        return  # the agent's answer, or its absence, is told by head()
            if chunked:
                exchange.write(b"0\r\n\r\n")

        sending = asyncio.ensure_future(send())
        answering = asyncio.ensure_future(exchange.head())
        try:
            await asyncio.wait({sending, answering}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
                return await self._within(answering, idle)
            return answering.result()
        finally:
            if not sending.done():
                exchange.cut_short()
            for task in (sending, answering):
                task.cancel()
            await asyncio.gather(sending, answering, return_exceptions=True)

    @asynccontextmanager
    async def connect(
        self,
        address: AgentAddress,
        path: str,
        *,
        query: str = "",
        headers: Iterable[tuple[str, str]] = (),
        user: str = "",
        view_only: bool = False,
        max_message: int = MAX_LSP_MESSAGE,
        subprotocols: Sequence[str] = (),
    ) -> AsyncGenerator[AgentSocket]:
        """Open a WebSocket to the agent; it is closed at the end of the block."""
        ours = [*headers, *self._own_headers(address, user, view_only)]
        try:
            socket = await connect(
                self._sockets.agent_path(address), target_of(path, query), ours, max_message, subprotocols
            )
        except (OSError, TimeoutError) as error:
            self._unreached.note(address)
            raise unreachable(error) from error
        try:
            yield socket
        finally:
            await socket.close(1000)

    def _own_headers(self, address: AgentAddress, user: str, view_only: bool) -> list[tuple[str, str]]:
        return [
            ("authorization", f"Bearer {self._sockets.token(address)}"),
            ("x-aimforge-user", quote(user, safe=" @.-_")),
            ("x-aimforge-mode", "view" if view_only else "edit"),
        ]

    def _head(
        self,
        address: AgentAddress,
        method: str,
        target: str,
        headers: Mapping[str, str],
        *,
        user: str,
        view_only: bool,
        length: int | None,
    ) -> bytes:
        lines = [f"{method} {target} HTTP/1.1", "host: agent"]
        lines += [f"{name}: {value}" for name, value in self._own_headers(address, user, view_only)]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if length is None:
            if "content-length" not in headers:
                lines.append("transfer-encoding: chunked")
        elif length or method not in IDEMPOTENT:
            lines.append(f"content-length: {length}")
        head = "\r\n".join(lines)
        if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1 or "\0" in head:
            raise Invalid("A header with a line break was refused.")
        return (head + "\r\n\r\n").encode("latin-1", "replace")


class Answer:
    """A streamed answer, as ``ports.AgentStream`` says."""

    def __init__(self, exchange: Exchange, status: int, idle_timeout_sec: float) -> None:
        self.status = status
        self.headers: Mapping[str, str] = out_of_sandbox(exchange.headers)
        self._exchange = exchange
        self._idle = idle_timeout_sec

    async def body(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises ``SandboxFailed``, ``TimedOut``, ``SandboxMisbehaved``."""
        while True:
            try:
                async with asyncio.timeout(self._idle):
                    piece = await self._exchange.read()
            except TimeoutError as error:
                raise TimedOut(f"The sandbox was silent for {self._idle:g} s.") from error
            except AgentClosed as error:
                raise unreachable(error) from error
            if not piece:
                return
            yield piece

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises ``TooLarge`` above ``limit`` bytes."""
        pieces: list[bytes] = []
        size = 0
        async for piece in self.body():
            size += len(piece)
            if size > limit:
                raise TooLarge(f"The sandbox's answer is larger than {limit} bytes.")
            pieces.append(piece)
        return b"".join(pieces)


def target_of(path: str, query: str) -> str:
    """The request target; a path with characters that do not belong there is escaped, never passed on."""
    target = f"{path}?{query}" if query else path
    if not target.startswith("/") or not FORBIDDEN_IN_TARGET.isdisjoint(target) or not target.isascii():
        return quote(target, safe="/?&=%:@!$'()*+,;~-._[]|")
    return target


def unreachable(error: BaseException) -> SandboxFailed:
    """What people are told when an agent cannot be reached or broke off."""
    return SandboxFailed(
        "The sandbox cannot be reached: it ended or is being replaced. Try again; it is started if need be.",
        EndReason.CRASHED,
        cause=type(error).__name__,
    )


__all__ = ["Answer", "UnixAgentLink", "WebSocket", "target_of", "unreachable"]
