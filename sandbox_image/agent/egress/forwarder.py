"""Forwards TCP connections on a loopback port to the egress proxy's Unix socket, byte by byte.

What the proxy says passes on as it is. A refusal is an ordinary answer of an HTTP proxy (``403`` with the reason in its
status line, in the header ``X-Aimforge-Egress`` and in its body). pip and Python show the reason; curl, git and uv show the
number or nothing, so it is told here besides, with whose connection it was.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from .refusal import refusal_in, socket_inode

logger = logging.getLogger(__name__)

MAX_CONNECTIONS: Final = 128
SLICE: Final = 64 * 1024
CONNECT_SEC: Final = 10.0
REPEAT_SEC: Final = 3.0
"""A refusal is told again only after this time: programs try again by themselves."""
MAX_TOLD: Final = 8
"""Refusals told within ``REPEAT_SEC``: a program may try without end."""
_UNAVAILABLE: Final = "The sandbox's way to the network is closed at the moment. Try again in a moment."
_TOO_MANY: Final = f"{MAX_CONNECTIONS} connections to the network are open in this sandbox. End some first."


class EgressForwarder:
    """Listens on 127.0.0.1. Use as an async context manager; leaving it ends all connections.

    ``port`` 0 takes a free one; afterwards ``port`` says which.
    """

    def __init__(self, proxy: str, port: int = 3128) -> None:
        self.port = port
        self._callbacks: list[Callable[[str, int], None]] = []
        self._told: dict[str, float] = {}
        """When each refusal was told, of the last ones."""
        self._proxy = proxy
        self._tasks = asyncio.TaskGroup()
        self._accepting: asyncio.Task[None] | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._one_less = asyncio.Event()

    async def __aenter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", self.port), backlog=MAX_CONNECTIONS)
        listener.setblocking(False)
        self.port = listener.getsockname()[1]
        await self._tasks.__aenter__()
        self._accepting = self._tasks.create_task(self._accept(listener))
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in (self._accepting, *self._connections):
            if task is not None:
                task.cancel()
        await self._tasks.__aexit__(exc_type, exc, traceback)

    def on_refused(self, callback: Callable[[str, int], None]) -> None:
        """Call back with a refusal's sentence and the inode of the socket that it is told to, while that is still open."""
        self._callbacks.append(callback)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listener:
            while True:
                try:
                    connection, _ = await loop.sock_accept(listener)
                except OSError as error:
                    # Out of descriptors, or the client has gone before its turn: one that ends makes room.
                    logger.warning("a connection to the network was not accepted: %s", error)
                    self._one_less.clear()
                    if self._connections:
                        await self._one_less.wait()
                    else:
                        await asyncio.sleep(1)
                    continue
                if len(self._connections) >= 2 * MAX_CONNECTIONS:
                    # Not even time to be refused.
                    connection.close()
                    continue
                task = self._tasks.create_task(self._serve(connection))
                self._connections.add(task)
                task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._connections.discard(task)
        self._one_less.set()

    async def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            reader, writer = await asyncio.open_connection(sock=connection, limit=SLICE)
        except OSError:
            connection.close()
            return
        port = connection.getpeername()[1]
        try:
            if len(self._connections) > MAX_CONNECTIONS:
                await _refuse(reader, writer, _TOO_MANY)
                return
            try:
                async with asyncio.timeout(CONNECT_SEC):
                    far_reader, far_writer = await asyncio.open_unix_connection(self._proxy, limit=SLICE)
            except (OSError, TimeoutError) as error:
                logger.warning("the egress proxy cannot be reached: %s", error)
                await _refuse(reader, writer, _UNAVAILABLE)
                return
            try:
                await _splice((reader, writer), (far_reader, far_writer), lambda first: self._look(first, port))
            finally:
                far_writer.transport.abort()
        except OSError as error:
            logger.debug("a connection to the network broke: %s", error)
        finally:
            writer.transport.abort()

    def _look(self, first: bytes, port: int) -> None:
        """See whether the proxy's first bytes are a refusal, and tell it."""
        sentence, now = refusal_in(first), time.monotonic()
        self._told = {said: at for said, at in self._told.items() if now - at < REPEAT_SEC}
        if not sentence or sentence in self._told or len(self._told) >= MAX_TOLD:
            return
        self._told[sentence] = now
        if inode := socket_inode(port, self.port):
            for callback in self._callbacks:
                callback(sentence, inode)


Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _splice(near: Side, far: Side, look: Callable[[bytes], None]) -> None:
    """Both directions, until both have ended or one broke. An end of one is passed on and leaves the other open.

    ``look`` is shown the first bytes from afar before they are passed on.
    """
    try:
        async with asyncio.TaskGroup() as directions:
            directions.create_task(_copy(near[0], far[1]))
            directions.create_task(_copy(far[0], near[1], look))
    except ExceptionGroup as broken:
        raise broken.exceptions[0] from None


async def _copy(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, look: Callable[[bytes], None] | None = None
) -> None:
    while data := await source.read(SLICE):
        if look is not None:
            look(data)
            look = None
        target.write(data)
        await target.drain()
    target.write_eof()
    # What is buffered must have left before the connection is ended.
    target.transport.set_write_buffer_limits(0)
    await target.drain()


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sentence: str) -> None:
    body = f"{sentence}\n"
    head = f"HTTP/1.1 503 Service Unavailable\r\nX-Aimforge-Egress: {sentence}\r\nContent-Type: text/plain\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
    writer.write_eof()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CONNECT_SEC):
            # Closing with unread bytes would reset the connection, and the client would not see the sentence.
            while await reader.read(SLICE):
                pass
