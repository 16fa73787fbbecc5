"""One node in a warm sandbox, in a fresh process, through the public API."""

from benchmarks.bench import Bench, in_turn, timed
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.peers.engine import Engine
from benchmarks.peers.jupyter import JupyterServer, warm_cell

CODE = "def fibo(n):\n    return n if n < 2 else fibo(n - 1) + fibo(n - 2)\n\n\ndef main():\n    return fibo(10)\n"


def measure(bench: Bench) -> list[Row]:
    """Run a node in turn with ``docker exec`` in the same container; Jupyter's cells just before and after."""
    engine, count = Engine(), bench.count(200, 20)
    library = warm_cell(count)
    with JupyterServer() as jupyter:
        server = jupyter.cells(count)
        quick = jupyter.cells(count, quick_ack=True)
    with bench.product.project() as project, bench.product.connect() as connection:
        node = project.node("Fibo", CODE)
        project.ready()
        container = project.container()["Id"]

        def ours() -> float:
            return timed(lambda: project.run_node(node, connection=connection))

        for _ in range(5):
            ours()
        beside, execs = in_turn(bench.count(30, 5), ours, lambda: timed(lambda: engine.exec_python(container)))
        row_of_exec = Row(
            label="warm node, after docker exec", unit="ms", ours=beside, peer_name="docker exec python3 -c pass",
            peer=execs, bar=Bar(Compare.RATIO, 1 / 8),
        )  # fmt: skip
        for _ in range(5):
            ours()
        found = [ours() for _ in range(count)]
    no_slower = Bar(Compare.RATIO, 1)
    name = "warm node, back to back"
    return [
        row_of_exec,
        Row(label=name, unit="ms", ours=found, peer_name="cell by Jupyter server", peer=server, bar=no_slower),
        Row(label=name, unit="ms", ours=found, peer_name="the same, quick ACKs", peer=quick, bar=no_slower),
        Row(label=name, unit="ms", ours=found, peer_name="cell by jupyter_client, no server", peer=library),
        Row(label=name, unit="ms", ours=found, peer_name="cell by Jupyter server", peer=server, percent=99),
    ]


FIGURE = Figure(name="warm-node", title="one node in a warm sandbox, fresh process, public API", measure=measure)
