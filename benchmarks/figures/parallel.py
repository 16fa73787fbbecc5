"""Two independent nodes of one second each."""

import subprocess

from benchmarks.bench import Bench, in_turn, timed
from benchmarks.figure import Bar, Compare, Figure, Row

CODE = "import time\n\n\ndef main():\n    time.sleep(1)\n    return 1\n"


def measure(bench: Bench) -> list[Row]:
    """Run a flow of two nodes that sleep, in turn with two interpreters started at once in the same container."""
    with bench.product.project() as project, bench.product.connect() as connection:
        for title in ("Left", "Right"):
            project.node(title, CODE)
        project.ready()
        container = project.container()["Id"]

        def peer() -> None:
            command = ["docker", "exec", container, "python3", "-c", "import time; time.sleep(1)"]
            both = [subprocess.Popen(command) for _ in range(2)]
            for each in both:
                each.wait()

        ours_ms, peer_ms = in_turn(
            bench.count(5, 2), lambda: timed(lambda: project.run_flow(connection)), lambda: timed(peer)
        )
    peer_name = "two docker exec at once"
    bar = Bar(Compare.VALUE, 1150)
    return [Row(label="two nodes of 1 s", unit="ms", ours=ours_ms, peer_name=peer_name, peer=peer_ms, bar=bar)]


FIGURE = Figure(name="parallel", title="two independent nodes of 1 s", measure=measure)
