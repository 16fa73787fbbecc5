"""A forked process of the zygote, from the agent's side: its channel, its two streams, its end."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from .messages import Message, MessageReader, Misbehaved
from .streams import StreamReader

RECEIVE: Final = 256 * 1024
TERM_GRACE: Final = 0.3
"""Seconds between SIGTERM and SIGKILL."""
LINGER: Final = 60.0
"""Seconds that a process may take after its result: to hash large values, to run exit handlers."""


class RunProcess:
    """One process for one run. Idle until ``begin``; the callbacks are called from the event loop."""

    def __init__(self, pid: int, channel: socket.socket, stdout: int, stderr: int) -> None:
        self.pid = pid
        self.started = False
        """Whether user code may have run in it."""
        self.exit_status: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        """Its exit status, negative for a signal; None when nobody can tell."""
        self.alive = True
        self._orphan = False
        self._loop = asyncio.get_running_loop()
        self._channel = channel
        self._channel.setblocking(False)
        self._pipes = (stdout, stderr)
        self._streams: dict[str, StreamReader] = {}
        self._reader = MessageReader(self._deliver)
        self._receive: Callable[[Message, bytes], None] = _ignore
        self._closed: Callable[[str], None] = _ignore
        self._timers: list[asyncio.TimerHandle] = []
        self._loop.add_reader(channel, self._readable)

    async def begin(
        self,
        request: bytes,
        receive: Callable[[Message, bytes], None],
        closed: Callable[[str], None],
        tell: Callable[[str, str, int], None],
    ) -> None:
        """Send the request. ``closed`` is called once, when no message can come any more, with the reason if it is odd."""
        self._receive, self._closed = receive, closed
        if not self.open:  # it died while it was idle
            closed("")
            return
        for name, pipe in zip(("stdout", "stderr"), self._pipes, strict=True):
            self._streams[name] = StreamReader(pipe, lambda text, offset, name=name: tell(name, text, offset))
        self._pipes = ()
        with suppress(BrokenPipeError, ConnectionResetError):  # it died: the reader learns of it and calls ``closed``
            await self._loop.sock_sendall(self._channel, request)

    def close_streams(self) -> None:
        """Read what is left in the streams now; nothing more is told after that."""
        for stream in self._streams.values():
            stream.close()

    def text(self, name: str) -> str:
        """Return what is kept of ``stdout`` or ``stderr``."""
        stream = self._streams.get(name)
        return "" if stream is None else stream.text()

    def linger(self) -> None:
        """Let the process finish by itself after its result, for a limited time."""
        if self.alive:
            self._timers.append(self._loop.call_later(LINGER, self.kill))

    def terminate(self) -> None:
        """Ask the process and its group to end, and kill them soon after."""
        self._signal(signal.SIGTERM)
        self._timers.append(self._loop.call_later(TERM_GRACE, self.kill))

    def kill(self) -> None:
        """Kill the process and its group at once."""
        self._signal(signal.SIGKILL)

    def dismiss(self) -> None:
        """Drop an idle process: it ends when its channel does."""
        self._close_channel("")

    def orphan(self) -> None:
        """The zygote is gone, so nobody will tell the exit status; the run itself may go on."""
        self._orphan = True
        if not self.open:
            self.set_exit_status(None)

    def set_exit_status(self, status: int | None) -> None:
        """Take the exit status from the zygote."""
        self.alive = False
        for timer in self._timers:
            timer.cancel()
        if not self.exit_status.done():
            self.exit_status.set_result(status)
        # A process that it forked may hold the channel open for ever; all that it sent itself is there already.
        while self.open and self._receive_once():
            pass
        self._close_channel("")

    def _signal(self, number: int) -> None:
        if not self.alive:
            return
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, number)

    def _readable(self) -> None:
        self._receive_once()

    def _receive_once(self) -> bool:
        """Take what has come; False when there is nothing at present or ever."""
        try:
            data = self._channel.recv(RECEIVE)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._close_channel("")
            return False
        try:
            self._reader.feed(data)
        except Misbehaved as error:
            self._close_channel(str(error))
            self.kill()
            return False
        return True

    def _deliver(self, message: Message, blob: bytes) -> None:
        if message.kind == "started":
            self.started = True
        else:
            self._receive(message, blob)

    def _close_channel(self, reason: str) -> None:
        if self._channel.fileno() == -1:
            return
        self._loop.remove_reader(self._channel)
        self._channel.close()
        for pipe in self._pipes:
            os.close(pipe)
        self._pipes = ()
        if self._orphan:
            self.kill()
            self.set_exit_status(None)
        self._closed(reason)

    @property
    def open(self) -> bool:
        """Whether its channel is open: False once it has ended or was dismissed."""
        return self._channel.fileno() != -1


def _ignore(*_: object) -> None:
    """An idle process has nobody to tell."""
