"""Ten and thirty stopped projects opened at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.bench import Bench, timed
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.peers.engine import Engine
from benchmarks.product import Project


def measure(bench: Bench) -> list[Row]:
    """Open ten, then thirty; and start as many containers of the same image at once."""
    sizes = (2, 4) if bench.quick else (10, 30)
    rows: list[Row] = []
    projects = [bench.product.make(f"burst {number}") for number in range(sizes[-1])]
    try:
        with ThreadPoolExecutor(2) as pool:
            opened = list(pool.map(prepared, projects))
        projects[0].ready()
        image = projects[0].container()["Image"]
        for size in sizes:
            for project in projects:
                project.call("POST", "/sandbox/stop")
            ours = at_once(size, lambda number: opened[number][0].run_node(opened[number][1]))
            peer = at_once(size, lambda _: Engine().run_python(image))
            rows.append(
                Row(
                    label=f"{size} projects opened at once",
                    unit="ms",
                    ours=ours,
                    peer_name="as many docker run",
                    peer=peer,
                    percent=95,
                    bar=Bar(Compare.VALUE, 3000) if size == 10 else None,
                    note=f"{len(ours)} of {size} succeeded",
                )
            )
    finally:
        for project in projects:
            project.delete()
    return rows


def prepared(project: Project) -> tuple[Project, str]:
    """Give a project its environment and a node, and stop it."""
    node = project.node("One", "def main():\n    return 1\n")
    project.ready()
    project.call("POST", "/sandbox/stop")
    return project, node


def at_once(size: int, action: Callable[[int], dict[str, Any] | None]) -> list[float]:
    """Do something ``size`` times at once; how many milliseconds each took. One that fails fails the figure."""
    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(lambda number: timed(lambda: action(number)), range(size)))


FIGURE = Figure(name="burst", title="10 and 30 projects opened at once, to first result", measure=measure)
