"""The agent in an idle sandbox: its memory, and how soon after the container's start it answers."""

import time
from datetime import datetime

from benchmarks.bench import Bench
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.machine import rss
from benchmarks.peers.jupyter import JupyterServer

SETTLE_SEC = 3.0
"""After the environment is complete, until the agent is as idle as it gets."""


def measure(bench: Bench) -> list[Row]:
    """Start sandboxes; read the agent's memory once the environment is there. The peer is a single user's server."""
    memory: list[float] = []
    answers: list[float] = []
    with bench.product.project() as project:
        project.ready()
        for _ in range(bench.count(7)):
            project.call("POST", "/sandbox/stop")
            project.call("POST", "/sandbox/start?wait=true")
            project.call("GET", "/terminals")
            answered = time.time()
            state = project.container()["State"]
            answers.append((answered - _seconds(state["StartedAt"])) * 1000)
            project.ready()
            time.sleep(SETTLE_SEC)
            memory.append(rss(state["Pid"]))
    peer_memory: list[float] = []
    peer_starts: list[float] = []
    for _ in range(bench.count(3, 1)):
        with JupyterServer() as jupyter:
            peer_starts.append(jupyter.started_in_ms)
            time.sleep(SETTLE_SEC)
            peer_memory.append(jupyter.rss())
    peer = "jupyter_server"
    return [
        Row(
            label="idle agent, resident",
            unit="MiB",
            ours=memory,
            peer_name=peer,
            peer=peer_memory,
            bar=Bar(Compare.VALUE, 40),
        ),
        Row(
            label="container start → answer",
            unit="ms",
            ours=answers,
            peer_name=f"{peer}, no container",
            peer=peer_starts,
            bar=Bar(Compare.VALUE, 250),
            note="from the engine's StartedAt to an answer of the agent through the public API",
        ),
    ]


def _seconds(at: str) -> float:
    """Read the engine's time, whose nanoseconds Python does not take."""
    whole, _, fraction = at.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")


FIGURE = Figure(name="agent", title="agent: idle memory, start → answer", measure=measure)
