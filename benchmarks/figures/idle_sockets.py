"""Two hundred idle sockets of each kind on one control plane."""

import time
from contextlib import ExitStack

from benchmarks.bench import Bench
from benchmarks.echo import keys
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.machine import rss
from benchmarks.product import Product, Project
from benchmarks.websocket import WebSocket

PROJECTS = 4
"""The sockets are spread over so many: a sandbox serves at most a hundred editors."""
SETTLE_SEC = 2.0


def measure(bench: Bench) -> list[Row]:
    """Type into a quiet terminal, open the sockets, type again."""
    size, count = bench.count(200, 20), bench.count(500, 50)
    with Product({"AIMFORGE_MAX_SOCKETS": "1000"}) as product, ExitStack() as stack:
        projects = [stack.enter_context(product.project(f"idle {number}")) for number in range(PROJECTS)]
        for project in projects:
            project.ready()
        measured = stack.enter_context(product.project("measured"))
        measured.ready()
        terminal = measured.terminal()
        terminal.echo_only()
        quiet = keys(terminal, count)
        before, agent_before = rss(product.pid), projects[0].agent_rss()
        sockets = [socket for project in projects for socket in opened(project, size // PROJECTS, stack)]
        time.sleep(SETTLE_SEC)
        drain(sockets)
        after, agent_after = rss(product.pid), projects[0].agent_rss()
        crowded = keys(terminal, count, between=lambda: drain(sockets))
        drain(sockets)
        terminal.socket.close()
    total = len(sockets)
    label, peer = f"echo beside {total} idle sockets", "without them"
    note = f"{size} each of events, terminals and pyright's, over {PROJECTS} projects"
    each = (after - before) * 1024 / total
    each_in_agent = (agent_after - agent_before) * 1024 / (total / PROJECTS)
    return [
        Row(
            label=label,
            unit="ms",
            ours=crowded,
            peer_name=peer,
            peer=quiet,
            percent=99,
            bar=Bar(Compare.RATIO, 3),
            note=note,
        ),
        Row(label="control plane's memory, an idle socket", unit="KiB", ours=[each]),
        Row(label="agent's memory, an idle socket", unit="KiB", ours=[each_in_agent]),
    ]


def opened(project: Project, count: int, stack: ExitStack) -> list[WebSocket]:
    """Open ``count`` idle sockets of each kind on a project."""
    terminal_id = project.call("POST", "/terminals", {"name": ""})["id"]
    paths = (
        f"/api/project/{project.id}/events",
        f"/api/terminal/{project.id}/{terminal_id}",
        f"/api/lsp/pyright?project_id={project.id}",
    )
    return [stack.enter_context(project.socket(path)) for path in paths for _ in range(count)]


def drain(sockets: list[WebSocket]) -> None:
    """Take what has come on idle sockets, and answer the server's pings."""
    for socket in sockets:
        for _ in socket.waiting():
            pass


FIGURE = Figure(name="idle-sockets", title="200 idle sockets of each kind", measure=measure)
