"""The zygote from the agent's side: started, asked to fork, and replaced when it dies or the environment changes."""

import asyncio
import errno
import json
import os
import signal
import socket
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from .process import RunProcess

MAIN: Final = Path(__file__).parent / "child" / "zygote_main.py"
START_DEADLINE: Final = 60.0
"""Seconds until an interpreter must have started; a cold disk is slow."""
SPARES: Final = 1
"""Processes forked ahead of need, so that a run does not wait for its fork."""
STDERR_TAIL: Final = 2000
SWEEP_SEC: Final = 0.5
"""Seconds after the last run's end until what it left behind is ended; runs in quick succession do not pay for it."""


class ZygoteFailed(Exception):
    """The project's interpreter did not start. The message is its own."""


class ZygoteGone(Exception):
    """The zygote ended before it could fork."""


class ForkFailed(Exception):
    """The kernel refused a new process."""

    def __init__(self, number: int) -> None:
        super().__init__(os.strerror(number))
        self.number = number


class Zygote:
    """A running zygote. Made by ``start``; ends when ``close`` is called or its process dies."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self.alive = True
        self.forked = 0
        self.preloaded: set[str] = set()
        self._process = process
        self._control = control
        self._loop = asyncio.get_running_loop()
        self._spares: deque[RunProcess] = deque()
        self._busy: dict[int, RunProcess] = {}
        self._waiting: deque[asyncio.Future[RunProcess]] = deque()
        self._requested = 0
        self._retired = False
        self._sweeping: asyncio.TimerHandle | None = None
        self._loop.add_reader(control, self._readable)

    @classmethod
    async def start(cls, python: Path, workspace: Path, environment: Mapping[str, str]) -> "Zygote":
        """Start an interpreter and wait until it can fork. Raises ``ZygoteFailed``, ``ForkFailed``."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    python, "-I", MAIN, str(theirs.fileno()), workspace,
                    pass_fds=[theirs.fileno()], stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE, start_new_session=True, env=dict(environment), cwd=workspace,
                )  # fmt: skip
        except OSError as error:
            ours.close()
            if error.errno in (errno.EAGAIN, errno.ENOMEM):
                raise ForkFailed(error.errno) from error
            raise ZygoteFailed(f"The environment's interpreter cannot be started: {error}.") from error
        try:
            async with asyncio.timeout(START_DEADLINE):
                hello = await asyncio.get_running_loop().sock_recv(ours, 4096)
        except TimeoutError:
            hello = b""
        except BaseException:
            process.kill()
            ours.close()
            raise
        if hello:
            return cls(process, ours)
        ours.close()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        assert process.stderr is not None
        said = (await process.stderr.read(64 * 1024)).decode(errors="replace").strip()[-STDERR_TAIL:]
        await process.wait()
        raise ZygoteFailed(f"The environment's interpreter does not start: {said or 'it gave no reason'}")

    @property
    def forks(self) -> bool:
        """Whether new runs may come from it: a retired one only lives until its last run has ended."""
        return self.alive and not self._retired

    async def wait(self) -> None:
        """Wait until the zygote's process has ended."""
        await self._process.wait()

    def take_spare(self) -> RunProcess | None:
        """Return an idle process if there is one, without waiting, and have the next one forked."""
        while self._spares:
            process = self._spares.popleft()
            if process.open:
                self._busy[process.pid] = process
                self._refill()
                return process
        return None

    async def fork(self) -> RunProcess:
        """Return a process, waiting for its fork. Raises ``ForkFailed`` or ``ZygoteGone``."""
        if (spare := self.take_spare()) is not None:
            return spare
        future: asyncio.Future[RunProcess] = self._loop.create_future()
        self._waiting.append(future)
        self._signal(signal.SIGCONT)  # a node may have stopped it, by a signal to its parent or to all there is
        self._refill()
        try:
            process = await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                future.result().dismiss()
            raise
        self._busy[process.pid] = process
        self._refill()
        return process

    def preload(self, modules: Iterable[str]) -> None:
        """Import modules in the zygote; the spare that lacks them is replaced once that is done."""
        new = sorted(set(modules) - self.preloaded)
        if new and self.alive:
            self.preloaded.update(new)
            self._send({"do": "preload", "modules": new})

    def warm(self) -> None:
        """Have a spare forked if there is none."""
        self._refill()

    def retire(self) -> None:
        """Fork no more, and close when the last run has ended."""
        self._retired = True
        self._drop_spares()
        if not self._busy:
            self.close()

    def close(self, *, kill: bool = False) -> None:
        """End the zygote. Its runs go on, unless ``kill`` says otherwise."""
        if not self.alive:
            return
        self.alive = False
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._loop.remove_reader(self._control)
        self._control.close()
        self._drop_spares()
        self._signal(signal.SIGKILL)
        for process in list(self._busy.values()):
            if kill:
                process.kill()
            process.orphan()
        self._busy.clear()
        for future in self._waiting:
            if not future.done():
                future.set_exception(ZygoteGone())
        self._waiting.clear()

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            # Not by the process object, which would collect the status that its watcher waits for.
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def _drop_spares(self) -> None:
        for spare in self._spares:
            spare.dismiss()
        self._spares.clear()

    def _refill(self) -> None:
        wanted = len(self._waiting) + (0 if self._retired else SPARES) - len(self._spares) - self._requested
        for _ in range(wanted):
            if not self.alive:
                return
            self._requested += 1
            self._send({"do": "fork"})

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._control.send(json.dumps(message).encode())
        except OSError:  # it is gone, or does not read any more: both end it
            self.close()

    def _readable(self) -> None:
        while self.alive:
            try:
                data, descriptors, _, _ = socket.recv_fds(self._control, 4096, 3)
            except BlockingIOError:
                return
            except OSError:
                data, descriptors = b"", []
            if not data:
                self.close()
                return
            try:
                self._take(msgspec.json.decode(data, type=dict[str, Any]), descriptors)
            except (msgspec.DecodeError, KeyError, TypeError, ValueError):  # user code can reach the zygote's memory
                for descriptor in descriptors:
                    os.close(descriptor)
                self.close()

    def _take(self, message: dict[str, Any], descriptors: list[int]) -> None:
        match message["is"]:
            case "child":
                channel, stdout, stderr = descriptors
                self._requested -= 1
                self.forked += 1
                self._hand_out(RunProcess(message["pid"], socket.socket(fileno=channel), stdout, stderr))
            case "fork_failed":
                self._requested -= 1
                waiting = self._next_waiting()
                if waiting is not None:
                    waiting.set_exception(ForkFailed(message["errno"]))
            case "preloaded":
                self._drop_spares()
                self._refill()
            case "exited":
                self._exited(message["pid"], message["status"])
            case _:
                raise ValueError(message)

    def _sweep(self) -> None:
        """Once no run is left, have ended what earlier ones left behind."""
        self._sweeping = None
        if self.alive and not self._busy:
            self._send({"do": "sweep"})

    def _hand_out(self, process: RunProcess) -> None:
        waiting = self._next_waiting()
        if waiting is not None:
            waiting.set_result(process)
        elif self._retired:
            process.dismiss()
        else:
            self._spares.append(process)

    def _next_waiting(self) -> asyncio.Future[RunProcess] | None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                return future
        return None

    def _exited(self, pid: int, status: int) -> None:
        process = self._busy.pop(pid, None)
        if process is not None:
            process.set_exit_status(status)
            if self._sweeping is not None:
                self._sweeping.cancel()
            self._sweeping = self._loop.call_later(SWEEP_SEC, self._sweep)
        if self._retired and not self._busy:
            self.close()
