"""A terminal's throughput."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from time import perf_counter

from benchmarks.bench import Bench, in_turn
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.peers.engine import Engine, ExecTty
from benchmarks.peers.jupyter import JupyterServer, packages, read_until
from benchmarks.peers.private import SCRIPTS


def measure(bench: Bench) -> list[Row]:
    """Let ``head -c 100M /dev/urandom | base64`` flow through each kind of terminal, opened anew for each turn."""
    size = "10M" if bench.quick else "100M"
    command = f"head -c {size} /dev/urandom | base64"
    line = f"{command}; echo do''ne\n".encode()
    script = (SCRIPTS / "bare_pty.py").read_bytes()
    with ExitStack() as stack:
        project = stack.enter_context(bench.product.project())
        project.ready()
        sandbox = project.container()
        confined = stack.enter_context(Engine().on_the_machines_network(sandbox, packages()))
        beside, terminado = (stack.enter_context(JupyterServer(container)) for container in (confined, ""))

        def ours() -> float:
            # A socket that nobody reads while the others have their turn would be closed as dead.
            terminal = project.terminal()
            found = flow(lambda: terminal.type(line), lambda: terminal.read_until(b"done\r\n"))
            terminal.type(b"exit\n")
            terminal.socket.close()
            return found

        def engine() -> float:
            with ExecTty(sandbox["Id"]) as tty:
                tty.type(b"echo rea''dy\n")
                read_until(tty.output, b"ready\r\n")
                return flow(lambda: tty.type(line), lambda: read_until(tty.output, b"done\r\n"))

        def jupyter(server: JupyterServer) -> float:
            with server.terminal() as terminal:
                return flow(lambda: terminal.type(line), lambda: terminal.read_until(b"done\r\n"))

        def bare() -> float:
            return float(Engine().exec_script(sandbox["Id"], script, command))

        found = list(
            in_turn(bench.count(9, 3), ours, partial(jupyter, beside), engine, bare, partial(jupyter, terminado))
        )
    ours_mb, beside_mb, engine_mb, bare_mb, terminado_mb = found
    row = partial(Row, label=f"terminal throughput, {size}", unit="MB/s", ours=ours_mb)
    return [
        row(
            peer_name="terminado, confined as a sandbox is",
            peer=beside_mb,
            bar=Bar(Compare.RATIO, 1.3, at_least=True),
        ),
        row(
            peer_name="terminado, not confined",
            peer=terminado_mb,
            bar=Bar(Compare.RATIO, 1.3, at_least=True),
            note="A program that writes line by line pays for seccomp and the container's accounting in each of them.",
        ),
        row(peer_name="engine exec TTY", peer=engine_mb, bar=Bar(Compare.RATIO, 1.2, at_least=True)),
        row(
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
