"""Two projects of one deployment: neither sees, reaches, nor starves the other."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.security.conftest import Neighbours
from tests.security.deployment import Deployment, until

pytestmark = pytest.mark.engine

LISTEN = """
import os, pathlib, socket, time
def main():
    tcp = socket.create_server(("127.0.0.1", 0))
    abstract = socket.socket(socket.AF_UNIX); abstract.bind("\\0{name}"); abstract.listen()
    path = socket.socket(socket.AF_UNIX); path.bind("/tmp/{name}"); path.listen()
    shared = pathlib.Path("/dev/shm/{name}"); shared.touch()
    note = pathlib.Path("/workspace/{name}.port"); note.write_text(str(tcp.getsockname()[1]))
    while not os.path.exists("/workspace/{name}.done"):
        time.sleep(0.05)
    return "ended"
"""
REACH = """
import os, socket
def connects(family, address):
    try:
        with socket.socket(family) as client:
            client.settimeout(5)
            client.connect(address)
        return True
    except OSError:
        return False
def main():
    seen = [f"{{d}}/{name}" for d in ("/tmp", "/dev/shm") if os.path.exists(f"{{d}}/{name}")]
    return {{
        "reached": [connects(socket.AF_INET, ("127.0.0.1", {port})), connects(socket.AF_UNIX, "\\0{name}"),
                    connects(socket.AF_UNIX, "/tmp/{name}")],
        "files": seen + [n for n in os.listdir("/workspace") if n.startswith("{name}")],
        "user": os.getuid(),
    }}
"""
FORKS = """
import os, time
def main():
    while True:
        try:
            if os.fork() == 0:
                while True: pass
        except OSError:
            time.sleep(0.01)
"""
FLOOD = """
import os
def main():
    while True:
        os.write(1, b"flood " * 10000)
"""
BURN = """
import contextlib, threading
def main():
    def burn():
        while True: pass
    with contextlib.suppress(RuntimeError):  # the fork bomb may have left room for fewer threads
        for _ in range(8): threading.Thread(target=burn, daemon=True).start()
    burn()
"""


def test_a_neighbour_cannot_be_reached_nor_seen(server: Deployment, neighbours: Neighbours):
    name = uuid.uuid4().hex
    files = f"/api/project/{neighbours.other}/files/content?path={name}"
    with ThreadPoolExecutor(1) as pool:
        listening = pool.submit(server.probe, neighbours.other, LISTEN.format(name=name))
        try:
            until(lambda: listening.done() or server.ask("GET", files + ".port").status_code == 200, "the listener")
            port = int(server.call("GET", files + ".port"))
            code = REACH.format(name=name, port=port)
            there = server.probe(neighbours.other, code)
            here = server.probe(neighbours.mine, code)
        finally:
            server.ask("PUT", files + ".done", content=b"")
        assert listening.result() == "ended"
    assert there["reached"] == [True, True, True]
    assert len(there["files"]) == 3
    assert here["reached"] == [False, False, False]
    assert here["files"] == []
    assert here["user"] != there["user"]


@pytest.mark.timeout(400)
def test_a_noisy_neighbour_keeps_nobody_from_working(server: Deployment, neighbours: Neighbours):
    """A fork bomb, an output flood and a CPU burner in one sandbox at once: nodes of another one run all the same."""
    noisy = server.make("Noisy")
    nodes = [server.node(noisy, code) for code in (FLOOD, BURN, FORKS)]
    with ThreadPoolExecutor(len(nodes)) as pool:
        running = [pool.submit(server.run_node, noisy, node, 160) for node in nodes]
        runs = f"/api/project/{noisy}/runs"
        try:
            until(
                lambda: (
                    any(run["status"] == "running" for run in server.call("GET", runs))
                    or all(r.done() for r in running)
                ),
                "the noise",
            )
            before = server.resident()
            assert all(server.works(neighbours.mine) for _ in range(10))
            assert server.resident() - before < 128 * 1024 * 1024
            assert not all(run.done() for run in running), "the noise ended before the neighbour was done"
        finally:
            server.call("POST", f"/api/project/{noisy}/sandbox/stop")
        ends = [run.result() for run in running]
        assert {end["status"] for end in ends} & {"lost", "failed", "cancelled", "timed_out"}
        # Nothing of the noise ended by a mistake of its own.
        assert not [end["error"] for end in ends if end["error"] and end["error"]["frames"]]
    assert server.works(noisy)
