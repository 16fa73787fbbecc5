"""Order in a graph: what comes before, what comes after, and the cycle that forbids either."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from sandbox_image.wire.project import Edge, Node

Adjacency = Mapping[str, Sequence[str]]


def find_cycle(nodes: Iterable[Node], edges: Iterable[Edge]) -> list[str]:
    """Return one cycle as the titles along it, the first repeated at the end: ``["A", "B", "A"]``. Empty without one."""
    titles = {node.id: node.title for node in nodes}
    following = _adjacency((edge.source, edge.target) for edge in edges)
    done: set[str] = set()
    for start in list(following):
        path: list[str] = []
        on_path: set[str] = set()
        stack: list[tuple[str, bool]] = [(start, False)]  # iterative: a graph may be deeper than the C stack
        while stack:
            node, leaving = stack.pop()
            if leaving:
                on_path.discard(path.pop())
                done.add(node)
                continue
            if node in on_path:
                return [titles.get(item, item) for item in [*path[path.index(node) :], node]]
            if node in done:
                continue
            path.append(node)
            on_path.add(node)
            stack.append((node, True))
            stack.extend((target, False) for target in reversed(following.get(node, ())))
    return []


class Topology(Struct, frozen=True):
    """The nodes of a graph that take part in runs, in an order in which each comes after what it needs."""

    order: list[str]
    incoming: Mapping[str, list[Edge]] = field(default_factory=dict[str, list[Edge]])
    """Edges into each node, in the order in which the project lists them."""
    outgoing: Mapping[str, list[Edge]] = field(default_factory=dict[str, list[Edge]])

    def ancestors(self, node: str) -> set[str]:
        """Return all that ``node`` needs, directly or not, without itself."""
        return self._reach(node, {target: [edge.source for edge in edges] for target, edges in self.incoming.items()})

    def descendants(self, node: str) -> set[str]:
        """Return all that needs ``node``, directly or not, without itself."""
        return self._reach(node, {source: [edge.target for edge in edges] for source, edges in self.outgoing.items()})

    @staticmethod
    def _reach(start: str, following: Adjacency) -> set[str]:
        seen: set[str] = set()
        waiting = list(following.get(start, ()))
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting.extend(following.get(node, ()))
        return seen


def topology(nodes: Sequence[Node], edges: Iterable[Edge]) -> Topology:
    """Sort the nodes so that sources come before targets and, beyond that, in the order given.

    The graph must have no cycle; nodes on one would be left out of ``order``. Edges from or to unknown nodes are ignored.
    """
    known = {node.id for node in nodes}
    incoming: dict[str, list[Edge]] = {node.id: [] for node in nodes}
    outgoing: dict[str, list[Edge]] = {node.id: [] for node in nodes}
    for edge in edges:
        if edge.source in known and edge.target in known:
            incoming[edge.target].append(edge)
            outgoing[edge.source].append(edge)
    missing = {node: len(found) for node, found in incoming.items()}
    ready = [node.id for node in reversed(nodes) if not missing[node.id]]
    order: list[str] = []
    while ready:
        node = ready.pop()
        order.append(node)
        for edge in reversed(outgoing[node]):
            missing[edge.target] -= 1
            if not missing[edge.target]:
                ready.append(edge.target)
    return Topology(order, incoming, outgoing)


def _adjacency(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    following: dict[str, list[str]] = defaultdict(list)
    for source, target in pairs:
        following[source].append(target)
    return dict(following)
