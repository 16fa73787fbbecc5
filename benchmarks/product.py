"""The product under measurement: one server process, its projects, and their clean-up."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from benchmarks.client import Answer, Connection, checked_status
from benchmarks.machine import rss
from benchmarks.peers.engine import Engine
from benchmarks.terminal import Terminal
from benchmarks.websocket import WebSocket

ROOT: Final = Path(__file__).parents[1]
HERE: Final = {"x": 0, "y": 0}
DEADLINE_SEC: Final = 180.0
IMAGE: Final = "AIMFORGE_IMAGE"
"""The one setting that is taken over from the environment: which image to measure."""


def until(what: str, condition: Any, *, every: float = 0.02, within: float = DEADLINE_SEC) -> Any:
    """Ask until there is a true answer, and return it. Raises ``TimeoutError``."""
    end = time.monotonic() + within
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {within:g} s.")
        time.sleep(every)
    return found


class Product:
    """A server of its own data directory and deployment. A context manager; leaving it removes all that it made."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="aimforge-bench-"))
        self.token = uuid.uuid4().hex
        self.deployment = f"bench-{uuid.uuid4().hex[:8]}"
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ("127.0.0.1", 0)

    @property
    def pid(self) -> int:
        """Process id of the server."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server's process goes on."""
        return self._process is not None and self._process.poll() is None

    @property
    def headers(self) -> dict[str, str]:
        """Headers that every request needs."""
        return {"host": f"127.0.0.1:{self.address[1]}", "authorization": f"Bearer {self.token}"}

    def __enter__(self) -> Self:
        try:
            self.start()
            for project in self.call("GET", "/api/project/"):
                self.call("DELETE", f"/api/project/{project['id']}?now=true")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        Engine().remove_deployment(self.deployment)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start the server and wait until it printed its address: it listens from then on."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIMFORGE_") or name == IMAGE}
        ours = {
            "AIMFORGE_DATA_DIR": str(self.folder),
            "AIMFORGE_PORT": "0",
            "AIMFORGE_TOKEN": self.token,
            "AIMFORGE_DEPLOYMENT": self.deployment,
            "AIMFORGE_LOG_LEVEL": "error",
        }
        command = [sys.executable, "-m", "control_plane", "serve"]
        self._process = subprocess.Popen(command, cwd=ROOT, env=kept | ours | self._environment, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        if "/login?token=" not in line:
            raise RuntimeError("The server did not start; its reason is above.")
        self.address = ("127.0.0.1", int(line.rpartition("://")[2].partition("/")[0].rpartition(":")[2]))

    def stop(self) -> None:
        """Stop the server; sandboxes stay."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def connect(self) -> Connection:
        """Open a connection for requests."""
        return Connection(self.address, self.headers)

    def call(self, method: str, path: str, body: Any = b"", headers: Mapping[str, str] | None = None) -> Any:
        """Make one request on a connection of its own; its JSON. Raises ``Refused`` for a status of 400 or more."""
        if not self.running:
            ended = self._process.returncode if self._process is not None else None
            raise RuntimeError(f"The server ended, with code {ended}.")
        with self.connect() as connection:
            return checked(connection.request(method, path, body, headers))

    @contextmanager
    def project(self, name: str = "bench") -> "Iterator[Project]":
        """Make an empty project; it is deleted at the end of the block."""
        project = self.make(name)
        try:
            yield project
        finally:
            project.delete()

    def make(self, name: str = "bench") -> "Project":
        """Make an empty project."""
        return Project(self, self.call("POST", "/api/project/make", {"name": name})["id"])


def checked(answer: Answer) -> Any:
    """Return the JSON of a good answer. Raises ``Refused``."""
    return checked_status(answer).json() if answer.body else None


@dataclass(frozen=True, slots=True)
class Project:
    """A project of a product."""

    product: Product
    id: str

    def call(self, method: str, path: str, body: Any = b"", headers: Mapping[str, str] | None = None) -> Any:
        """Make a request below the project's path."""
        return self.product.call(method, f"/api/project/{self.id}{path}", body, headers)

    def delete(self) -> None:
        """Delete the project at once."""
        self.product.call("DELETE", f"/api/project/{self.id}?now=true")

    def node(self, title: str, code: str) -> str:
        """Add a node; its id."""
        return self.call("POST", "/nodes", {"title": title, "code": code, "position": HERE})["id"]

    def edge(self, source: str, target: str) -> None:
        """Connect two nodes."""
        self.call("POST", "/edges", {"source": source, "target": target})

    def run_node(self, node: str, *, use_cache: bool = False, connection: Connection | None = None) -> dict[str, Any]:
        """Run a node and return its result. Raises ``RuntimeError`` unless it succeeded."""
        body = {"project_id": self.id, "node_id": node, "use_cache": use_cache, "timeout_sec": 120}
        if connection is None:
            result = self.product.call("POST", "/api/code/execute-node", body)
        else:
            result = checked(connection.request("POST", "/api/code/execute-node", body))
        if result["status"] != "succeeded":
            raise RuntimeError(f"A node did not succeed: {result}")
        return result

    def run_flow(self, connection: Connection, *, use_cache: bool = False) -> list[bytes]:
        """Run the flow and read its events as they come; the lines."""
        body = {"project_id": self.id, "use_cache": use_cache, "timeout_sec": 120}
        answer = connection.request("POST", "/api/project/execute-flow", body, {"accept": "application/x-ndjson"})
        lines = answer.body.splitlines()
        if answer.status != 200 or b'"succeeded"' not in lines[-1]:
            raise RuntimeError(f"A flow did not succeed: {answer.body[-1000:]!r}")
        return lines

    def ready(self) -> None:
        """Start the sandbox, and wait until its environment is complete."""
        self.call("POST", "/sandbox/start?wait=true")
        until("the environment", lambda: self.call("GET", "/venv-status")["status"] == "completed")

    def install(self, *requirements: str) -> None:
        """Install packages and wait until they are there."""
        self.ready()
        self.call("POST", "/packages", {"requirements": list(requirements)})
        until("the installation", self._installed)

    def _installed(self) -> bool:
        status = self.call("GET", "/venv-status")
        if status["status"] == "failed":
            raise RuntimeError(f"Packages cannot be installed: {status['message']}")
        names = {package["name"] for package in self.call("GET", "/packages")}
        return status["status"] == "completed" and len(names) > 0

    def container(self) -> dict[str, Any]:
        """Return what the engine says of the sandbox's container."""
        return Engine().container_of(self.product.deployment, self.id)

    def agent_rss(self) -> float:
        """Return the agent's resident memory in MiB."""
        return rss(self.container()["State"]["Pid"])

    def terminal(self) -> Terminal:
        """Open a new terminal and attach to it."""
        opened = self.call("POST", "/terminals", {"name": ""})
        terminal = Terminal(self.attach(opened["id"]))
        terminal.command("true")
        return terminal

    def attach(self, terminal_id: str) -> WebSocket:
        """Attach to a terminal."""
        return self.socket(f"/api/terminal/{self.id}/{terminal_id}")

    def socket(self, path: str) -> WebSocket:
        """Open a WebSocket of the server."""
        return WebSocket(self.product.address, path, self.product.headers)
