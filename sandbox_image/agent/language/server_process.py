"""A language server's process: messages to its standard input, messages from its standard output."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from sandbox_image.wire.language import LanguageServerKind
from sandbox_image.wire.limits import MAX_LSP_MESSAGE

from .envelope import Malformed
from .framing import FrameDecoder, FramingError, frame
from .server_log import SHOWN, ServerLog, Stream

READ_SIZE: Final = 256 * 1024
MAX_UNWRITTEN: Final = 4 * 1024 * 1024
"""Bytes not yet taken by the server, above which its clients are no longer read."""
KILL_SEC: Final = 5.0
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")

logger = logging.getLogger(__name__)


class ServerProcess:
    """A running server in a process group of its own. Made by ``start``; its owner calls ``kill`` in the end."""

    def __init__(self, process: asyncio.subprocess.Process, kind: LanguageServerKind, log: ServerLog) -> None:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        self._process = process
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._kind = kind
        self._log = log
        self._sent = log.traffic(kind, Stream.STDIN)
        self._received = log.traffic(kind, Stream.STDOUT)

    @classmethod
    async def start(
        cls, argv: Sequence[str], folder: Path, kind: LanguageServerKind, log: ServerLog
    ) -> "ServerProcess":
        """Start a server in ``folder``.

        Raises:
            OSError: it cannot be started.
        """
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=folder,
            # Nothing that the agent alone should know, and nothing that changes what node or Python load.
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            limit=READ_SIZE,
            start_new_session=True,
        )
        return cls(process, kind, log)

    @property
    def pid(self) -> int:
        """Process id, which is the process group's too."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """False once it has ended."""
        return self._process.returncode is None

    def send(self, message: bytes) -> None:
        """Write a message without waiting; nothing happens when the server is gone."""
        self._sent.append(message[:SHOWN])
        if not self._stdin.is_closing():
            self._stdin.write(frame(message))

    async def drain(self) -> None:
        """Wait while the server is far behind with reading what it was sent."""
        if self._stdin.transport.get_write_buffer_size() > MAX_UNWRITTEN:
            with suppress(ConnectionError):
                await self._stdin.drain()

    async def read(self, received: Callable[[bytes], None]) -> None:
        """Hand over each message of the server, until it ends or sends what is no message. Never waits for clients."""
        decoder = FrameDecoder(MAX_LSP_MESSAGE)
        try:
            while data := await self._stdout.read(READ_SIZE):
                for message in decoder.feed(data):
                    self._received.append(message[:SHOWN])
                    self._hand_over(message, received)
        except FramingError as error:
            self._log.add(self._kind, f"Its output could not be understood: {error}")

    async def read_errors(self) -> None:
        """Keep what the server writes to its standard error, until it ends."""
        while data := await self._stderr.read(READ_SIZE):
            for line in data.decode(errors="replace").splitlines():
                self._log.add_error(self._kind, line)

    async def kill(self) -> int | None:
        """End the server and what it started; returns its exit status, or None when it did not end in time."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._stdin.close()
        try:
            async with asyncio.timeout(KILL_SEC):
                return await self._process.wait()
        except TimeoutError:
            logger.warning("language server %d did not end when it was killed", self._process.pid)
            return None

    def _hand_over(self, message: bytes, received: Callable[[bytes], None]) -> None:
        try:
            received(message)
        except Malformed as error:
            self._log.add(self._kind, f"A message of the server was dropped: {error}")
