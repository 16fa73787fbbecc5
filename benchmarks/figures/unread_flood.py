"""Memory while a client that never reads is flooded."""

import time

from benchmarks.bench import Bench
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.machine import rss
from benchmarks.peers.jupyter import JupyterServer

LINE = b"head -c 100M /dev/urandom | base64\n"
WATCH_SEC = 12.0
"""Longer than terminado takes to swallow it all."""


def measure(bench: Bench) -> list[Row]:
    """Start the flood, read nothing, and watch the most that each process grows."""
    seconds = 3.0 if bench.quick else WATCH_SEC
    agents: list[float] = []
    servers: list[float] = []
    peers: list[float] = []
    for _ in range(bench.count(3, 1)):
        with bench.product.project() as project:
            project.ready()
            terminal = project.terminal()
            pids = [project.container()["State"]["Pid"], bench.product.pid]
            terminal.type(LINE)
            agent, server = growth(pids, seconds)
            agents.append(agent)
            servers.append(server)
            terminal.socket.socket.close()
        with JupyterServer() as jupyter, jupyter.terminal() as terminado:
            terminado.type(b"echo rea''dy\n")
            terminado.read_until(b"ready\r\n")
            terminado.type(LINE)
            peers += growth([jupyter.process.pid], seconds)
    bar = Bar(Compare.VALUE, 8)
    label = "unread flood of 100 MB: "
    return [
        Row(label=label + "agent", unit="MiB", ours=agents, peer_name="terminado", peer=peers, bar=bar),
        Row(label=label + "control plane", unit="MiB", ours=servers, peer_name="terminado", peer=peers, bar=bar),
    ]


def growth(pids: list[int], seconds: float) -> list[float]:
    """Return by how many MiB each process grew at most."""
    before = [rss(pid) for pid in pids]
    most = list(before)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        most = [max(known, rss(pid)) for known, pid in zip(most, pids, strict=True)]
        time.sleep(0.05)
    return [highest - first for highest, first in zip(most, before, strict=True)]


FIGURE = Figure(name="unread-flood", title="memory while a client that never reads is flooded", measure=measure)
