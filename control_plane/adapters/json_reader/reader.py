"""``ports.JsonReader``: what is short is read at once, the rest by another process, the owners in turn.

Decoding JSON holds the interpreter, for as long as whoever wrote it likes: 60 MB of ``[],`` took 16 s, in which a server
answered nobody. So this process reads a little, and what is larger is read where only its owner waits for it.
"""

import asyncio
import os
import pickle
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self

import msgspec
import structlog

from control_plane.adapters.json_reader.process import ANSWER, NOTHING_TOLD, REQUEST, Refusal
from control_plane.domain import errors
from control_plane.domain.errors import AimforgeError

log = structlog.stdlib.get_logger()

AT_ONCE: Final = 32 * 1024
"""Bytes of what is read in this process: the worst of them take some 5 ms."""
LONGEST_SEC: Final = 5
"""Seconds of a processor, however busy the machine is: an honest body of the largest size takes less than one."""
HANGS_SEC: Final = 120.0
"""Seconds within which the other process answers at all."""
REST: Final = 2.0
"""An owner rests for as many times as long as its last reading took of a processor: at most a third of the process is one's."""
NOT_WORTH_A_REST_SEC: Final = 0.05
NEEDS_TOO_MUCH: Final = "It is JSON that takes too much time or memory to read."
NOT_NOW: Final = "JSON of this size cannot be read at the moment. Try again; if it lasts, the server's log says why."


@dataclass(slots=True)
class _Job:
    """A reading that somebody waits for, unless ``done`` is cancelled."""

    work: Callable[..., bytes]
    body: bytes
    args: tuple[object, ...]
    refusal: type[AimforgeError]
    done: asyncio.Future[bytes]


@dataclass(frozen=True, slots=True)
class _Answer:
    """Whether a work was done, the seconds of a processor that it took, and what it gave, or a ``Refusal``."""

    done: bool
    took: float
    content: bytes


@dataclass(slots=True)
class _Owner:
    """What one owner wants to have read, and until when it rests (on the loop's clock)."""

    jobs: deque[_Job] = field(default_factory=deque[_Job])
    rests_until: float = 0.0


class _Process:
    """The other process, and our end of the socket to it."""

    def __init__(self, process: asyncio.subprocess.Process, connection: socket.socket) -> None:
        self._process = process
        self._connection = connection

    @classmethod
    async def start(cls) -> Self:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(
                    sys.executable,
                    "-m",
                    "control_plane.adapters.json_reader.process",
                    str(theirs.fileno()),
                    str(LONGEST_SEC),
                ),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                # In a group of its own: a ^C at the terminal is for the server, which ends it.
                start_new_session=True,
                env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        return cls(process, ours)

    async def ask(self, job: _Job) -> _Answer:
        """Send a job and wait for what came of it. Raises ``OSError`` and ``EOFError`` when it ended."""
        loop = asyncio.get_running_loop()
        work = pickle.dumps((job.work, job.args))
        await loop.sock_sendall(self._connection, REQUEST.pack(len(work), len(job.body)) + work)
        await loop.sock_sendall(self._connection, job.body)
        done, took, length = ANSWER.unpack(await self._receive(ANSWER.size))
        return _Answer(done, took, await self._receive(length))

    async def _receive(self, length: int) -> bytes:
        loop = asyncio.get_running_loop()
        received = bytearray(length)
        rest = memoryview(received)
        while rest:
            if not (size := await loop.sock_recv_into(self._connection, rest)):
                raise EOFError
            rest = rest[size:]
        return bytes(received)

    async def end(self) -> int:
        """End it, whatever it does; return how it ended, if it had already."""
        self._connection.close()
        if self._process.returncode is None:
            self._process.kill()
        return await self._process.wait()


class ProcessJsonReader:
    """``ports.JsonReader``. An async context manager, which owns the process: it is started when it is first needed."""

    def __init__(self) -> None:
        self._owners: dict[str, _Owner] = {}
        """Those who wait or rest; the first is the next one."""
        self._news = asyncio.Event()
        self._process: _Process | None = None
        self._group = asyncio.TaskGroup()
        self._working: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._working = self._group.create_task(self._work(), name="json reader")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._working is not None:
            self._working.cancel()
        await self._group.__aexit__(None, None, None)
        for owner in self._owners.values():
            for job in owner.jobs:
                job.done.cancel()

    async def read(
        self,
        owner: str,
        work: Callable[..., bytes],
        body: bytes,
        *args: object,
        refusal: type[AimforgeError],
    ) -> bytes:
        """As ``ports.JsonReader`` says."""
        if len(body) <= AT_ONCE:
            return work(body, *args)
        job = _Job(work, body, args, refusal, asyncio.get_running_loop().create_future())
        self._owners.setdefault(owner, _Owner()).jobs.append(job)
        self._news.set()
        return await job.done

    async def _work(self) -> None:
        try:
            while True:
                owner, job = await self._next()
                try:
                    if not job.done.done():
                        await self._do(owner, job)
                except Exception:
                    # The last line: what goes wrong with one reading must not end all others, and with them the server.
                    log.exception("json_reader_failed")
                    if not job.done.done():
                        job.done.set_exception(job.refusal(NOT_NOW))
                    await self._end()
                finally:
                    job.done.cancel()  # nobody else would, if this task ends now
        finally:
            await self._end()

    async def _next(self) -> tuple[_Owner, _Job]:
        """Wait for a job of somebody who does not rest; who had a turn is the last one then."""
        loop = asyncio.get_running_loop()
        while True:
            self._news.clear()
            now, soonest = loop.time(), float("inf")
            for name, owner in list(self._owners.items()):
                if owner.rests_until > now:
                    soonest = min(soonest, owner.rests_until) if owner.jobs else soonest
                elif owner.jobs:
                    self._owners[name] = self._owners.pop(name)
                    return owner, owner.jobs.popleft()
                else:
                    del self._owners[name]
            try:
                async with asyncio.timeout_at(soonest if soonest < float("inf") else None):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _do(self, owner: _Owner, job: _Job) -> None:
        answer = await self._ask(job)
        if answer.took > NOT_WORTH_A_REST_SEC:
            owner.rests_until = asyncio.get_running_loop().time() + REST * answer.took
        if job.done.done():
            return
        if answer.done:
            job.done.set_result(answer.content)
        else:
            job.done.set_exception(refused(answer.content, job.refusal))

    async def _ask(self, job: _Job) -> _Answer:
        """Ask the process; one that somebody ended meanwhile, or that took too much, is replaced."""
        while True:
            fresh = self._process is None
            process = self._process = self._process or await _Process.start()
            try:
                async with asyncio.timeout(HANGS_SEC):
                    answer = await process.ask(job)
            except (OSError, EOFError) as error:
                took_too_long = isinstance(error, TimeoutError) or await self._end() == -signal.SIGXCPU
                await self._end()
                if not fresh and not took_too_long:
                    continue
                log.warning("json_not_read", size=len(job.body), cause=type(error).__name__, long=took_too_long)
                return _Answer(done=False, took=LONGEST_SEC, content=NOTHING_TOLD)
            if not answer.done and answer.content == NOTHING_TOLD:
                log.warning("json_not_read", size=len(job.body), cause="MemoryError")
                await self._end()
            return answer

    async def _end(self) -> int | None:
        """End the process, if there is one; return how it ended."""
        process, self._process = self._process, None
        return None if process is None else await process.end()


def refused(answer: bytes, refusal: type[AimforgeError]) -> AimforgeError:
    """Return the error that the other process tells of."""
    told = msgspec.json.decode(answer, type=Refusal)
    kind = getattr(errors, told.kind, None)
    if isinstance(kind, type) and issubclass(kind, AimforgeError):
        return kind(told.message, **told.detail)
    return refusal(NEEDS_TOO_MUCH)
