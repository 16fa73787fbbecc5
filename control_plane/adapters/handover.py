"""The sockets between the control plane and its sandboxes, and how an agent gets the one it serves on.

::

    <data>/secret                       the tokens of all sandboxes are derived from it
    <data>/run/<project>/               nobody but the control plane may enter
        <generation>.sock               the agent listens here; bound by us, handed over as a descriptor
        sandbox/                        mounted read-only at /run/aimforge
            bootstrap.sock              gives the descriptor to the first who asks: process 1, before any user's code runs
            egress.sock                 bound by the egress proxy
            passwd, group               give the sandbox's uid a name

The sandbox sees no file that it could replace, and the host never follows a path that a sandbox can write.
"""

import asyncio
import hashlib
import hmac
import json
import os
import secrets
import shutil
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from control_plane.ports import AgentAddress

BACKLOG: Final = 1024
SECRET_BYTES: Final = 32
LONGEST_PATH: Final = 107
"""Bytes of a Unix socket's path."""
_LONGEST_NAME: Final = len("/0123456789abcdef/sandbox/bootstrap.sock")


@dataclass(frozen=True, slots=True)
class Offer:
    """A listening socket that waits to be taken by the agent of one start."""

    run_dir: Path
    """The folder to mount at ``/run/aimforge``."""
    listener: socket.socket
    bootstrap: socket.socket
    message: bytes

    async def taken(self) -> None:
        """Wait for the agent and hand the listening socket over, once. Nobody can ask for it afterwards."""
        loop = asyncio.get_running_loop()
        connection, _ = await loop.sock_accept(self.bootstrap)
        with connection:
            self.bootstrap.close()
            # A fresh socket's buffer holds the whole message, so this never blocks.
            sent = socket.send_fds(connection, [self.message], [self.listener.fileno()])
            if sent != len(self.message):
                raise ValueError(f"the agent's settings are too large to hand over: {len(self.message)} bytes")


class Sockets:
    """Where each sandbox's sockets are, and the token its agent asks for. One per data directory."""

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._run = data_dir.absolute() / "run"
        self._run.mkdir(mode=0o700, exist_ok=True)
        self._run.chmod(0o700)
        self._secret = _load_secret(data_dir / "secret")
        # A deep data directory would not fit into a socket's address: then it is reached through a descriptor.
        self._dir_fd = -1
        self._dial = str(self._run)
        if len(os.fsencode(self._dial)) + _LONGEST_NAME > LONGEST_PATH:
            self._dir_fd = os.open(self._run, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            self._dial = f"/proc/self/fd/{self._dir_fd}"

    def close(self) -> None:
        """Give the descriptor back. The sockets stay: running agents go on listening."""
        if self._dir_fd >= 0:
            os.close(self._dir_fd)
            self._dir_fd = -1

    def agent_path(self, address: AgentAddress) -> str:
        """Return the path to dial for the agent of one generation. Valid in this process only."""
        return f"{self._dial}/{_folder(address.project_id)}/{address.generation}.sock"

    def egress_path(self, project_id: str) -> str:
        """Return the path that the egress proxy binds for a sandbox. Valid in this process only."""
        self._prepare(project_id)
        return f"{self._dial}/{_folder(project_id)}/sandbox/egress.sock"

    def token(self, address: AgentAddress) -> str:
        """Return the token of one generation of a sandbox."""
        text = json.dumps(["agent", address.project_id, address.generation])
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()

    @asynccontextmanager
    async def offer(self, address: AgentAddress, uid: int, settings: Mapping[str, Any]) -> AsyncGenerator[Offer]:
        """Bind an agent's socket and wait at the bootstrap socket; both are gone afterwards unless the agent took them."""
        self._prepare(address.project_id)
        folder = self._run / _folder(address.project_id)
        self._forget_all(address.project_id)
        run_dir = folder / "sandbox"
        _replace(
            run_dir / "passwd",
            f"root:x:0:0::/nonexistent:/usr/sbin/nologin\nuser:x:{uid}:{uid}::/workspace:/bin/bash\n",
        )
        _replace(run_dir / "group", f"root:x:0:\nuser:x:{uid}:\n")
        message = json.dumps({"token": self.token(address), "settings": dict(settings)}).encode()
        bootstrap_path = f"{self._dial}/{folder.name}/sandbox/bootstrap.sock"
        bootstrap = _listen(bootstrap_path, 0o666)
        kept = False
        try:
            listener = _listen(self.agent_path(address), 0o600)
            try:
                yield Offer(run_dir=run_dir, listener=listener, bootstrap=bootstrap, message=message)
                kept = True
            finally:
                listener.close()
        finally:
            bootstrap.close()
            _unlink(bootstrap_path)
            if not kept:
                self.forget(address)

    def forget(self, address: AgentAddress) -> None:
        """Remove the path of an agent that is gone, so that nobody dials it."""
        _unlink(self.agent_path(address))

    def delete(self, project_id: str) -> None:
        """Remove all that was kept for a project."""
        shutil.rmtree(self._run / _folder(project_id), ignore_errors=True)

    def _forget_all(self, project_id: str) -> None:
        for path in (self._run / _folder(project_id)).glob("*.sock"):
            path.unlink(missing_ok=True)

    def _prepare(self, project_id: str) -> None:
        folder = self._run / _folder(project_id)
        folder.mkdir(mode=0o700, exist_ok=True)
        inner = folder / "sandbox"
        inner.mkdir(exist_ok=True)
        inner.chmod(0o755)


def _folder(project_id: str) -> str:
    """A short name: a socket's address holds few characters."""
    return hashlib.sha256(project_id.encode(errors="surrogatepass")).hexdigest()[:16]


def _listen(path: str, mode: int) -> socket.socket:
    _unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.setblocking(False)
        listener.bind(path)
        # Its folder is closed to all others on this machine, so the mode matters to the sandbox alone.
        Path(path).chmod(mode)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _unlink(path: str) -> None:
    Path(path).unlink(missing_ok=True)


def _replace(path: Path, text: str) -> None:
    """A new file instead of new content: the old one may still be mounted."""
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o644)


def _load_secret(path: Path) -> bytes:
    """Read the deployment's secret, or make it once. A file that was cut short by a crash is made anew."""
    if path.exists():
        secret = path.read_bytes()
        if len(secret) == SECRET_BYTES:
            return secret
        path.unlink()
    secret = secrets.token_bytes(SECRET_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
    return secret
