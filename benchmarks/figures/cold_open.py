"""A stopped project, to its first node's result."""

from benchmarks.bench import Bench, in_turn, timed
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.peers.engine import Engine


def measure(bench: Bench) -> list[Row]:
    """Stop, then run a node, in turn with the engine's plainest run of the same image."""
    engine = Engine()
    with bench.product.project() as project:
        node = project.node("One", "def main():\n    return 1\n")
        project.ready()
        image = project.container()["Image"]
        project.run_node(node)

        def ours() -> float:
            project.call("POST", "/sandbox/stop")
            return timed(lambda: project.run_node(node))

        ours_ms, peer_ms = in_turn(bench.count(15), ours, lambda: timed(lambda: engine.run_python(image)))
    bar = Bar(Compare.RATIO, 1.2)
    peer = "docker run --network none python3 -c pass"
    return [Row(label="stopped → first result", unit="ms", ours=ours_ms, peer_name=peer, peer=peer_ms, bar=bar)]


FIGURE = Figure(name="cold-open", title="stopped project → first node's result", measure=measure)
