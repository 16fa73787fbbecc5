"""The side of a role that is asked: a Unix socket, one call a connection, from the users that it knows alone.

All that arrives is hostile until it was read: frames are bounded, an asker that dawdles or is nobody's is cut off, and one
that hangs up calls its call off. Who is refused before the request was read is told so all the same: closing a socket while
its other side still writes throws the answer away.
"""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import structlog

from control_plane.adapters.roles.answers import Answer, Failed, Value, failed
from control_plane.adapters.roles.framing import LONGEST_REQUEST, BrokenFrame, frame, read_frame
from control_plane.domain.errors import AimforgeError, BadRequest
from control_plane.services.unreadable import UNREADABLE

log = structlog.stdlib.get_logger()

REQUEST_TIMEOUT_SEC: Final = 10.0
SEND_TIMEOUT_SEC: Final = 30.0
MAX_CALLS: Final = 512
"""At once. The api has a queue of its own before starts, so an honest one stays far below."""
MAX_REFUSALS: Final = 64
"""Askers that are told at once that they are too many; further ones are hung up on without a word."""
LINGER_SEC: Final = 5.0
MAX_LINGER: Final = 4 * LONGEST_REQUEST
"""What an asker that was refused may still take to finish writing, and how many bytes that are read and thrown away."""
TOO_MANY: Final = "Too many calls at once. Try again in a moment."
_CREDENTIALS: Final = struct.Struct("3i")

Serve = Callable[[bytes], AsyncGenerator[Any]]
"""From a request's bytes to the values of its answer, one for an ordinary call. Raises ``AimforgeError``."""


class RoleServer:
    """Serves a role at ``path``. Use as an async context manager; leaving it calls all calls off.

    ``peers`` are the user ids that may ask, and ``gid`` the group that may open the socket, -1 for none.
    """

    def __init__(self, path: Path, serve: Serve, *, peers: frozenset[int], gid: int = -1) -> None:
        self.path = path
        self._serve = serve
        self._peers = peers
        self._gid = gid
        self._calls: set[asyncio.Task[None]] = set()
        self._served = 0
        """Calls that are no refusals."""
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Nobody may connect between bind and chmod: a socket that does not listen yet refuses all.
            listening.bind(str(self.path))
            if self._gid >= 0:
                os.chown(self.path, -1, self._gid)
            self.path.chmod(0o600 if self._gid < 0 else 0o660)
            self._server = await asyncio.start_unix_server(self._accept, sock=listening, limit=LONGEST_REQUEST)
        except BaseException:
            listening.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        self.path.unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._calls.add(task)
        try:
            # A call that is called off ends here: asyncio's streams would log its cancellation as a fault.
            with suppress(asyncio.CancelledError, OSError, TimeoutError):
                await self._answer(reader, writer)
        finally:
            self._calls.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        uid = peer_uid(writer.get_extra_info("socket"))
        if uid not in self._peers:
            log.warning("role.stranger", uid=uid, path=str(self.path))
            return
        if self._served >= MAX_CALLS:
            if len(self._calls) - self._served <= MAX_REFUSALS:
                await refuse(reader, writer, Failed(error="TooMany", message=TOO_MANY))
            return
        self._served += 1
        try:
            await self._answer_peer(reader, writer)
        finally:
            self._served -= 1

    async def _answer_peer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_SEC):
                request = await read_frame(reader, LONGEST_REQUEST)
        except BrokenFrame as error:
            log.warning("role.broken_frame", path=str(self.path), error=str(error))
            await refuse(reader, writer, failed(BadRequest(f"The request cannot be read: {error}.")))
            return
        if request is None:
            return
        work = asyncio.ensure_future(self._work(request, writer))
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            for future in (work, gone):
                future.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)

    async def _work(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            async with aclosing(self._serve(request)) as values:
                async for value in values:
                    await send(writer, Value(msgspec.Raw(msgspec.json.encode(value))))
        except AimforgeError as error:
            await send(writer, failed(error))
        except UNREADABLE as error:
            log.warning("role.bad_request", path=str(self.path), error=str(error))
            await send(writer, failed(BadRequest(f"The request cannot be read: {error}.")))


async def send(writer: asyncio.StreamWriter, answer: Answer) -> None:
    """Send one answer; an asker that does not take it for half a minute is given up."""
    writer.write(frame(msgspec.json.encode(answer)))
    async with asyncio.timeout(SEND_TIMEOUT_SEC):
        await writer.drain()


async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
    """Send an answer to who may still be writing, and read on, bounded, until they have hung up."""
    await send(writer, answer)
    writer.write_eof()
    left = MAX_LINGER
    async with asyncio.timeout(LINGER_SEC):
        while left > 0 and (thrown := await reader.read(left)):
            left -= len(thrown)


def peer_uid(connection: socket.socket) -> int:
    """Return the user id of the process that connected, as the kernel knows it."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return _CREDENTIALS.unpack(data)[1]
