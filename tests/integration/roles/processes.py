"""The three roles as processes of this machine, on a data directory of the test's own."""

import json
import os
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[3]


@dataclass
class Role:
    """One running role, and the line that it printed when it was ready."""

    process: subprocess.Popen[str]
    line: str

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)


@dataclass
class Stack:
    """Where the roles work, and how to start one."""

    folder: Path
    environment: Mapping[str, str]

    @contextmanager
    def role(self, name: str) -> Generator[Role]:
        """Start a role and wait until it says that it is there; it ends with the block."""
        own = self.folder / name
        own.mkdir(exist_ok=True)
        with subprocess.Popen(
            [sys.executable, "-m", "control_plane", name],
            cwd=ROOT,
            env={**self.environment, "AIMFORGE_DATA_DIR": str(own)},
            stdout=subprocess.PIPE,
            stderr=(self.folder / f"{name}.log").open("a"),
            text=True,
        ) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, (self.folder / f"{name}.log").read_text()
            try:
                yield Role(process, line.strip())
            finally:
                process.kill()
                print(name, (self.folder / f"{name}.log").read_text()[-3000:])  # shown when the test fails


@contextmanager
def stack(deployment: str, image: str, **more: str) -> Generator[Stack]:
    """A folder for the roles, and the settings that they share."""
    with TemporaryDirectory(prefix="roles-") as name:
        folder = Path(name)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AIMFORGE_")}
        yield Stack(
            folder,
            kept
            | {
                "AIMFORGE_PORT": "0",
                "AIMFORGE_LOG_FORMAT": "json",
                "AIMFORGE_DEPLOYMENT": deployment,
                "AIMFORGE_IMAGE": image,
                "AIMFORGE_RUN_DIR": str(folder / "run"),
                "AIMFORGE_LAUNCHER_SOCKET": str(folder / "launcher.sock"),
                "AIMFORGE_EGRESS_SOCKET": str(folder / "egress.sock"),
                "AIMFORGE_AGENT_SECRET": secrets.token_urlsafe(32),
                "AIMFORGE_MEMORY": str(256 * 1024 * 1024),
                **more,
            },
        )


@dataclass
class Api:
    """The API, as a program calls it with the token of local mode."""

    origin: str
    token: str

    @classmethod
    def at(cls, line: str) -> "Api":
        """Read the line that ``aimforge serve`` prints."""
        origin, _, token = line.rpartition(" ")[2].partition("/login?token=")
        return cls(origin, token)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self.origin + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self.token}", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=150) as answer:
            return json.load(answer)

    def add_node(self, project_id: str, code: str, title: str = "Probe") -> str:
        """Add a node with this source, and return its id."""
        node = {"title": title, "code": code, "position": {"x": 0, "y": 0}}
        return self.call("POST", f"/api/project/{project_id}/nodes", node)["id"]

    def run_node(self, project_id: str, node_id: str) -> str:
        """Run a node, and return what it returned, as text."""
        body = {"project_id": project_id, "node_id": node_id, "use_cache": False}
        ran = self.call("POST", "/api/code/execute-node", body)
        assert ran["status"] == "succeeded", ran
        return ran["output"]["mime"]["text/plain"]
