"""The container engine itself: the floor for whatever runs in containers."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from benchmarks.client import Connection, Refused

LABEL: Final = "org.aimforge.deployment"
PROJECT: Final = "org.aimforge.project"


class Engine:
    """The engine's API on its Unix socket, and its command line."""

    @cached_property
    def path(self) -> str:
        """Path of the engine's socket."""
        return os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")

    def call(self, method: str, path: str, body: Any = b"") -> Any:
        """Make a request. Raises ``Refused``."""
        with Connection(self.path) as connection:
            answer = connection.request(method, path, body)
        if answer.status >= 400:
            raise Refused(f"The engine answered {answer.status}: {answer.body[:500].decode(errors='replace')}")
        return answer.json() if answer.body.strip() else None

    def version(self) -> dict[str, Any]:
        """Return the engine's versions."""
        return self.call("GET", "/version")

    def container_of(self, deployment: str, project_id: str) -> dict[str, Any]:
        """Return the container of a project. Raises ``LookupError`` when there is none."""
        for each in self._listed(f"{LABEL}={deployment}", f"{PROJECT}={project_id}"):
            return self.call("GET", f"/containers/{each['Id']}/json")
        raise LookupError(f"Project {project_id} has no container.")

    def remove_deployment(self, deployment: str) -> None:
        """Remove the containers and volumes of a deployment."""
        for each in self._listed(f"{LABEL}={deployment}"):
            self.call("DELETE", f"/containers/{each['Id']}?force=1")
        # By name: the engine makes a volume without labels when one is deleted while its container is created.
        filters = quote(json.dumps({"name": [f"aimforge-{deployment}-"]}))
        for volume in self.call("GET", f"/volumes?filters={filters}")["Volumes"] or []:
            self.call("DELETE", f"/volumes/{volume['Name']}")

    def used(self, deployment: str, project_id: str) -> float:
        """Return the memory that a project's sandbox takes now, in MiB, without what the kernel only caches."""
        container = self.container_of(deployment, project_id)["Id"]
        memory = self.call("GET", f"/containers/{container}/stats?stream=false&one-shot=true")["memory_stats"]
        stats = memory["stats"]
        return (memory["usage"] - stats.get("total_inactive_file", stats.get("inactive_file", 0))) / 2**20

    def listed(self, deployment: str) -> list[dict[str, Any]]:
        """Return the containers of a deployment, those that ended too."""
        return self._listed(f"{LABEL}={deployment}")

    def _listed(self, *labels: str) -> list[dict[str, Any]]:
        return self.call("GET", f"/containers/json?all=1&filters={quote(json.dumps({'label': list(labels)}))}")

    # ── peers ─────────────────────────────────────────────────────────────────────────────────────────────────

    def run_python(self, image: str) -> None:
        """``docker run --rm --network none IMAGE python3 -c pass``."""
        self._docker("run", "--rm", "--network", "none", "--entrypoint", "python3", image, "-c", "pass")

    @contextmanager
    def on_the_machines_network(self, sandbox: dict[str, Any], *folders: Path) -> Iterator[str]:
        """Run a container with a sandbox's image, user, limits and lack of powers, and the machine's network, that waits; its id.

        ``folders`` of the host are there to be read.
        """
        host = sandbox["HostConfig"]
        limits = (f"--memory={host['Memory']}", f"--cpus={host['NanoCpus'] / 1e9:g}", "--tmpfs=/tmp:size=256m,exec")
        powers = (
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            "--read-only",
            f"--user={sandbox['Config']['User']}",
        )
        shown = [f"--volume={folder}:{folder}:ro" for folder in folders]
        what = ("--entrypoint", "sleep", sandbox["Image"], "3600")
        command = ("run", "-d", "--rm", "--network", "host", *limits, *powers, *shown, *what)
        container = subprocess.run(("docker", *command), check=True, capture_output=True, text=True).stdout.strip()
        try:
            yield container
        finally:
            self.call("DELETE", f"/containers/{container}?force=1")

    def exec_python(self, container: str) -> None:
        """``docker exec C python3 -c pass``."""
        self._docker("exec", container, "python3", "-c", "pass")

    def exec_script(self, container: str, script: bytes, *arguments: str) -> Any:
        """Run a Python script inside a container; the JSON that it prints."""
        command = ["docker", "exec", "-i", container, "python3", "-", *arguments]
        found = subprocess.run(command, input=script, capture_output=True, check=False)
        if found.returncode:
            raise RuntimeError(f"A script failed in the container: {found.stderr.decode(errors='replace')[-2000:]}")
        return json.loads(found.stdout)

    def pause(self, container: str) -> None:
        """Freeze a container."""
        self.call("POST", f"/containers/{container}/pause")

    def unpause(self, container: str) -> None:
        """Thaw a container."""
        self.call("POST", f"/containers/{container}/unpause")

    def _docker(self, *arguments: str) -> None:
        subprocess.run(["docker", *arguments], check=True, stdout=subprocess.DEVNULL)


class ExecTty:
    """A shell on an exec's TTY, over the engine's hijacked connection."""

    def __init__(self, container: str, command: Sequence[str] = ("bash", "--norc", "-i")) -> None:
        engine = Engine()
        wanted = {"AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "Tty": True, "Cmd": list(command)}
        exec_id = engine.call("POST", f"/containers/{container}/exec", wanted)["Id"]
        self._connection = Connection(engine.path)
        upgrade = {"connection": "Upgrade", "upgrade": "tcp"}
        self._connection.send("POST", f"/exec/{exec_id}/start", {"Detach": False, "Tty": True}, upgrade)
        self._connection.head()

    def __enter__(self) -> "ExecTty":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.socket.close()

    def type(self, data: bytes) -> None:
        """Type bytes."""
        self._connection.socket.sendall(data)

    def output(self) -> bytes:
        """Return the next output."""
        rest, self._connection.rest = self._connection.rest, b""
        data = rest or self._connection.socket.recv(256 * 1024)
        if not data:
            raise ConnectionError("The exec ended.")
        return data

    def outputs(self) -> Iterator[bytes]:
        """Yield output for ever."""
        while True:
            yield self.output()
