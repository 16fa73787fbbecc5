"""A hundred projects made and opened at once, and what a hundred live sandboxes take."""

import time

from benchmarks.bench import Bench
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.figures.burst import at_once
from benchmarks.machine import rss
from benchmarks.peers.engine import Engine
from benchmarks.product import Product, Project, until

SMALL = {
    "AIMFORGE_MEMORY": str(192 * 2**20),
    "AIMFORGE_PIDS": "64",
    "AIMFORGE_CPUS": "0.5",
    "AIMFORGE_MAX_RUNNING": "200",
}
"""Of its own server: as many as a class, each with little."""
SETTLE_SEC = 5.0
WITHIN_SEC = 900.0


def measure(bench: Bench) -> list[Row]:
    """Make and open them all at once until they are ready; then look at the memory of the server and of the sandboxes."""
    size = bench.count(100, 5)
    with Product(SMALL) as product:
        alone = rss(product.pid)
        projects: list[Project] = []
        ours = at_once(size, lambda number: projects.append(opened(product, number)))
        time.sleep(SETTLE_SEC)
        states = [project.call("GET", "/sandbox")["state"] for project in projects]
        live = [Engine().used(product.deployment, project.id) for project in projects]
        crowded = rss(product.pid)
    note = f"{len(ours)} of {size} succeeded, {states.count('ready')} ready afterwards; the server alone had {alone:.0f} MiB"
    return [
        Row(label=f"{size} projects opened at once, p50", unit="ms", ours=ours, note=note),
        Row(label=f"{size} projects opened at once, p95", unit="ms", ours=ours, percent=95),
        Row(
            label=f"control plane with {size} live sandboxes",
            unit="MiB",
            ours=[crowded],
            bar=Bar(Compare.VALUE, 200),
        ),
        Row(
            label="an idle sandbox, all of it", unit="MiB", ours=live, note="the cgroup's memory without its page cache"
        ),
    ]


def opened(product: Product, number: int) -> Project:
    """Make a project and wait until its sandbox is ready, as a person does who comes for the first time."""
    project = product.make(f"crowd {number}")
    until("the sandbox", lambda: project.call("GET", "/sandbox")["state"] == "ready", every=0.5, within=WITHIN_SEC)
    return project


FIGURE = Figure(name="crowd", title="100 projects made and opened at once, and 100 live sandboxes", measure=measure)
