"""Forty nodes in a row, with events, and the same again from the cache."""

from itertools import pairwise

from benchmarks.bench import Bench, timed
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.peers import prefect

LENGTH = 40
FIBO = "def fibo(n):\n    return n if n < 2 else fibo(n - 1) + fibo(n - 2)\n\n\n"
CODE = FIBO + "def main(input_data):\n    return fibo(10) + (input_data or 0)\n"


def measure(bench: Bench) -> list[Row]:
    """Run the chain by the API with its events, then from the cache; Prefect's runs of the same before."""
    count = bench.count(10)
    peer = prefect.chain(LENGTH, bench.count(7, 2))
    with bench.product.project() as project, bench.product.connect() as connection:
        nodes = [project.node(f"Fibo {number}", CODE) for number in range(LENGTH)]
        for source, target in pairwise(nodes):
            project.edge(source, target)
        project.ready()
        project.run_flow(connection)
        events = 0

        def once(*, use_cache: bool) -> float:
            nonlocal events
            lines: list[bytes] = []
            took = timed(lambda: lines.extend(project.run_flow(connection, use_cache=use_cache)))
            events = len(lines)
            return took

        ours = [once(use_cache=False) for _ in range(count)]
        project.run_flow(connection, use_cache=True)
        cached = [once(use_cache=True) for _ in range(count)]
    note = f"{events} events a run"
    label = f"{LENGTH} nodes of fibo(10) in a row"
    return [
        Row(
            label=label,
            unit="ms",
            ours=ours,
            peer_name=prefect.NAME,
            peer=peer,
            bar=Bar(Compare.RATIO, 1 / 8),
            note=note,
        ),
        Row(label=label, unit="ms", ours=ours, bar=Bar(Compare.VALUE, 300)),
        Row(
            label="the same, cached",
            unit="ms",
            ours=cached,
            peer_name="uncached",
            peer=ours,
            bar=Bar(Compare.RATIO, 1 / 3),
        ),
    ]


FIGURE = Figure(name="sequence", title="40 nodes in a row, with events, and cached", measure=measure)
