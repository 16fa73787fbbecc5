"""pip through the egress proxy, against pip with the machine's own network."""

import http.server
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.bench import Bench, in_turn
from benchmarks.figure import Bar, Compare, Figure, Row
from benchmarks.figures.new_package import wheel
from benchmarks.peers.engine import Engine
from benchmarks.product import Product

NAME: Final = "weighty"
SIZE: Final = 32 * 1024 * 1024
INSTALL: Final = b"""
import glob, json, os, shutil, subprocess, sys, time
pip = glob.glob("/usr/share/python-wheels/pip-*.whl")[0] + "/pip"
# The index is on loopback here, and loopback is not what the proxy is for: without this, pip would not ask it.
environment = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}
shutil.rmtree("/tmp/installed", ignore_errors=True)
command = ["python3", pip, "install", "-q", "--no-deps", "--no-cache-dir", "--no-index", "--find-links", sys.argv[1],
           "--target", "/tmp/installed", "weighty"]
start = time.perf_counter()
done = subprocess.run(command, env=environment, capture_output=True, text=True)
took = (time.perf_counter() - start) * 1000
shutil.rmtree("/tmp/installed", ignore_errors=True)
assert done.returncode == 0, done.stderr
print(json.dumps(took))
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the wheel, and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class calls it so
        """Say nothing."""


@contextmanager
def index() -> Iterator[str]:
    """Serve a folder with a wheel whose content does not compress; its address."""
    with TemporaryDirectory(prefix="aimforge-bench-index-") as folder:
        path = Path(folder, f"{NAME}-1.0-py3-none-any.whl")
        path.write_bytes(wheel(NAME, {f"{NAME}.bin": os.urandom(SIZE)}))
        handler = partial(Quiet, directory=folder)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://localhost:{server.server_port}/"
            server.shutdown()


def measure(bench: Bench) -> list[Row]:
    """Install one wheel of 32 MiB again and again, in a sandbox and in a container of its image on the machine's network."""
    engine = Engine()
    with index() as url:
        hosts = {"AIMFORGE_EGRESS_HOSTS": f"{url.removeprefix('http://').rstrip('/')}!"}
        with Product(hosts) as product, product.project() as project:
            project.ready()
            sandbox = project.container()
            with engine.on_the_machines_network(sandbox) as peer:

                def install(container: str) -> float:
                    return float(engine.exec_script(container, INSTALL, url))

                for container in (sandbox["Id"], peer):
                    install(container)
                found = in_turn(bench.count(10, 3), partial(install, sandbox["Id"]), partial(install, peer))
    ours, direct = found
    return [
        Row(
            label="pip install, 32 MiB",
            unit="ms",
            ours=ours,
            peer_name="without the proxy",
            peer=direct,
            bar=Bar(Compare.RATIO, 1.2),
        )
    ]


FIGURE = Figure(name="egress", title="pip install through the egress proxy", measure=measure)
