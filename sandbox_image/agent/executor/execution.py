"""One run of one node: from the request to its outcome, whatever happens to the process."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from sandbox_image.wire.limits import MAX_PREVIEW
from sandbox_image.wire.runs import Output, RunError, RunStatus

from . import faults
from .awake_timer import AwakeTimer
from .job import Input, JsonInput, KeyedInputs, Listener, NodeJob, Outcome
from .messages import Message, encode
from .process import RunProcess
from .values import Value, unlink
from .zygote import ForkFailed, ZygoteFailed, ZygoteGone

STATUS_DEADLINE: Final = 5.0
"""Seconds to wait for the exit status of a process whose channel is closed, or for a killed one to be gone."""
MAX_DISPLAYS: Final = 100
NOT_PICKLABLE_HINT: Final = (
    "Return plain data, arrays or tables; open files and connections again where they are needed."
)
ATTEMPTS: Final = 3


class NotReady(Exception):
    """The environment cannot run anything now; the message says why."""


class Stop(Enum):
    """Why a run was ended from outside."""

    CANCELLED = auto()
    TIMED_OUT = auto()


class Execution:
    """Runs one job. ``run`` is awaited once; ``cancel`` may be called at any time."""

    def __init__(
        self,
        job: NodeJob,
        listener: Listener,
        acquire: Callable[[], Awaitable[RunProcess]],
        kills: faults.OutOfMemoryKills,
        workspace: Path,
        values: Path,
    ) -> None:
        self._job = job
        self._listener = listener
        self._acquire = acquire
        self._kills = kills
        self._workspace = workspace
        self._values = values
        """Path whose extensions name the files of this run's values."""
        self._stop: Stop | None = None
        self._process: RunProcess | None = None
        self._ended: asyncio.Future[tuple[Message, bytes] | str] = asyncio.get_running_loop().create_future()
        self._acquiring: asyncio.Task[RunProcess] | None = None
        self._displays: list[Output] = []
        self._made: dict[str, Value] = {}
        self._digests: dict[str, str] = {}
        self._closed_already = False
        self._started = time.perf_counter()

    def cancel(self) -> None:
        """End the run: its process group gets SIGTERM, and soon after SIGKILL."""
        self._end(Stop.CANCELLED)

    def abandoned(self) -> Outcome:
        """Return what the run showed until now, for one whose end nobody waits for any more: it counts as cancelled."""
        self._stop = Stop.CANCELLED
        if self._process is not None:
            self._process.kill()
            self._process.close_streams()
        return self._failed(None)

    async def run(self) -> Outcome:
        """Return how the run ended. Cancelling this coroutine kills the process."""
        try:
            outcome = await self._run()
        finally:
            if self._process is not None and not self._ended.done():
                self._process.kill()
        if self._process is not None and outcome.status is not RunStatus.SUCCEEDED:
            await asyncio.to_thread(self._remove_values)
        return outcome

    async def _run(self) -> Outcome:
        for _ in range(ATTEMPTS):
            try:
                process = await self._process_for_run()
            except NotReady as error:
                return self._failed(faults.not_ready(str(error)))
            except ZygoteFailed as error:
                return self._failed(faults.not_ready(str(error)))
            except ForkFailed as error:
                return self._failed(faults.not_forked(error.number))
            except ZygoteGone:
                continue
            if process is None:
                return self._failed(None)
            self._process = process
            if self._stop is not None:  # ended between its process's coming and now
                process.dismiss()
                return self._failed(None)
            ended = await self._serve(process)
            if process.started or self._stop is not None or not isinstance(ended, str):
                return await self._outcome(process, ended)
            # An idle process that something killed before it got the request: nothing has run, so take another.
            process.close_streams()
            self._ended = asyncio.get_running_loop().create_future()
        return self._failed(faults.not_ready("The environment's interpreter keeps dying before it can run a node."))

    async def _process_for_run(self) -> RunProcess | None:
        """A process, or None when the run was cancelled before there was one."""
        if self._stop is not None:
            return None
        self._acquiring = asyncio.ensure_future(self._acquire())
        try:
            return await self._acquiring
        except asyncio.CancelledError:
            if self._stop is None:
                raise
            return None

    async def _serve(self, process: RunProcess) -> tuple[Message, bytes] | str:
        """Let the process run the job until it sent a result or was ended; a string says that there is no result."""
        self._started = time.perf_counter()
        timer = AwakeTimer(self._job.timeout_sec, partial(self._end, Stop.TIMED_OUT))
        try:
            await process.begin(self._request(), self._take, self._closed, self._listener.stream)
            return await self._ended
        finally:
            timer.cancel()

    def _end(self, why: Stop) -> None:
        if self._stop is not None or self._ended.done():
            return
        self._stop = why
        if self._process is not None:
            self._process.terminate()
        elif self._acquiring is not None:
            self._acquiring.cancel()

    def _take(self, message: Message, blob: bytes) -> None:
        if message.kind == "display" and message.output is not None and not self._ended.done():
            if len(self._displays) < MAX_DISPLAYS:
                self._displays.append(message.output)
                self._listener.display(message.output)
        elif message.kind in {"result", "table"} and not self._ended.done():
            self._ended.set_result((message, blob))
        elif message.kind == "digests":
            self._digests.update(
                {port: digest for port, digest in message.digests.items() if port in self._job.outputs}
            )
            self._settle_digests()

    def _closed(self, reason: str) -> None:
        if not self._ended.done():
            self._ended.set_result(reason)
        self._closed_already = True
        self._settle_digests()

    def _settle_digests(self) -> None:
        """Tell the values their digests, or that none will come; both may be known before the values were looked at."""
        for port, value in self._made.items():
            if port in self._digests or self._closed_already:
                value.set_digest(self._digests.get(port, ""))

    async def _outcome(self, process: RunProcess, ended: tuple[Message, bytes] | str) -> Outcome:
        # A result that was sent before the signal arrived is still a result, unless people were told otherwise.
        if isinstance(ended, str) or self._stop is not None:
            status = await self._exit_status(process)
            process.close_streams()
            if self._stop is not None:
                return self._failed(None if self._stop is Stop.CANCELLED else faults.timed_out(self._job.timeout_sec))
            if ended:
                return self._failed(faults.misbehaved(str(ended)))
            return self._failed(faults.ended(status, out_of_memory_kill=self._kills.since_last_asked()))
        message, blob = ended
        process.close_streams()
        process.linger()
        if message.error is not None:
            return self._failed(_with_hint(message.error))
        try:
            self._made.update(self._values_of(message, blob))
        except ValueError as error:
            process.kill()
            return self._failed(faults.misbehaved(str(error)))
        self._settle_digests()
        outcome = self._failed(None)
        outcome.status = RunStatus.SUCCEEDED
        outcome.output = message.output
        outcome.values = self._made
        outcome.definitions = message.definitions
        return outcome

    def _remove_values(self) -> None:
        """Delete what a process had written of its values when it was ended."""
        for index in range(len(self._job.outputs)):
            unlink(Path(f"{self._values}-{index}"))

    async def _exit_status(self, process: RunProcess) -> int | None:
        """The exit status, or None when it does not come: then the process is killed and not waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STATUS_DEADLINE):
                return await asyncio.shield(process.exit_status)
        process.kill()
        return None

    def _failed(self, error: RunError | None) -> Outcome:
        status = RunStatus.CANCELLED if self._stop is Stop.CANCELLED else RunStatus.FAILED
        process = self._process
        return Outcome(
            status=RunStatus.TIMED_OUT if self._stop is Stop.TIMED_OUT else status,
            displays=self._displays,
            stdout=process.text("stdout") if process else "",
            stderr=process.text("stderr") if process else "",
            error=error,
            duration_ms=(time.perf_counter() - self._started) * 1000,
        )

    def _values_of(self, message: Message, blob: bytes) -> dict[str, Value]:
        """The values that the process announced. Raises ``ValueError`` for what it cannot have made."""
        made: dict[str, Value] = {}
        position = 0
        for index, entry in enumerate(message.values):
            if entry.port not in self._job.outputs:
                raise ValueError(f"it returned a value for an unknown port {entry.port[:50]!r}")
            if entry.file:
                path = Path(f"{self._values}-{index}")
                if entry.file != str(path):
                    raise ValueError("it named a file that is not its own")
                value = Value(entry.size, path=path, digest=entry.digest)
            else:
                data = blob[position : position + entry.size]
                position += entry.size
                value = Value(len(data), data=data, digest=entry.digest)
            if not entry.digest:
                value.expect_digest()
            made[entry.port] = value
        if set(made) != set(self._job.outputs):
            raise ValueError("it left out a value")
        return made

    def _request(self) -> bytes:
        blob = bytearray()
        return encode(
            {
                "op": "run",
                "source": self._job.source,
                "file": self._job.file,
                "legacy": self._job.legacy,
                "own": self._job.own,
                "ports": self._job.ports,
                "outputs": self._job.outputs,
                "inputs": {port: _described(item, blob) for port, item in self._job.inputs.items()},
                "settings": self._job.settings,
                "workspace": str(self._workspace),
                "values": str(self._values),
                "limit": MAX_PREVIEW,
            },
            bytes(blob),
        )


def _described(item: Input, blob: bytearray) -> dict[str, Any]:
    if isinstance(item, JsonInput):
        return {"json": item.value}
    if isinstance(item, KeyedInputs):
        return {"dict": [(key, _described(part, blob)) for key, part in item.items]}
    if item.data is None:
        return {"file": str(item.path)}
    blob += item.data
    return {"inline": (len(blob) - len(item.data), len(item.data))}


def _with_hint(error: RunError) -> RunError:
    return replace(error, hint=NOT_PICKLABLE_HINT) if error.type == "NotPicklable" else error
