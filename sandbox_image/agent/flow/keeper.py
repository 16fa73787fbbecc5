"""Keeps the results of runs: in the cache at once, on disk when nobody waits for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sandbox_image.agent.executor import Outcome, Value
from sandbox_image.agent.executor.values import unlink

from .cache import Last, Result, ResultCache, StoredValue
from .cause import Cause
from .results import Produced

REST: Final = 0.03
"""Seconds after a run before writing begins: its answer goes first."""
HELD: Final = 1.0
"""Seconds for which writing waits, at most, while a run goes on: results come first."""


class Keeper:
    """Writes in the order of the requests. ``run`` is its task; ``finish`` ends it."""

    def __init__(self, cache: ResultCache) -> None:
        self._cache = cache
        self._queue: asyncio.Queue[Callable[[], Awaitable[None]] | None] = asyncio.Queue()
        self._pending: dict[str, asyncio.Event] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until ``finish``."""
        async with asyncio.TaskGroup() as self._group:
            job = await self._queue.get()
            while job is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(HELD):
                        await self._idle.wait()
                for _ in range(self._queue.qsize()):
                    await job()
                    job = self._queue.get_nowait()
                    if job is None:
                        return
                await job()
                job = await self._queue.get()

    async def finish(self) -> None:
        """End ``run`` when all that was asked for is done."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._queue.put_nowait(None)

    @contextmanager
    def held(self) -> Generator[None]:
        """Write as little as possible meanwhile."""
        self._running += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                asyncio.get_running_loop().call_later(REST, self._rest)

    def _rest(self) -> None:
        if not self._running:
            self._idle.set()

    def soon(self, job: Callable[[], Awaitable[None]]) -> None:
        """Do something after all that was asked for before. It must not raise."""
        self._queue.put_nowait(job)

    async def settled(self, node_id: str) -> None:
        """Wait until the node's last result is in the cache."""
        while (pending := self._pending.get(node_id)) is not None:
            await pending.wait()

    def failed(self, node_id: str, error: str) -> None:
        """Note that a node failed; its last success stays."""
        before = self._cache.last(node_id)
        key, cause = (before.key, before.cause) if before is not None else ("", None)
        self._cache.set_last(Last(node_id=node_id, succeeded=False, key=key, cause=cause, at=time.time(), error=error))
        self.soon(lambda: self._cache.save_last(node_id))

    def reused(self, node_id: str, result: Result, cause: Cause | None) -> None:
        """Note that a node was answered from the cache, maybe with the result of an equal node."""
        before = self._cache.last(node_id)
        if before is None or not before.succeeded or before.key != result.key:
            self._set_last(node_id, result.key, cause or result.cause)
            self.soon(lambda: self._cache.save_last(node_id))

    def succeeded(
        self, run_id: str, node_id: str, cause: Cause, inputs: Mapping[str, tuple[Produced, str]], outcome: Outcome
    ) -> None:
        """Keep a result. ``inputs`` are the values that reached the node, by the label in its cause."""
        known = {label: produced.known_digest(port) for label, (produced, port) in inputs.items()}
        made = {port: value.known_digest for port, value in outcome.values.items()}
        if all(known.values()) and all(made.values()):
            result = self._add(run_id, node_id, cause, known, outcome)
            self.soon(lambda: self._save(node_id, result, outcome.values))
            return
        generation, settled = self._cache.generation, asyncio.Event()
        self._pending[node_id] = settled

        async def later() -> None:
            try:
                digests = {label: await produced.digest(port) for label, (produced, port) in inputs.items()}
                for value in outcome.values.values():
                    await value.digest()
                if self._cache.generation != generation:
                    return
                result = self._add(run_id, node_id, cause, digests, outcome)
                self.soon(lambda: self._save(node_id, result, outcome.values))
            except OSError:
                return  # the value's file is gone: somebody cleared the folder, and so there is nothing to keep
            finally:
                settled.set()
                if self._pending.get(node_id) is settled:
                    del self._pending[node_id]

        self._begin(later())

    def discard(self, paths: Iterable[Path]) -> None:
        """Delete files once everything that was asked for before is done."""
        found, pending = list(paths), list(self._pending.values())

        async def delete() -> None:
            await asyncio.to_thread(lambda: [unlink(path) for path in found])

        async def after_pending() -> None:
            for settled in pending:
                await settled.wait()
            self.soon(delete)

        if found:
            self._begin(after_pending())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _add(self, run_id: str, node_id: str, cause: Cause, inputs: dict[str, str], outcome: Outcome) -> Result:
        complete = cause.with_inputs(inputs)
        result = Result(
            key=complete.key(),
            node_id=node_id,
            cause=complete,
            created_at=time.time(),
            run_id=run_id,
            duration_ms=outcome.duration_ms,
            values=[StoredValue(port, value.known_digest, value.size) for port, value in outcome.values.items()],
            definitions=outcome.definitions,
            output=outcome.output,
            displays=outcome.displays,
            stdout=outcome.stdout,
            stderr=outcome.stderr,
        )
        self._cache.add(result, outcome.values)
        self._set_last(node_id, result.key, complete)
        return result

    def _set_last(self, node_id: str, key: str, cause: Cause) -> None:
        self._cache.set_last(Last(node_id=node_id, succeeded=True, key=key, cause=cause, at=time.time()))

    async def _save(self, node_id: str, result: Result, values: dict[str, Value]) -> None:
        await self._cache.save(result, values)
        await self._cache.save_last(node_id)
