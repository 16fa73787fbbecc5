"""The echo of a key through the control plane, over the same terminal opened directly."""

from benchmarks.bench import Bench
from benchmarks.echo import keys
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.peers.engine import ExecTty
from benchmarks.peers.jupyter import JupyterServer, read_until
from benchmarks.peers.raw_pty import RawPty


def measure(bench: Bench) -> list[Row]:
    """Type into a terminal that only echoes: ours, a PTY of this process, the engine's exec, terminado."""
    count, rounds = bench.count(200, 50), bench.count(5, 2)
    ours: list[float] = []
    raw: list[float] = []
    tty: list[float] = []
    jupyter: list[float] = []
    with bench.product.project() as project, JupyterServer() as server, RawPty() as pty:
        project.ready()
        terminal = project.terminal()
        terminal.echo_only()
        with ExecTty(project.container()["Id"]) as engine, server.terminal() as terminado:
            for other in (engine, terminado):
                other.type(b"echo rea''dy; exec cat >/dev/null\n")
                read_until(other.output, b"ready\r\n")
            for _ in range(rounds):
                ours += keys(terminal, count)
                raw += keys(pty, count)
                tty += keys(engine, count)
                jupyter += keys(terminado, count)
        terminal.socket.close()
    label, direct = "keystroke echo", "PTY opened directly"
    return [
        Row(label=label, unit="ms", ours=ours, peer_name=direct, peer=raw, bar=Bar(Compare.DIFFERENCE, 0.7)),
        Row(label=label, unit="ms", ours=ours, peer_name=direct, peer=raw, percent=99, bar=Bar(Compare.DIFFERENCE, 3)),
        Row(label=label, unit="ms", ours=ours, peer_name="engine exec TTY", peer=tty),
        Row(label=label, unit="ms", ours=ours, peer_name="terminado", peer=jupyter),
        Row(label=label, unit="ms", ours=ours, peer_name="terminado", peer=jupyter, percent=99),
    ]


FIGURE = Figure(name="keystroke", title="keystroke echo through the control plane", measure=measure)
