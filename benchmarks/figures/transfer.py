"""A file of 500 MB up and down."""

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

from benchmarks.bench import Bench
from benchmarks.client import checked_status
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.machine import rss
from benchmarks.product import Project

PIECE = 1024 * 1024


def measure(bench: Bench) -> list[Row]:
    """Upload and download through the API, and by ``docker cp``, in turn; watch both processes' memory."""
    size = (50 if bench.quick else 500) * 1_000_000
    up: list[float] = []
    down: list[float] = []
    peer_up: list[float] = []
    peer_down: list[float] = []
    grown: list[list[float]] = []
    folder = Path(tempfile.mkdtemp(prefix="aimforge-bench-"))
    try:
        with bench.product.project() as project:
            project.ready()
            container = project.container()
            pids = [container["State"]["Pid"], bench.product.pid]
            source = folder / "source"
            source.write_bytes(bytes(PIECE) * (size // PIECE))
            size = source.stat().st_size
            inside = f"{container['Id']}:/workspace/copied"
            for _ in range(bench.count(3, 2)):
                with watched(pids) as growth:
                    up.append(rate(size, lambda: upload(project, size)))
                    down.append(rate(size, lambda: download(project, size)))
                grown.append(growth.most())
                peer_up.append(rate(size, lambda: copy(str(source), inside)))
                peer_down.append(rate(size, lambda: copy(inside, str(folder / "back"))))
    finally:
        shutil.rmtree(folder)
    at_least = Bar(Compare.VALUE, 150, at_least=True)
    peer = "docker cp"
    label = f"{size / 1e6:.0f} MB "
    return [
        Row(label=label + "up", unit="MB/s", ours=up, peer_name=peer, peer=peer_up, bar=at_least),
        Row(label=label + "down", unit="MB/s", ours=down, peer_name=peer, peer=peer_down, bar=at_least),
        Row(label="agent's growth meanwhile", unit="MiB", ours=[each[0] for each in grown], bar=Bar(Compare.VALUE, 16)),
        Row(
            label="control plane's growth meanwhile",
            unit="MiB",
            ours=[each[1] for each in grown],
            bar=Bar(Compare.VALUE, 16),
        ),
    ]


def rate(size: int, action: Callable[[], None]) -> float:
    """Return how many MB a second an action moves."""
    start = perf_counter()
    action()
    return size / (perf_counter() - start) / 1e6


def upload(project: Project, size: int) -> None:
    """Upload a file of zeros."""
    with project.product.connect() as connection:
        headers = {"content-type": "application/octet-stream"}
        path = f"/api/project/{project.id}/files/content?path=moved"
        checked_status(connection.upload("PUT", path, pieces(size), size, headers))


def pieces(size: int) -> Iterator[bytes]:
    """Yield zeros."""
    piece = bytes(PIECE)
    for _ in range(size // PIECE):
        yield piece


def download(project: Project, size: int) -> None:
    """Download the file, and count its bytes."""
    with project.product.connect() as connection:
        connection.send("GET", f"/api/project/{project.id}/files/content?path=moved")
        status, headers = connection.head()
        got = sum(map(len, connection.body(headers)))
        if status != 200 or got != size:
            raise RuntimeError(f"The download answered {status} with {got} bytes.")


def copy(source: str, target: str) -> None:
    """``docker cp``."""
    subprocess.run(
        ["docker", "cp", "-q", source, target], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


class watched:  # noqa: N801 - reads as a statement
    """Watches by how much processes grow inside its block."""

    def __init__(self, pids: list[int]) -> None:
        self._pids = pids
        self._before = [rss(pid) for pid in pids]
        self._most = list(self._before)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            self._most = [max(known, rss(pid)) for known, pid in zip(self._most, self._pids, strict=True)]

    def most(self) -> list[float]:
        """Return the growth in MiB."""
        return [most - before for most, before in zip(self._most, self._before, strict=True)]


FIGURE = Figure(name="transfer", title="file transfer, 500 MB up and down", measure=measure)
