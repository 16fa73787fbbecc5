"""A real agent process that was handed its listening socket, as in a sandbox."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.integration.agent_app.wheels import make_wheel

ROOT = Path(__file__).parents[3]
TOKEN = "token-of-this-sandbox"
DEADLINE_SEC = 60.0


class AgentProcess:
    """``folder`` is short, since paths of sockets have a hundred bytes at most."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = folder / "workspace"
        self.listening = folder / "agent.sock"
        self.bootstrap = folder / "bootstrap.sock"
        self.workspace.mkdir()
        make_wheel(folder / "wheels", "alpha")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start the agent, and hand over the socket when it asks."""
        settings = {
            "workspace": str(self.workspace),
            "wheelhouse": str(self.folder / "wheels"),
            "offline": True,
            "egress_socket": "",
        }
        with listener(self.bootstrap) as bootstrap:
            self.process = start(self.bootstrap, **environment)
            bootstrap.settimeout(DEADLINE_SEC)
            connection, _ = bootstrap.accept()
            with connection, listener(self.listening) as handed:
                message = json.dumps({"token": TOKEN, "settings": settings, "a_later_field": 1}).encode()
                socket.send_fds(connection, [message], [handed.fileno()])
        return self.process

    def client(self, token: str = TOKEN, **headers: str) -> aiohttp.ClientSession:
        """A client that comes with a token."""
        return aiohttp.ClientSession(
            "http://agent",
            connector=aiohttp.UnixConnector(str(self.listening)),
            headers={"Authorization": f"Bearer {token}", **headers},
            timeout=aiohttp.ClientTimeout(total=DEADLINE_SEC),
        )

    def stop(self) -> int:
        """Tell the agent to stop, and return its exit status."""
        assert self.process is not None
        self.process.terminate()
        try:
            return self.process.wait(DEADLINE_SEC)
        finally:
            self.process.kill()
            self.process.wait()


def start(bootstrap: Path, **environment: str) -> subprocess.Popen[bytes]:
    """Start an agent process that asks at ``bootstrap`` where to serve."""
    kept: Mapping[str, Any] = {name: value for name, value in os.environ.items() if not name.startswith("AIMFORGE_")}
    command = [sys.executable, "-m", "sandbox_image.agent", "--bootstrap", str(bootstrap)]
    return subprocess.Popen(command, cwd=ROOT, env={**kept, **environment}, stderr=subprocess.PIPE)


@contextmanager
def listener(path: Path) -> Iterator[socket.socket]:
    """A listening socket at ``path``, which is free again."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path))
        listening.listen(64)
        yield listening


@contextmanager
def agent_process() -> Iterator[AgentProcess]:
    """An agent in a folder of its own, which is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="aim-"))
    agent = AgentProcess(folder)
    try:
        yield agent
    finally:
        if agent.process is not None and agent.process.poll() is None:
            agent.stop()
        shutil.rmtree(folder, ignore_errors=True)
