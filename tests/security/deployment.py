"""A whole deployment for tests: a server process with a data directory and containers of its own, and a client."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL, PROJECT_LABEL
from tests.conftest import remove_all

ROOT = Path(__file__).parents[2]
WITHIN_SEC = 120.0
Found = TypeVar("Found")


def until(look: Callable[[], Found], what: str) -> Found:
    """Look again and again until something true is seen; only a hang fails."""
    deadline = time.monotonic() + WITHIN_SEC
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited for {what}, and last saw {found!r}"
        time.sleep(0.05)
    return found


def docker(*arguments: str, data: bytes | None = None) -> str:
    """Run the engine's own client and return what it prints."""
    done = subprocess.run(("docker", *arguments), input=data, capture_output=True, check=False, timeout=170)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="replace")


class Deployment:
    """A server of the tests' own. ``settings`` are variables without their prefix."""

    def __init__(self, folder: Path, image: str, settings: dict[str, str]) -> None:
        self.hosts: Path | None = None
        """The server's own ``/etc/hosts``, in a mount namespace of its own."""
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "log"
        self.label = f"test-{uuid.uuid4().hex[:12]}"
        self.token = secrets.token_urlsafe(24)
        self.url = ""
        self.http = httpx.Client(headers={"authorization": f"Bearer {self.token}"}, timeout=170, trust_env=False)
        self._settings = settings | {"IMAGE": image}
        self._process: subprocess.Popen[str] | None = None
        self.data.mkdir(mode=0o700)
        (self.data / "welcomed").touch()  # no example project: most tests would only wait for it

    # ── The server ────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        settings = self._settings | {
            "DATA_DIR": str(self.data),
            "PORT": "0",
            "TOKEN": self.token,
            "DEPLOYMENT": self.label,
            "LOG_FORMAT": "json",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIMFORGE_")}
        with self.log.open("a") as log:
            serve = (sys.executable, "-m", "control_plane", "serve")
            bound = f'mount --bind "{self.hosts}" /etc/hosts && exec "$@"'
            self._process = subprocess.Popen(
                serve if self.hosts is None else ("unshare", "--mount", "sh", "-c", bound, "sh", *serve),
                cwd=ROOT,
                env=kept | {f"AIMFORGE_{name}": value for name, value in settings.items()},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert "/login?token=" in line, self.log.read_text()[-4000:]
        self.url = line.rpartition(" ")[2].partition("/login")[0]

    def kill(self) -> None:
        """End the server as a power cut would."""
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def close(self) -> None:
        """End the server, and remove all that it made."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self.http.close()

        async def remove() -> None:
            engine = Engine(self._settings.get("DOCKER_HOST"))
            try:
                await remove_all(engine, self.label)
            finally:
                await engine.close()

        asyncio.run(remove())

    def resident(self) -> int:
        """Bytes of memory that the server holds now."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    # ── Its API ───────────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.http.request(method, self.url + path, **more)

    def call(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        answer = self.ask(method, path, **more)
        assert answer.status_code == status, answer.text[:2000]
        kind = answer.headers.get("content-type", "")
        return answer.json() if kind.startswith("application/json") else answer.content

    def refused(self, method: str, path: str, status: int, **more: Any) -> str:
        """Ask for what is refused; return code and sentence."""
        body = self.call(method, path, status, **more)
        assert set(body) == {"error", "message", "detail"}
        return f"{body['error']}: {body['message']}"

    def make(self, name: str) -> str:
        """Make an empty project and wait until its sandbox can run nodes."""
        project_id = self.call("POST", "/api/project/make", 201, json={"name": name})["id"]
        self.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")
        status = f"/api/project/{project_id}/venv-status"
        until(lambda: self.call("GET", status)["status"] == "completed", "the environment")
        return project_id

    def node(self, project_id: str, code: str | bytes) -> str:
        """Add a node with this source."""
        wanted = {"title": f"Node {uuid.uuid4().hex[:8]}", "position": {"x": 0, "y": 0}}
        node_id = self.call("POST", f"/api/project/{project_id}/nodes", 201, json=wanted)["id"]
        path = f"/api/project/{project_id}/nodes/{node_id}/code"
        self.call("PUT", path, content=code, headers={"content-type": "text/x-python"})
        return node_id

    def run(self, project_id: str, code: str, timeout_sec: float = 60) -> dict[str, Any]:
        """Run a source as a node of its own, and return the run as the API tells it."""
        return self.run_node(project_id, self.node(project_id, code), timeout_sec)

    def run_node(self, project_id: str, node_id: str, timeout_sec: float = 60) -> dict[str, Any]:
        wanted = {"project_id": project_id, "node_id": node_id, "timeout_sec": timeout_sec, "use_cache": False}
        return self.call("POST", "/api/code/execute-node", json=wanted)

    def probe(self, project_id: str, code: str, timeout_sec: float = 60) -> Any:
        """Run a source that must succeed, and return its value."""
        result = self.run(project_id, code, timeout_sec)
        assert result["status"] == "succeeded", result
        return result["output"]["mime"]["application/json"]

    def works(self, project_id: str) -> bool:
        """Tell whether a plain node runs; what the last one's remains still hinder is a typed failure.

        The first request to a sandbox that ended unseen is such a failure too: it is what makes the end known.
        """
        if self.ask("GET", f"/api/project/{project_id}").status_code == 502:
            return False
        result = self.run(project_id, "def main():\n    return {'works': 6 * 7}\n")
        if result["status"] != "succeeded":
            assert result["error"]["type"], result
            return False
        return result["output"]["mime"]["application/json"] == {"works": 42}

    # ── Its containers ────────────────────────────────────────────────────────────────────────────────────────

    def containers(self, project_id: str = "") -> list[str]:
        """Ids of the deployment's containers, or of one project's."""
        label = f"{PROJECT_LABEL}={project_id}" if project_id else f"{DEPLOYMENT_LABEL}={self.label}"
        return docker("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={label}").split()

    def inspect(self, container_id: str) -> dict[str, Any]:
        return json.loads(docker("inspect", container_id))[0]


@contextmanager
def deployed(folder: Path, image: str, *, hosts: Path | None = None, **settings: str) -> Generator[Deployment]:
    """Start a deployment; it is gone afterwards."""
    deployment = Deployment(folder, image, settings)
    deployment.hosts = hosts
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.close()
