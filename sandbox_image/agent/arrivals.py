"""Connections that were accepted outside, for a sandbox whose kernel cannot accept on a socket that was made there (gVisor).

They arrive as descriptors, one with each byte of a channel that process 1 alone holds. When whoever accepts is replaced, the
channel ends; the agent then asks for a new one, with its token: that is in its closed memory, so no other process here can.
"""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable
from typing import Final, NoReturn

logger = logging.getLogger(__name__)

RETRY_SEC: Final = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Between questions for a new channel; the last one is repeated for as long as nobody is there."""
ANSWER_SEC: Final = 10.0
_INT: Final = 4
"""Bytes of a descriptor."""
AT_ONCE: Final = 32
"""Connections taken before others of the loop have their turn."""


class Arrivals:
    """Takes connections from ``channel``, and from its successors, and gives each to ``arrived``.

    ``again`` is the path at which a new channel is asked for.
    """

    def __init__(
        self, channel: socket.socket, again: str, token: str, arrived: Callable[[socket.socket], None]
    ) -> None:
        self._channel = channel
        self._again = again
        self._token = token.encode()
        self._arrived = arrived

    async def take(self) -> NoReturn:
        """Take connections until cancelled."""
        while True:
            with self._channel:
                await self._take_all()
            logger.warning("nobody accepts connections for this agent; asking again at %s", self._again)
            self._channel = await self._next_channel()

    async def _take_all(self) -> None:
        """Take what comes until the other side is gone."""
        loop = asyncio.get_running_loop()
        gone: asyncio.Future[None] = loop.create_future()
        self._channel.setblocking(False)

        def take() -> None:
            for _ in range(AT_ONCE):
                try:
                    said, connection = _receive(self._channel)
                except BlockingIOError:
                    return
                except OSError:
                    said, connection = b"", None
                if connection is not None:
                    self._arrived(connection)
                if not said:
                    loop.remove_reader(self._channel)
                    if not gone.done():
                        gone.set_result(None)
                    return

        loop.add_reader(self._channel, take)
        try:
            await gone
        finally:
            loop.remove_reader(self._channel)

    async def _next_channel(self) -> socket.socket:
        attempts = 0
        while True:
            try:
                async with asyncio.timeout(ANSWER_SEC):
                    return await self._claim()
            except (OSError, TimeoutError) as error:
                logger.debug("no new channel yet: %s", error)
            await asyncio.sleep(RETRY_SEC[min(attempts, len(RETRY_SEC) - 1)])
            attempts += 1

    async def _claim(self) -> socket.socket:
        """Say the token and get a channel. Raises ``OSError``."""
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.setblocking(False)
            await loop.sock_connect(connection, self._again)
            await loop.sock_sendall(connection, self._token)
            await _readable(connection)
            _, channel = _receive(connection)
        if channel is None:
            raise ConnectionRefusedError("the token was not taken")
        return channel


def _receive(channel: socket.socket) -> tuple[bytes, socket.socket | None]:
    """One byte and the socket that came with it, not inheritable. Raises ``OSError``, such as ``BlockingIOError``.

    A socket for which no descriptor was left is lost: its other side sees it closed.
    """
    # Not socket.recv_fds: it forgets the flags.
    said, ancillary, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(_INT), socket.MSG_CMSG_CLOEXEC)
    descriptors = [
        int.from_bytes(content[at : at + _INT], sys.byteorder)
        for level, kind, content in ancillary
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS
        for at in range(0, len(content) - _INT + 1, _INT)
    ]
    for surplus in descriptors[1:]:
        os.close(surplus)
    return said, socket.socket(fileno=descriptors[0]) if descriptors else None


async def _readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()
    loop.add_reader(connection, lambda: None if readable.done() else readable.set_result(None))
    try:
        await readable
    finally:
        loop.remove_reader(connection)
