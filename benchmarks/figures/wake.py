"""A paused project, to a node's result."""

from benchmarks.bench import Bench, in_turn, timed
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.peers.engine import Engine
from benchmarks.product import Product, Project, until

SOON = {"AIMFORGE_IDLE_PAUSE_SEC": "1", "AIMFORGE_REAP_SEC": "0.2", "AIMFORGE_COUNTDOWN_SEC": "0"}


def measure(bench: Bench) -> list[Row]:
    """Let a project fall asleep, then run a node; in turn with the engine's unpause of another container."""
    engine = Engine()
    with Product(SOON) as product, bench.product.project() as other, product.project() as project:
        node = project.node("One", "def main():\n    return 1\n")
        project.ready()
        project.run_node(node)
        other.ready()
        container = other.container()["Id"]

        def ours() -> float:
            asleep(project)
            with product.connect() as connection:
                connection.request("GET", "/api/health")
                return timed(lambda: project.run_node(node, connection=connection))

        def peer() -> float:
            engine.pause(container)
            return timed(lambda: engine.unpause(container))

        ours_ms, peer_ms = in_turn(bench.count(20), ours, peer)
    bar = Bar(Compare.RATIO, 3)
    return [Row(label="paused → result", unit="ms", ours=ours_ms, peer_name="engine unpause", peer=peer_ms, bar=bar)]


def asleep(project: Project) -> None:
    """Wait until the sandbox is paused; looking does not wake it."""
    until("the pause", lambda: project.call("GET", "/sandbox")["state"] == "paused", every=0.1)


FIGURE = Figure(name="wake", title="paused project → result", measure=measure)
