"""Ten and thirty stopped projects opened at once."""

from concurrent.futures import ThreadPoolExecutor

from benchmarks.bench import Bench, timed
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.peers.engine import Engine
from benchmarks.product import Product, Project


def measure(bench: Bench) -> list[Row]:
    """Open ten, then thirty; and start as many containers of the same image at once."""
    rows: list[Row] = []
    for size in (10, 30) if not bench.quick else (4,):
        bar = Bar(Compare.VALUE, 3000) if size == 10 else None
        ours, peer = burst(bench.product, size)
        label = f"{size} projects opened at once"
        rows.append(
            Row(
                label=label,
                unit="ms",
                ours=ours,
                peer_name="as many docker run",
                peer=peer,
                percent=95,
                bar=bar,
                note=f"{len(ours)} of {size} succeeded",
            )
        )
    return rows


def burst(product: Product, size: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds to each project's first result, and those of each container."""
    engine = Engine()
    opened: list[tuple[Project, str]] = []
    image = ""
    try:
        for number in range(size):
            project = product.make(f"burst {number}")
            opened.append((project, project.node("One", "def main():\n    return 1\n")))
            project.ready()
            image = project.container()["Image"]
            project.call("POST", "/sandbox/stop")
        with ThreadPoolExecutor(size) as pool:
            ours = list(pool.map(lambda each: timed(lambda: each[0].run_node(each[1])), opened))
    finally:
        for project, _ in opened:
            project.delete()
    with ThreadPoolExecutor(size) as pool:
        peer = list(pool.map(lambda _: timed(lambda: engine.run_python(image)), range(size)))
    return ours, peer


FIGURE = Figure(name="burst", title="10 and 30 projects opened at once, to first result", measure=measure)
