"""Which nodes would be answered from the cache if the flow ran now, and why the others would run."""

from collections.abc import Mapping

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.project import CachePolicy, Freshness, Node, NodeFreshness, NodeKind

from .cache import Result
from .cause import difference
from .constants import MissingFile
from .node_inputs import Arrived, Causes, Inputs, MissingInput, Parts, passed_on
from .plan import Plan
from .results import Given, Produced


class FreshnessCheck:
    """Looks at the nodes of a plan in order, as a run would, without running any."""

    def __init__(self, plan: Plan, parts: Parts) -> None:
        self._plan = plan
        self._parts = parts
        self._inputs = Inputs(plan, parts)
        self._causes = Causes(plan, parts)
        self._stale: dict[str, NodeFreshness] = {}

    async def run(self) -> list[NodeFreshness]:
        """Return one entry for each node that can run, in the order of a run."""
        return [await self._of(self._plan.nodes[node]) for node in self._plan.order]

    async def _of(self, node: Node) -> NodeFreshness:
        try:
            found = await self._look(node)
        except (MissingInput, MissingFile) as error:
            found = _entry(node, Freshness.STALE, str(error))
        except OSError as error:  # somebody deleted the folder of the cache
            found = _entry(node, Freshness.STALE, f"What reaches it is no longer kept: {error.strerror}.")
        except (SyntaxError, AgentError) as error:
            found = _entry(node, Freshness.FAILED, str(error))
        if found.state is not Freshness.FRESH:
            self._stale[node.id] = found
        return found

    async def _look(self, node: Node) -> NodeFreshness:
        for edge in self._plan.graph.incoming[node.id]:
            if edge.source in self._stale and node.cache is not CachePolicy.PINNED:
                return self._behind(node, self._plan.nodes[edge.source])
        if node.kind is NodeKind.INPUT:
            self._inputs.produced[node.id] = await self._inputs.constant(node)
            return _entry(node, Freshness.FRESH, "It is a constant.")
        if node.kind is NodeKind.RESULT:
            edges = self._plan.graph.incoming[node.id]
            if len(edges) == 1:
                before = await self._inputs.of(self._plan.nodes[edges[0].source])
                self._inputs.produced[node.id] = passed_on(before, edges[0].source_port)
            return _entry(node, Freshness.FRESH, "It shows what reaches it.")
        return await self._code(node)

    def _behind(self, node: Node, source: Node) -> NodeFreshness:
        last = self._parts.cache.last(node.id)
        if last is None:
            return _entry(node, Freshness.NEVER_RUN, "It has not run yet.")
        return _entry(node, Freshness.STALE, f"{source.title}, which it needs, has to run first.")

    async def _code(self, node: Node) -> NodeFreshness:
        await self._parts.keeper.settled(node.id)
        last = self._parts.cache.last(node.id)
        if last is None:
            return _entry(node, Freshness.NEVER_RUN, "It has not run yet.")
        if node.cache is CachePolicy.PINNED and (pinned := self._parts.cache.last_result(node.id)) is not None:
            self._take(node, pinned)
            return _entry(node, Freshness.FRESH, "Pinned: it keeps its last result until it is unpinned.")
        if node.cache is CachePolicy.NEVER:
            return _entry(node, Freshness.STALE, "It is set to run each time.")
        arrived: Arrived = await self._inputs.arrived(node)
        cause = await self._causes.of(node, self._causes.source(node), self._causes.settings(node))
        complete = cause.with_inputs(
            {label: await produced.digest(port) for label, (produced, port) in arrived.by_label.items()}
        )
        result = self._parts.cache.find(complete.key())
        if result is not None:
            self._take(node, result)
            return _entry(node, Freshness.FRESH, f"Code, inputs and settings are those of run {result.run_id}.")
        if not last.succeeded:
            return _entry(node, Freshness.FAILED, f"Its last run failed: {last.error[:300]}")
        reason = difference(last.cause, complete) if last.cause is not None else ""
        return _entry(node, Freshness.STALE, reason or "Its last result is no longer kept.")

    def _take(self, node: Node, result: Result) -> None:
        values: Mapping[str, Given] = {stored.port: self._parts.cache.value(stored) for stored in result.values}
        self._inputs.produced[node.id] = Produced(dict(values), output=result.output)


def _entry(node: Node, state: Freshness, reason: str) -> NodeFreshness:
    return NodeFreshness(node_id=node.id, state=state, reason=reason)
