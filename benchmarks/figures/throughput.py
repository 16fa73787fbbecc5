"""A terminal's throughput."""

from collections.abc import Callable
from time import perf_counter

from benchmarks.bench import Bench, in_turn
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.peers.engine import Engine, ExecTty
from benchmarks.peers.jupyter import JupyterServer, read_until
from benchmarks.peers.private import SCRIPTS


def measure(bench: Bench) -> list[Row]:
    """Let ``head -c 100M /dev/urandom | base64`` flow through each kind of terminal, in turn."""
    size = "10M" if bench.quick else "100M"
    command = f"head -c {size} /dev/urandom | base64"
    line = f"{command}; echo do''ne\n".encode()
    script = (SCRIPTS / "bare_pty.py").read_bytes()
    with bench.product.project() as project, JupyterServer() as server:
        project.ready()
        terminal = project.terminal()
        with ExecTty(project.container()["Id"]) as tty, server.terminal() as terminado:

            def ours() -> float:
                return flow(lambda: terminal.type(line), lambda: terminal.read_until(b"done\r\n"))

            def engine() -> float:
                return flow(lambda: tty.type(line), lambda: read_until(tty.output, b"done\r\n"))

            def jupyter() -> float:
                return flow(lambda: terminado.type(line), lambda: terminado.read_until(b"done\r\n"))

            def bare() -> float:
                return float(Engine().exec_script(project.container()["Id"], script, command))

            found = list(in_turn(bench.count(5, 3), ours, jupyter, engine, bare))
        terminal.socket.close()
    ours_mb, jupyter_mb, engine_mb, bare_mb = found
    label = f"terminal throughput, {size}"
    return [
        Row(
            label=label,
            unit="MB/s",
            ours=ours_mb,
            peer_name="terminado",
            peer=jupyter_mb,
            bar=Bar(Compare.RATIO, 1.3, at_least=True),
        ),
        Row(
            label=label,
            unit="MB/s",
            ours=ours_mb,
            peer_name="engine exec TTY",
            peer=engine_mb,
            bar=Bar(Compare.RATIO, 1.2, at_least=True),
        ),
        Row(
            label=label,
            unit="MB/s",
            ours=ours_mb,
            peer_name="a bare read of the PTY",
            peer=bare_mb,
            note="In the same container, a loop that reads the PTY and drops what it read: what the kernel gives.",
        ),
    ]


def flow(begin: Callable[[], None], read: Callable[[], int]) -> float:
    """Return how many MB a second arrive."""
    start = perf_counter()
    begin()
    return read() / (perf_counter() - start) / 1e6


FIGURE = Figure(name="throughput", title="terminal throughput", measure=measure)
