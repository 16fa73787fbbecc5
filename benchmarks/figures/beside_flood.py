"""The echo of a key while another terminal of the project floods."""

from benchmarks.bench import Bench
from benchmarks.echo import keys
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.flood import flooding


def measure(bench: Bench) -> list[Row]:
    """Type into a quiet terminal, alone and beside a flood that is read, in turn."""
    count, rounds = bench.count(200, 50), bench.count(5, 2)
    quiet: list[float] = []
    beside: list[float] = []
    with bench.product.project() as project:
        project.ready()
        terminal = project.terminal()
        terminal.echo_only()
        for _ in range(rounds):
            quiet += keys(terminal, count)
            with flooding(project):
                beside += keys(terminal, count)
        terminal.socket.close()
    label, peer = "echo beside a flood", "the same, quiet"
    return [
        Row(label=label, unit="ms", ours=beside, peer_name=peer, peer=quiet, percent=99, bar=Bar(Compare.RATIO, 3)),
        Row(label=label, unit="ms", ours=beside, peer_name=peer, peer=quiet),
    ]


FIGURE = Figure(name="beside-flood", title="echo while another terminal floods", measure=measure)
