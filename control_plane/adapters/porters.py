"""Accepts connections in the place of agents that cannot, and hands each over to its agent as a descriptor.

gVisor lets a sandbox receive a listening socket that was made outside, and then refuses to accept on it. A connection that was
accepted outside works there. So a *porter* accepts at the agent's path and passes each connection on through a *channel*, a
pair of sockets whose other end process 1 of the sandbox holds. No byte of a connection passes through here, and whoever dials
agents knows no difference.

A channel ends with the porter's process. The next one's porter waits at ``again.sock`` in the folder that is mounted into the
sandbox, for whoever says the agent's token: code of the user runs under the same uid, and does not know it.
"""

import asyncio
import errno
import hmac
import socket
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from control_plane.adapters.handover import Sockets
from control_plane.ports import AgentAddress

log = structlog.stdlib.get_logger()

CLAIM_SEC: Final = 5.0
"""Time to say the token."""
CLAIMS: Final = 16
"""Claims that are heard at once; the oldest gives way."""
PAUSE_SEC: Final = 0.02
"""After each claim and each channel, so that a sandbox that makes many costs its neighbours next to nothing."""
RETRY_SEC: Final = 1.0
"""After a lack of descriptors."""
CHANNEL_BYTES: Final = 16 * 1024
"""Bounds the connections that an agent leaves in its channel: some tens."""
_HERE: Final = b"+"


def needs_porter(runtime: str) -> bool:
    """Tell whether sandboxes of an engine's runtime cannot accept connections by themselves: gVisor's, by any usual name."""
    return "runsc" in runtime or "gvisor" in runtime


class Porters:
    """One porter for each sandbox that needs one. Call ``close`` at the end; the sandboxes go on and wait for the next."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        self._porters: dict[str, tuple[AgentAddress, asyncio.Task[None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, address: AgentAddress, listener: socket.socket, channel: socket.socket | None) -> None:
        """Accept for an agent that was just given the other end of ``channel``, or that will ask for one.

        Both sockets are the porter's from now on.
        """
        self.forget_project(address.project_id)
        work = asyncio.create_task(self._work(address, listener, channel), name=f"porter {address.project_id}")
        self._porters[address.project_id] = (address, work)
        self._tasks.add(work)
        work.add_done_callback(self._tasks.discard)

    def resume(self, address: AgentAddress) -> None:
        """Accept for an agent whose porter has ended with its process, unless it or its successor has one already."""
        present = self._porters.get(address.project_id)
        if present is not None and (present[0] != address or not present[1].done()):
            return
        try:
            listener = self._sockets.listen(address)
        except OSError as error:
            log.warning("porter.cannot_listen", project_id=address.project_id, error=str(error))
        else:
            self.begin(address, listener, None)

    def forget(self, address: AgentAddress) -> None:
        """Accept no more for a generation that is gone."""
        present = self._porters.get(address.project_id)
        if present is not None and present[0] == address:
            self.forget_project(address.project_id)

    def forget_project(self, project_id: str) -> None:
        """Accept no more for any sandbox of a project."""
        present = self._porters.pop(project_id, None)
        if present is not None:
            present[1].cancel()

    async def close(self) -> None:
        """End all porters."""
        for project_id in list(self._porters):
            self.forget_project(project_id)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self, address: AgentAddress, listener: socket.socket, channel: socket.socket | None) -> None:
        try:
            with listener:
                while True:
                    if channel is None:
                        channel = await self._claimed(address)
                    with channel:
                        await _pass_on(listener, channel)
                    channel = None
                    await asyncio.sleep(PAUSE_SEC)
        except OSError as error:
            # Its folder is gone, or has no room for a socket: the next look at what runs tries again.
            log.warning("porter.ended", project_id=address.project_id, error=str(error))

    async def _claimed(self, address: AgentAddress) -> socket.socket:
        """Wait until somebody says the agent's token, give them a channel, and return our end."""
        token = self._sockets.token(address).encode()
        channel: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()
        claims = deque[asyncio.Task[None]]()

        async def admit(door: socket.socket) -> None:
            while True:
                claims.append(asyncio.create_task(_hear(await _accept(door), token, channel)))
                if len(claims) > CLAIMS:
                    claims.popleft().cancel()
                await asyncio.sleep(PAUSE_SEC)

        with self._sockets.again(address) as door:
            admitting = asyncio.create_task(admit(door))
            try:
                return await channel
            finally:
                for task in (admitting, *claims):
                    task.cancel()
                await asyncio.gather(admitting, *claims, return_exceptions=True)


async def _hear(connection: socket.socket, token: bytes, channel: "asyncio.Future[socket.socket]") -> None:
    """Give a channel to whoever says the token in time; hang up on all others without a word."""
    loop = asyncio.get_running_loop()
    with connection:
        said = b""
        try:
            async with asyncio.timeout(CLAIM_SEC):
                while len(said) < len(token) and (piece := await loop.sock_recv(connection, len(token) - len(said))):
                    said += piece
        except (OSError, TimeoutError):
            return
        # Compared in constant time, or it could be guessed byte by byte from inside the sandbox.
        if not hmac.compare_digest(said, token) or channel.done():
            return
        made = _new_channel()
        with made.theirs:
            try:
                socket.send_fds(connection, [_HERE], [made.theirs.fileno()])
            except OSError:
                made.ours.close()
                return
        channel.set_result(made.ours)


@dataclass(frozen=True, slots=True)
class Channel:
    """Both ends of a channel."""

    ours: socket.socket
    theirs: socket.socket


@contextmanager
def channel_for(runtime: str) -> Generator[Channel | None]:
    """Make a channel for the start of a sandbox that needs a porter, else give None. Both ends are closed afterwards."""
    if not needs_porter(runtime):
        yield None
        return
    channel = _new_channel()
    with channel.ours, channel.theirs:
        yield channel


def _new_channel() -> Channel:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.setblocking(False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, CHANNEL_BYTES)
    return Channel(ours, theirs)


async def _pass_on(listener: socket.socket, channel: socket.socket) -> None:
    """Pass on each connection until the agent hangs up. It has nothing to say here: a word of its ends the channel as well."""
    passing = asyncio.ensure_future(_pass_each(listener, channel))
    gone = asyncio.ensure_future(asyncio.get_running_loop().sock_recv(channel, 1))
    try:
        await asyncio.wait((passing, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (passing, gone):
            task.cancel()
        await asyncio.gather(passing, gone, return_exceptions=True)


async def _pass_each(listener: socket.socket, channel: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        connection = await _accept(listener)
        with connection:
            while not passed(connection, channel):
                await _ready(channel, loop.add_writer, loop.remove_writer)


def passed(connection: socket.socket, channel: socket.socket) -> bool:
    """Tell whether the channel took the connection; False when it is full. Raises ``OSError`` when it has ended."""
    try:
        socket.send_fds(channel, [_HERE], [connection.fileno()])
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno != errno.ETOOMANYREFS:
            raise
        # Too many descriptors are under way to all sandboxes together: this connection is closed, which its dialler sees.
        log.warning("porter.too_many_under_way")
    return True


async def _accept(listener: socket.socket) -> socket.socket:
    # Not sock_accept: when it is cancelled, asyncio may still take a connection for nobody.
    while True:
        await _ready(listener, asyncio.get_running_loop().add_reader, asyncio.get_running_loop().remove_reader)
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            continue
        except OSError as error:
            log.warning("porter.cannot_accept", error=str(error))
            await asyncio.sleep(RETRY_SEC)
        else:
            connection.setblocking(False)
            return connection


async def _ready(
    each: socket.socket,
    watch: Callable[[socket.socket, Callable[[], None]], object],
    unwatch: Callable[[socket.socket], object],
) -> None:
    """Wait until a socket can be read or written, as ``watch`` says."""
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    watch(each, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        unwatch(each)
