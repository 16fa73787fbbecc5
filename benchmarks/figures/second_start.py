"""The server's second start, to listening and to its first answer."""

from time import perf_counter

from benchmarks.bench import Bench
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.peers.jupyter import JupyterServer
from benchmarks.product import Product


def measure(bench: Bench) -> list[Row]:
    """Stop and start a server that has started before; in turn with a Jupyter server."""
    listening: list[float] = []
    answered: list[float] = []
    peer: list[float] = []
    with Product() as product:
        for _ in range(bench.count(7)):
            product.stop()
            start = perf_counter()
            product.start()
            listening.append((perf_counter() - start) * 1000)
            product.call("GET", "/api/health")
            answered.append((perf_counter() - start) * 1000)
            with JupyterServer() as jupyter:
                peer.append(jupyter.started_in_ms)
    name = "jupyter_server"
    return [
        Row(
            label="second start → listening",
            unit="ms",
            ours=listening,
            peer_name=name,
            peer=peer,
            bar=Bar(Compare.VALUE, 3000),
        ),
        Row(label="second start → /api/health", unit="ms", ours=answered, peer_name=name, peer=peer),
    ]


FIGURE = Figure(name="second-start", title="second start of the server", measure=measure)
