"""Requests of the API with authentication: how many a second, and how long each takes, against the same server's open page."""

from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from benchmarks.bench import Bench, timed
from benchmarks.client import Connection, checked_status
from benchmarks.figure import Figure, Row

CONNECTIONS = 8
PATHS = ("/api/me", "/api/project/{id}/sandbox", "/api/project/")
"""What pages ask for all the time; none goes to a sandbox, each needs the token and, where a project is named, the policy."""
OPEN = "/api/health"
"""Asks nobody who they are."""


def measure(bench: Bench) -> list[Row]:
    """Ask over several kept connections at once, then over one."""
    each = bench.count(1500, 60)
    with bench.product.project() as project:
        paths = [path.format(id=project.id) for path in PATHS]
        ask_all(bench, paths, 20)
        rate, crowded = ask_all(bench, paths, each)
        open_rate, _ = ask_all(bench, [OPEN], each)
        alone, beside = [], []
        with bench.product.connect() as connection:
            for turn in range(each):
                alone.append(timed(lambda turn=turn: ask(connection, paths[turn % len(paths)])))
                beside.append(timed(lambda: ask(connection, OPEN)))
    together = f"request, {CONNECTIONS} connections at once"
    note = "the client shares the machine's cores with the server, and asks in Python as well"
    return [
        Row(
            label="requests a second, authenticated",
            unit="/s",
            ours=[rate],
            peer_name="without asking who",
            peer=[open_rate],
            note=note,
        ),
        Row(label=together, unit="ms", ours=crowded),
        Row(label=together, unit="ms", ours=crowded, percent=99),
        Row(label="request, one at a time", unit="ms", ours=alone, peer_name="without asking who", peer=beside),
        Row(label="request, one at a time", unit="ms", ours=alone, peer_name="the same", peer=beside, percent=99),
    ]


def ask(connection: Connection, path: str) -> None:
    checked_status(connection.request("GET", path))


def ask_all(bench: Bench, paths: list[str], each: int) -> tuple[float, list[float]]:
    """Ask ``each`` times on each connection; the requests a second of all, and the milliseconds of each."""

    def work(_: int) -> list[float]:
        with bench.product.connect() as connection:
            return [timed(lambda turn=turn: ask(connection, paths[turn % len(paths)])) for turn in range(each)]

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        start = perf_counter()
        found = [sample for samples in pool.map(work, range(CONNECTIONS)) for sample in samples]
        return len(found) / (perf_counter() - start), found


FIGURE = Figure(name="api-rate", title="requests of the API with authentication", measure=measure)
