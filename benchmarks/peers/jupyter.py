"""Jupyter: a warm cell by its client library or through its server, the server itself, and terminado's terminals."""

import json
import os
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Final

from benchmarks.client import Connection
from benchmarks.machine import rss
from benchmarks.peers.private import python_with, run_script
from benchmarks.websocket import WebSocket

REQUIREMENTS: Final = ("jupyter_server==2.21.1", "ipykernel==7.4.0", "terminado==0.18.1")
DEADLINE_SEC: Final = 60.0


def python() -> Path:
    """Return the interpreter that has Jupyter."""
    return python_with("jupyter", *REQUIREMENTS)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def warm_cell(count: int) -> list[float]:
    """Return how many milliseconds a cell takes in a warm kernel, by the client library: no server, no relay."""
    return run_script(python(), "warm_cell.py", count)["ms"]


def packages() -> Path:
    """Return the folder with Jupyter's packages, for an interpreter of the same version elsewhere."""
    return next(python().parents[1].glob("lib/python*/site-packages"))


class JupyterServer:
    """A single user's server: on this machine as it is, or in a container that shares its network. A context manager.

    A ``container`` needs Python of this version, and ``packages()`` at the same path. The server in it ends with it.
    """

    def __init__(self, container: str = "") -> None:
        self.token = uuid.uuid4().hex
        self._container = container
        self._folder = tempfile.TemporaryDirectory(prefix="jupyter-bench-")
        self.started_in_ms = 0.0

    @property
    def headers(self) -> dict[str, str]:
        """Headers that every request needs."""
        return {"authorization": f"token {self.token}"}

    def __enter__(self) -> "JupyterServer":
        self.address = ("127.0.0.1", _free_port())
        start = perf_counter()
        folder = "/tmp" if self._container else self._folder.name
        private = {f"JUPYTER_{name}_DIR": folder for name in ("CONFIG", "DATA", "RUNTIME")}
        if self._container:
            private |= {"HOME": folder, "PYTHONPATH": str(packages())}
            variables = [f"--env={name}={value}" for name, value in private.items()]
            prefix = ["docker", "exec", f"--workdir={folder}", *variables, self._container, "python3"]
        else:
            prefix = [str(python())]
        self.process = subprocess.Popen(
            [
                *prefix, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--ServerApp.port={self.address[1]}",
                "--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={folder}",
                "--ServerApp.terminado_settings={'shell_command': ['bash', '--norc', '-i']}", "--log-level=CRITICAL",
                # Found by what lies beside the interpreter, which is another one in a container.
                "--ServerApp.jpserver_extensions={'jupyter_server_terminals': True}",
            ],
            env={**os.environ, **private}, cwd=self._folder.name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + DEADLINE_SEC
        while True:
            try:
                with Connection(self.address, self.headers) as connection:
                    if connection.request("GET", "/api").status == 200:
                        break
            except ConnectionError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("The Jupyter server did not start.") from None
                time.sleep(0.01)
        self.started_in_ms = (perf_counter() - start) * 1000
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()
        self._folder.cleanup()

    def rss(self) -> float:
        """Return the server's resident memory in MiB."""
        return rss(self.process.pid)

    def terminal(self) -> "JupyterTerminal":
        """Open a terminal."""
        with Connection(self.address, self.headers) as connection:
            name = connection.request("POST", "/api/terminals", {}).json()["name"]
        return JupyterTerminal(WebSocket(self.address, f"/terminals/websocket/{name}", self.headers, quick_ack=True))

    def cells(self, count: int, *, quick_ack: bool = False) -> list[float]:
        """Return how many milliseconds a cell takes in a warm kernel, through the server."""
        with Connection(self.address, self.headers) as connection:
            kernel = connection.request("POST", "/api/kernels", {"name": "python3"}).json()["id"]
        path = f"/api/kernels/{kernel}/channels"
        with WebSocket(self.address, path, self.headers, quick_ack=quick_ack) as socket:
            self._cell(socket, "def fibo(n):\n    return n if n < 2 else fibo(n - 1) + fibo(n - 2)\n0")
            for _ in range(5):
                self._cell(socket, "fibo(10)")
            return [self._cell(socket, "fibo(10)") for _ in range(count)]

    @staticmethod
    def _cell(socket: WebSocket, code: str) -> float:
        sent = uuid.uuid4().hex
        header = {"msg_id": sent, "msg_type": "execute_request", "session": "bench", "username": "", "version": "5.3"}
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        request = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        start = perf_counter()
        socket.send_text(json.dumps({**request, "buffers": []}))
        took, seen = 0.0, set[str]()
        while not {"execute_result", "execute_reply", "idle"} <= seen:
            message = json.loads(socket.receive()[1])
            if message["parent_header"].get("msg_id") != sent:
                continue
            kind = message["msg_type"]
            if kind == "execute_result":
                took = (perf_counter() - start) * 1000
            seen.add(message["content"]["execution_state"] if kind == "status" else kind)
        return took


class JupyterTerminal:
    """A terminal of terminado."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket

    def __enter__(self) -> "JupyterTerminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def type(self, data: bytes) -> None:
        """Type text."""
        self.socket.send_text(json.dumps(["stdin", data.decode()]))

    def output(self) -> bytes:
        """Return the next output."""
        while True:
            kind, *rest = json.loads(self.socket.receive()[1])
            if kind == "stdout":
                return rest[0].encode()

    def read_until(self, marker: bytes) -> int:
        """Read until ``marker`` came; how many bytes that were."""
        return read_until(self.output, marker)


def read_until(output: Callable[[], bytes], marker: bytes) -> int:
    """Read output until ``marker`` came; how many bytes that were."""
    tail, total = b"", 0
    while True:
        data = output()
        total += len(data)
        tail = tail[-len(marker) :] + data
        if marker in tail:
            return total
        tail = tail[-len(marker) :]
