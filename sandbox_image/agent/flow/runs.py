"""Runs: started, followed, cancelled, and remembered. A run does not need the client that started it."""

import asyncio
import logging
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.executor import Executor, PythonEnvironment
from sandbox_image.agent.executor.executor import TableUnavailable
from sandbox_image.agent.executor.faults import sandbox_stopped
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.events import RunFinished, RunStarted
from sandbox_image.wire.project import NodeFreshness, NodeKind
from sandbox_image.wire.runs import RunError, RunKind, RunRequest, RunResult, RunStatus, RunSummary

from .cache import DEFAULT_LIMIT, ResultCache
from .digests import FileDigests
from .flow_run import FlowRun
from .freshness import FreshnessCheck
from .history import KEPT, RUN_ID, History
from .journal import Journal
from .keeper import Keeper
from .node_inputs import Parts, not_found
from .outside import Events, Graph
from .own_modules import OwnModules
from .plan import Plan, make_plan, shown_source

logger = logging.getLogger(__name__)

MAX_ACTIVE: Final = 32
IN_MEMORY: Final = 10
"""Runs that are over and still held in memory; older ones are read from disk."""
NOTED_AFTER: Final = 0.5
"""Seconds after which a run that goes on is noted on disk, to be known as lost should the agent die."""
ENDED_WITHIN: Final = 0.6
"""Seconds that runs have to end when the sandbox does: more than their processes usually need, and less than the server waits."""


class Run(Struct):
    """A run that goes on, or ended a moment ago. ``done`` is set at its end."""

    id: str
    request: RunRequest
    plan: Plan
    flow: FlowRun
    journal: Journal
    created_at: float
    status: RunStatus = RunStatus.RUNNING
    duration_ms: float = 0.0
    error: RunError | None = None
    """Why it could not begin, or was not ended by itself."""
    done: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def result(self) -> RunResult:
        """Return the run as it stands."""
        return RunResult(
            run_id=self.id,
            kind=self.request.kind,
            status=self.status,
            created_at=self.created_at,
            nodes=dict(self.flow.results),
            duration_ms=self.duration_ms if self.done.is_set() else (time.time() - self.created_at) * 1000,
            error=self.error,
            started_by=self.request.started_by,
        )

    def summary(self) -> RunSummary:
        """Return the run without its results."""
        return RunSummary(
            run_id=self.id,
            kind=self.request.kind,
            status=self.status,
            created_at=self.created_at,
            duration_ms=self.duration_ms,
            node_ids=self.plan.order,
            started_by=self.request.started_by,
        )


class Runs:
    """All runs of a project. An async context manager; leaving it ends every run."""

    def __init__(
        self,
        graph: Graph,
        executor: Executor,
        environment: PythonEnvironment,
        events: Events,
        workspace: Path,
        *,
        workers: int = 0,
        cache_bytes: int = DEFAULT_LIMIT,
    ) -> None:
        state = workspace / ".aimforge"
        files = FileDigests(workspace)
        self._cache = ResultCache(state / "cache", cache_bytes, files)
        self._keeper = Keeper(self._cache)
        self._parts = Parts(
            workspace, graph, executor, environment, self._cache, self._keeper, files, OwnModules(workspace)
        )
        self._events = events
        self._workers = workers or os.cpu_count() or 1
        self._history = History(state / "runs")
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._summaries: OrderedDict[str, RunSummary] = OrderedDict()
        self._group = asyncio.TaskGroup()
        self._stopping = False

    async def __aenter__(self) -> "Runs":
        await asyncio.to_thread(self._cache.load)
        for summary in await asyncio.to_thread(self._history.load):
            self._summaries[summary.run_id] = summary
        await self._group.__aenter__()
        self._group.create_task(self._keeper.run())
        self._keeper.soon(self._learn)
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        self.stop()
        for run in list(self._runs.values()):
            await run.done.wait()
        await self._keeper.finish()
        await self._group.__aexit__(*exc_info)

    def stop(self) -> None:
        """Begin no more runs, and end those that go on as lost with their sandbox: who waits for them is told so in time.

        One whose process, or whatever it waits for, does not end soon is not waited for: its sandbox ends it.
        """
        self._stopping = True
        going = [run for run in self._runs.values() if not run.done.is_set()]
        for run in going:
            run.flow.stop()
        if going:
            asyncio.get_running_loop().call_later(ENDED_WITHIN, self._abandon)

    def _abandon(self) -> None:
        for run in self._runs.values():
            if not run.done.is_set() and run.task is not None:
                run.task.cancel()

    # ── Running ──────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, request: RunRequest) -> Run:
        """Start a run. Raises ``AgentError`` for a request that makes no sense, and when too many runs go on."""
        if self._stopping:
            raise AgentError(
                ErrorCode.UNAVAILABLE, "The sandbox is being stopped. It starts again on your next action."
            )
        if sum(not run.done.is_set() for run in self._runs.values()) >= MAX_ACTIVE:
            raise AgentError(ErrorCode.TOO_MANY, f"{MAX_ACTIVE} runs are going on. Wait for one to end, or cancel one.")
        project, _ = self._parts.graph.read()
        plan = make_plan(project, request)
        run_id = secrets.token_hex(8)
        journal = Journal()

        def publish(data: Any) -> None:
            journal.append(data)
            self._events.publish(data)

        workers = min(request.max_workers or self._workers, self._workers * 4)
        flow = FlowRun(run_id, request, plan, self._parts, workers, publish)
        run = Run(run_id, request, plan, flow, journal, time.time(), error=plan.error)
        self._runs[run_id] = run
        started = RunStarted(run_id=run_id, kind=request.kind, node_ids=plan.order, started_by=request.started_by)
        publish(started)
        run.task = self._group.create_task(self._run(run, publish))
        return run

    async def _run(self, run: Run, publish: Any) -> None:
        noted = asyncio.get_running_loop().call_later(NOTED_AFTER, self._note, run)
        started = time.perf_counter()
        try:
            with self._keeper.held():
                run.status = RunStatus.FAILED if run.error else await run.flow.run()
            if run.status is RunStatus.LOST:
                run.error = sandbox_stopped()
        except BaseException:
            run.status = RunStatus.LOST
            if self._stopping:
                run.error = sandbox_stopped()
            raise
        finally:
            noted.cancel()
            run.duration_ms = (time.perf_counter() - started) * 1000
            why = run.error.message if run.error else ""
            publish(RunFinished(run_id=run.id, status=run.status, duration_ms=run.duration_ms, error=why))
            run.journal.close()
            run.done.set()
            self._keeper.soon(lambda: self._remember(run))

    def _note(self, run: Run) -> None:
        self._keeper.soon(
            lambda: self._write(lambda: None if run.done.is_set() else self._history.begin(run.summary()))
        )

    async def _remember(self, run: Run) -> None:
        self._summaries[run.id] = run.summary()
        await self._write(lambda: self._history.end(run.summary(), run.result(), run.journal.lines()))
        over = [old.id for old in self._runs.values() if old.done.is_set() and old.id in self._summaries]
        for old in over[:-IN_MEMORY]:
            del self._runs[old]
        while len(self._summaries) > KEPT:
            oldest, _ = self._summaries.popitem(last=False)
            await self._write(lambda oldest=oldest: self._history.forget(oldest))

    @staticmethod
    async def _write(write: Any) -> None:
        try:
            await asyncio.to_thread(write)
        except OSError as error:
            logger.warning("a run was not kept: %s", error)

    async def _learn(self) -> None:
        """Have the zygote import what the project's nodes import, before the first run needs it."""
        try:
            project, _ = self._parts.graph.read()
            code = [self._parts.graph.source(node) for node in project.nodes if node.kind is NodeKind.CODE]
        except AgentError as error:
            logger.info("imports are not known yet: %s", error.message)
            return
        self._parts.executor.learn(source.decode(errors="replace") for source in code)

    # ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────

    def list(self, limit: int) -> "list[RunSummary]":
        """Return the runs, newest first."""
        found = {**self._summaries, **{run.id: run.summary() for run in self._runs.values()}}
        return sorted(found.values(), key=lambda summary: summary.created_at, reverse=True)[:limit]

    async def get(self, run_id: str) -> RunResult:
        """Return a run as it stands. Raises ``AgentError`` when it is not known."""
        run = self._runs.get(run_id)
        if run is not None:
            return run.result()
        summary = self._summaries.get(run_id)
        if summary is None or not RUN_ID.fullmatch(run_id):
            raise not_found(run_id)
        result = await asyncio.to_thread(self._history.result, run_id)
        if result is not None:
            return replace(result, status=summary.status)
        return _lost(summary)

    async def events(self, run_id: str, after: int, *, follow: bool) -> AsyncIterator[bytes]:
        """Return blocks of lines, each an event of the run. Raises ``AgentError`` when the run is not known."""
        run = self._runs.get(run_id)
        if run is not None:
            return run.journal.follow(after, follow=follow)
        if run_id not in self._summaries or not RUN_ID.fullmatch(run_id):
            raise not_found(run_id)
        lines = await asyncio.to_thread(self._history.events, run_id)
        return Journal(lines, closed=True).follow(after, follow=False)

    async def cancel(self, run_id: str) -> RunResult:
        """End a run and return it once it has ended. A run that is over stays as it is."""
        run = self._runs.get(run_id)
        if run is None:
            return await self.get(run_id)
        if not run.done.is_set():
            run.flow.cancel()
            await run.done.wait()
        return run.result()

    def busy(self) -> "list[str]":
        """Return what is going on, in short phrases."""
        going = [run for run in self._runs.values() if not run.done.is_set()]
        return [
            f"run of {run.plan.nodes[run.plan.order[0]].title}"
            if run.request.kind is RunKind.NODE and run.plan.order
            else "run of the flow"
            for run in going
        ]

    # ── Cached results ───────────────────────────────────────────────────────────────────────────────────────

    async def freshness(self) -> "list[NodeFreshness]":
        """Return for each node whether its result is fresh, and why or why not."""
        project, _ = self._parts.graph.read()
        plan = make_plan(project, RunRequest(kind=RunKind.FLOW))
        return await FreshnessCheck(plan, self._parts).run()

    async def clear_cache(self) -> None:
        """Forget all results."""
        await self._cache.clear()

    async def table(self, node_id: str, *, offset: int, limit: int, column: str, descending: bool) -> dict[str, Any]:
        """Return rows of the table that a node returned last. Raises ``AgentError``."""
        project, _ = self._parts.graph.read()
        if not any(node.id == node_id for node in project.nodes):
            raise AgentError(ErrorCode.NOT_FOUND, f"There is no node {node_id[:100]!r}.")
        shown = shown_source(make_plan(project, RunRequest(kind=RunKind.FLOW)), node_id)
        await self._keeper.settled(shown)
        result = self._cache.last_result(shown)
        if result is None or not result.values:
            raise AgentError(ErrorCode.CONFLICT, "The node has no result. Run it first.")
        value = self._cache.value(result.values[0])
        try:
            found = await self._parts.executor.table(
                value, offset=offset, rows=limit, column=column, descending=descending
            )
        except TableUnavailable as error:
            raise AgentError(ErrorCode.CONFLICT, f"The table cannot be read: {error}.") from error
        if found is None:
            raise AgentError(ErrorCode.CONFLICT, "What the node returned is no table.")
        return found


def _lost(summary: RunSummary) -> RunResult:
    error = RunError(type="SandboxLost", message="The sandbox ended during this run.", hint="Run it again.")
    return RunResult(
        run_id=summary.run_id,
        kind=summary.kind,
        status=summary.status,
        created_at=summary.created_at,
        duration_ms=summary.duration_ms,
        error=error,
        started_by=summary.started_by,
    )
