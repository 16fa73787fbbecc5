from sandbox_image.agent.flow.graph import find_cycle, topology
from sandbox_image.wire.project import Edge, Node, Position


def graph(links: str) -> tuple[list[Node], list[Edge]]:
    pairs = [pair.split(">") for pair in links.split()]
    names = sorted({name for pair in pairs for name in pair})
    nodes = [Node(id=name, title=name.upper(), position=Position(x=0, y=0)) for name in names]
    return nodes, [Edge(id=f"{a}-{b}", source=a, target=b) for a, b in pairs]


def test_a_cycle_is_named_by_its_titles_in_order() -> None:
    assert find_cycle(*graph("a>b b>c c>d d>b")) == ["B", "C", "D", "B"]
    assert find_cycle(*graph("a>a")) == ["A", "A"]
    assert find_cycle(*graph("a>b a>c b>d c>d")) == []


def test_a_chain_deeper_than_the_stack_is_no_trouble() -> None:
    links = " ".join(f"{n:05}>{n + 1:05}" for n in range(5000))
    nodes, edges = graph(links)
    assert find_cycle(nodes, edges) == []
    assert topology(nodes, edges).order == [node.id for node in nodes]


def test_order_ancestors_and_descendants() -> None:
    found = topology(*graph("a>b a>c b>d c>d d>e x>e"))
    position = {node: index for index, node in enumerate(found.order)}
    assert all(position[edge.source] < position[edge.target] for edges in found.incoming.values() for edge in edges)
    assert found.ancestors("d") == {"a", "b", "c"}
    assert found.descendants("b") == {"d", "e"}
    assert found.descendants("e") == set()


def test_edges_to_nowhere_are_ignored() -> None:
    nodes, edges = graph("a>b")
    assert topology(nodes[:1], edges).order == ["a"]
