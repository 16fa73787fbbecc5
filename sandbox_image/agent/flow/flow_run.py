"""One run: its nodes in order, in parallel where they do not need each other, each answered from the cache or run."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from msgspec import UNSET

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.executor import faults
from sandbox_image.agent.executor.execution import Execution
from sandbox_image.agent.executor.job import JsonInput, NodeJob, Outcome
from sandbox_image.wire.events import NodeDisplay, NodeFinished, NodeStatus, NodeStream
from sandbox_image.wire.project import CachePolicy, Node, NodeKind
from sandbox_image.wire.runs import NodeResult, Output, RunError, RunKind, RunRequest, RunStatus

from .cache import Result
from .cause import Cause, difference
from .constants import MissingFile, shown
from .node_inputs import Arrived, Causes, Inputs, MissingInput, Parts, passed_on
from .plan import Plan, passes_whole
from .results import Produced, failed, ran, skipped

logger = logging.getLogger(__name__)

IDENTITY: Final = "def main(input_data):\n    return input_data\n"


class FlowRun:
    """Runs the nodes of a plan. ``results`` fills as they end; ``publish`` is told of everything."""

    def __init__(
        self, run_id: str, request: RunRequest, plan: Plan, parts: Parts, workers: int, publish: Callable[[Any], None]
    ) -> None:
        self.results: dict[str, NodeResult] = {}
        self._run_id = run_id
        self._request = request
        self._plan = plan
        self._parts = parts
        self._publish = publish
        self._workers = asyncio.Semaphore(workers)
        self._inputs = Inputs(plan, parts)
        self._causes = Causes(plan, parts)
        self._executions: dict[str, Execution] = {}
        self._sources: list[str] = []
        self._halted = ""
        self._cancelled = False
        self._stopped = False
        self._started = time.perf_counter()
        self._files = {node.file: node.id for node in plan.nodes.values() if node.file}

    def cancel(self) -> None:
        """End what runs and start nothing more."""
        self._end("The run was cancelled.")

    def stop(self) -> None:
        """End as ``cancel`` does, because the sandbox ends: what was not done is lost, and nobody wanted that of the run."""
        self._stopped = True
        self._end(faults.SANDBOX_STOPPED)

    def _end(self, why: str) -> None:
        self._cancelled = True
        self._halted = why
        for execution in list(self._executions.values()):
            execution.cancel()

    async def run(self) -> RunStatus:
        """Run all nodes and return how it went. One that is cancelled after ``stop`` has told what became of each node."""
        chosen = set(self._plan.order)
        waiting = {
            node: sum(edge.source in chosen for edge in self._plan.graph.incoming[node]) for node in self._plan.order
        }
        if self._request.kind is RunKind.NODE:
            waiting = dict.fromkeys(waiting, 0)
        try:
            async with asyncio.TaskGroup() as group:

                async def run_then_followers(node_id: str) -> None:
                    # A chain goes on in the same task; only branches need new ones.
                    following: str | None = node_id
                    while following is not None:
                        current, following = following, None
                        await self._run_node(self._plan.nodes[current])
                        for edge in self._plan.graph.outgoing[current]:
                            if edge.target not in waiting or self._request.kind is RunKind.NODE:
                                continue
                            waiting[edge.target] -= 1
                            if waiting[edge.target]:
                                continue
                            if following is None:
                                following = edge.target
                            else:
                                group.create_task(run_then_followers(edge.target))

                for node_id in [node for node in self._plan.order if not waiting[node]]:
                    group.create_task(run_then_followers(node_id))
        except asyncio.CancelledError:
            for node_id in self._plan.order:
                if self._stopped and node_id not in self.results:
                    self._finish(skipped(node_id, self._halted))
            raise
        finally:
            made = (value for item in self._inputs.produced.values() for value in item.values.values())
            paths = [value.path for value in made if not isinstance(value, JsonInput) and value.path is not None]
            self._parts.executor.learn(self._sources)
            self._parts.keeper.discard(path for path in paths if path.name.startswith("new-"))
        return self._status()

    def _status(self) -> RunStatus:
        statuses = {result.status for result in self.results.values()}
        if self._cancelled and not self._stopped:
            return RunStatus.CANCELLED
        if self._stopped and statuses & {RunStatus.LOST, RunStatus.SKIPPED}:
            return RunStatus.LOST
        if self._request.kind is RunKind.NODE:
            return next(iter(statuses), RunStatus.FAILED)
        bad = statuses & {RunStatus.FAILED, RunStatus.TIMED_OUT}
        if not bad:
            return RunStatus.SUCCEEDED
        return RunStatus.FAILED if RunStatus.FAILED in bad else RunStatus.TIMED_OUT

    async def _run_node(self, node: Node) -> None:
        blocked = self._blocked(node)
        if blocked:
            self._finish(skipped(node.id, blocked))
            return
        async with self._workers:
            if self._halted:
                self._finish(skipped(node.id, self._halted))
                return
            self._publish(NodeStatus(run_id=self._run_id, node_id=node.id, status=RunStatus.RUNNING))
            started = self._since_start()
            try:
                result = await self._result(node)
            except asyncio.CancelledError:
                if self._stopped:
                    self._finish(self._abandoned(node, started))
                raise
            finally:
                self._executions.pop(node.id, None)
        self._finish(result)
        if result.status in {RunStatus.FAILED, RunStatus.TIMED_OUT}:
            self._parts.keeper.failed(node.id, result.error.message if result.error else "")
            if self._request.halt_on_error and not self._halted:
                self._halted = f"{node.title} failed, and the run halts on errors."

    def _blocked(self, node: Node) -> str:
        """Why the node cannot run: a source of it in this run did not succeed."""
        for edge in self._plan.graph.incoming[node.id]:
            before = self.results.get(edge.source)
            if before is not None and before.status is not RunStatus.SUCCEEDED:
                return f"{self._plan.nodes[edge.source].title} did not succeed."
        return self._halted

    def _finish(self, result: NodeResult) -> None:
        self.results[result.node_id] = result
        self._publish(NodeFinished(run_id=self._run_id, result=result))

    def _since_start(self) -> float:
        return (time.perf_counter() - self._started) * 1000

    async def _result(self, node: Node) -> NodeResult:
        started = self._since_start()
        try:
            if node.kind is NodeKind.INPUT:
                return await self._constant(node, started)
            if (
                node.kind is NodeKind.RESULT
                and len(self._plan.graph.incoming[node.id]) == 1
                and not self._has_input_data
            ):
                return await self._passed_on(node, started)
            return await self._code(node, started)
        except (MissingInput, MissingFile) as error:
            return failed(node.id, RunError(type="MissingInput", message=str(error)), started)
        except SyntaxError as error:
            return failed(node.id, RunError(type="SyntaxError", message=str(error)), started)
        except AgentError as error:
            return failed(node.id, RunError(type="MissingInput", message=error.message), started)
        except Exception as error:  # whatever it is: one node's fault must not end the other runs, and all to come
            logger.exception("node %s cannot be run", node.id)
            message = f"The sandbox failed at this node ({type(error).__name__}: {str(error)[:300]})."
            return failed(node.id, RunError(type="InternalError", message=message, hint="Run it again."), started)

    async def _constant(self, node: Node, started: float) -> NodeResult:
        produced = await self._inputs.constant(node)
        value = produced.values["output"]
        assert isinstance(value, JsonInput)
        produced.output = shown(value.value)
        self._inputs.produced[node.id] = produced
        return NodeResult(node_id=node.id, status=RunStatus.SUCCEEDED, output=produced.output, started_ms=started)

    async def _passed_on(self, node: Node, started: float) -> NodeResult:
        edge = self._plan.graph.incoming[node.id][0]
        source = self._plan.nodes[edge.source]
        if not passes_whole(source):
            return await self._code(node, started)  # it gets a part of what is shown at the source
        produced = passed_on(await self._inputs.of(source), edge.source_port)
        if produced.output is None and isinstance(value := produced.values["output"], JsonInput):
            produced.output = shown(value.value)
        self._inputs.produced[node.id] = produced
        return NodeResult(node_id=node.id, status=RunStatus.SUCCEEDED, output=produced.output, started_ms=started)

    @property
    def _has_input_data(self) -> bool:
        return self._request.kind is RunKind.NODE and self._request.input_data is not UNSET

    async def _code(self, node: Node, started: float) -> NodeResult:
        source = self._causes.source(node) if node.kind is NodeKind.CODE else IDENTITY
        self._sources.append(source)
        settings = self._causes.settings(node)
        pinned = await self._pinned(node)
        if pinned is not None:
            return self._reuse(node, pinned, None, started, "Pinned: it keeps its last result until it is unpinned.")
        arrived = await self._inputs.arrived(node, self._request.input_data if self._has_input_data else UNSET)
        cause = await self._causes.of(node, source, settings)
        hit, reason = await self._cached(node, cause, arrived)
        if hit is not None:
            return self._reuse(node, hit, hit.cause, started, reason)
        job = NodeJob(
            source=source,
            file=node.file or "nodes/__shown__.py",
            ports=[port.name for port in node.ports.inputs],
            outputs=[port.name for port in node.ports.outputs] or ["output"],
            inputs=arrived.by_port,
            settings=settings,
            legacy=node.legacy,
            own=sorted({path.partition("/")[0].removesuffix(".py") for path in self._causes.own_modules(node, source)}),
            timeout_sec=node.timeout_sec or self._request.timeout_sec,
        )
        return await self._execute(node, job, cause, arrived, reason)

    async def _execute(self, node: Node, job: NodeJob, cause: Cause, arrived: Arrived, reason: str) -> NodeResult:
        started = self._since_start()
        execution = self._parts.executor.execution(job, _Told(self._run_id, node.id, self._publish))
        self._executions[node.id] = execution
        if self._cancelled:
            execution.cancel()
        outcome = await execution.run()
        if outcome.status is RunStatus.CANCELLED and self._stopped:
            outcome.status, outcome.error = RunStatus.LOST, faults.sandbox_stopped()
        if outcome.status is RunStatus.SUCCEEDED:
            self._inputs.produced[node.id] = Produced(dict(outcome.values), output=outcome.output)
            self._parts.keeper.succeeded(self._run_id, node.id, self._causes.as_run(cause), arrived.by_label, outcome)
        return ran(node, outcome, started, reason, self._files)

    def _abandoned(self, node: Node, started: float) -> NodeResult:
        """What became of a node that did not end in the time that an ending sandbox has: lost, with what it showed."""
        execution = self._executions.get(node.id)
        outcome = execution.abandoned() if execution is not None else Outcome(status=RunStatus.LOST)
        outcome.status, outcome.error = RunStatus.LOST, faults.sandbox_stopped()
        return ran(node, outcome, started, "", self._files)

    async def _pinned(self, node: Node) -> Result | None:
        if node.cache is not CachePolicy.PINNED or not self._request.use_cache:
            return None
        await self._parts.keeper.settled(node.id)
        return self._parts.cache.last_result(node.id)

    async def _cached(self, node: Node, cause: Cause, arrived: Arrived) -> tuple[Result | None, str]:
        """A result with the same cause, and why there is one or none."""
        if not self._request.use_cache:
            return None, "The run does not use the cache."
        if node.cache is CachePolicy.NEVER:
            return None, "It is set to run each time."
        await self._parts.keeper.settled(node.id)
        last = self._parts.cache.last(node.id)
        before = last.cause if last is not None else None
        # Digests of large inputs take time; they are waited for only if they can decide something.
        if not self._parts.cache.has_any(cause):
            if before is None:
                return None, "It has not succeeded before."
            return None, difference(before, cause.with_inputs(before.inputs)) or "Its last result is no longer kept."
        digests = {label: await produced.digest(port) for label, (produced, port) in arrived.by_label.items()}
        complete = cause.with_inputs(digests)
        result = self._parts.cache.find(complete.key())
        if result is not None:
            return result, f"Cached: code, inputs and settings are those of run {result.run_id}."
        if before is None:
            return None, "It has not succeeded before."
        return None, difference(before, complete) or "Its last result is no longer kept."

    def _reuse(self, node: Node, result: Result, cause: Cause | None, started: float, reason: str) -> NodeResult:
        values = {stored.port: self._parts.cache.value(stored) for stored in result.values}
        self._inputs.produced[node.id] = Produced(dict(values), output=result.output)
        self._parts.keeper.reused(node.id, result, cause)
        for output in result.displays:
            self._publish(NodeDisplay(run_id=self._run_id, node_id=node.id, output=output))
        for name in ("stdout", "stderr"):
            if text := getattr(result, name):
                self._publish(NodeStream(run_id=self._run_id, node_id=node.id, stream=name, text=text[: 256 * 1024]))
        return NodeResult(
            node_id=node.id,
            status=RunStatus.SUCCEEDED,
            output=result.output,
            displays=result.displays,
            stdout=result.stdout,
            stderr=result.stderr,
            duration_ms=self._since_start() - started,
            started_ms=started,
            cached=True,
            reason=reason,
        )


class _Told:
    """Publishes what a node shows while it runs."""

    def __init__(self, run_id: str, node_id: str, publish: Callable[[Any], None]) -> None:
        self._run_id = run_id
        self._node_id = node_id
        self._publish = publish

    def stream(self, name: str, text: str, offset: int) -> None:
        self._publish(NodeStream(run_id=self._run_id, node_id=self._node_id, stream=name, text=text, offset=offset))

    def display(self, output: Output) -> None:
        self._publish(NodeDisplay(run_id=self._run_id, node_id=self._node_id, output=output))
