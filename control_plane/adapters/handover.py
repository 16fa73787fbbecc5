"""How an agent gets the socket that it serves on: bound here, and handed over as a descriptor.

``socket_paths`` draws the folders. ``<data>/secret`` holds what the tokens of all sandboxes are derived from.
"""

import asyncio
import json
import os
import secrets
import shutil
import socket
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from control_plane.adapters.socket_paths import SocketPaths, folder_name
from control_plane.ports import AgentAddress

BACKLOG: Final = 1024
SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Offer:
    """A socket that waits to be taken by the agent of one start."""

    run_dir: Path
    """The folder to mount at ``/run/aimforge``."""
    listener: socket.socket
    """Bound at the path that is dialled."""
    given: socket.socket
    """What the agent gets: the listening socket, or its end of a channel."""
    bootstrap: socket.socket
    message: bytes

    async def taken(self) -> None:
        """Wait for the agent and hand its socket over, once. Nobody can ask for it afterwards."""
        loop = asyncio.get_running_loop()
        connection, _ = await loop.sock_accept(self.bootstrap)
        with connection:
            self.bootstrap.close()
            # A fresh socket's buffer holds the whole message, so this never blocks.
            sent = socket.send_fds(connection, [self.message], [self.given.fileno()])
            if sent != len(self.message):
                raise ValueError(f"the agent's settings are too large to hand over: {len(self.message)} bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Who else may reach the sockets, where the control plane runs as several users.

    The group's members may pass through the folders and dial agents; only ``gate_uid`` may bind gates. Neither may
    replace a socket of an agent, nor anything that a sandbox sees.
    """

    gid: int
    gate_uid: int


class Sockets(SocketPaths):
    """Binds each sandbox's sockets. One per data directory.

    ``run`` is the folder of the sockets, where it is not in the data directory; ``secret`` is what tokens are derived
    from, where it is not kept there. Without ``sharing``, nobody but this process's user reaches any of them.
    """

    def __init__(
        self, data_dir: Path, *, run: Path | None = None, secret: bytes = b"", sharing: Sharing | None = None
    ) -> None:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        run = run or data_dir.absolute() / "run"
        run.mkdir(mode=0o700, exist_ok=True)
        self._sharing = sharing
        self._let_pass(run)
        super().__init__(run, secret or _load_secret(data_dir / "secret"))

    def egress_path(self, project_id: str) -> str:
        """Return the path that the egress proxy binds for a sandbox, once its folder is there."""
        self.prepare(project_id)
        return super().egress_path(project_id)

    @asynccontextmanager
    async def offer(
        self, address: AgentAddress, uid: int, settings: Mapping[str, Any], channel: socket.socket | None = None
    ) -> AsyncGenerator[Offer]:
        """Bind an agent's socket and wait at the bootstrap socket; both are gone afterwards unless the agent took them.

        With ``channel``, the agent gets that instead of the listening socket: a porter accepts for it.
        """
        self.prepare(address.project_id)
        folder = self._run / folder_name(address.project_id)
        self._forget_all(address.project_id)
        run_dir = folder / "sandbox"
        _replace(
            run_dir / "passwd",
            f"root:x:0:0::/nonexistent:/usr/sbin/nologin\nuser:x:{uid}:{uid}::/workspace:/bin/bash\n",
        )
        _replace(run_dir / "group", f"root:x:0:\nuser:x:{uid}:\n")
        told: dict[str, Any] = {"token": self.token(address), "settings": dict(settings)}
        if channel is not None:
            told["arrivals"] = True
        bootstrap_path = f"{self._dial}/{folder.name}/sandbox/bootstrap.sock"
        bootstrap = _listen(bootstrap_path, 0o666)
        kept = False
        try:
            with self.listen(address) as listener:
                yield Offer(
                    run_dir=run_dir,
                    listener=listener,
                    given=channel or listener,
                    bootstrap=bootstrap,
                    message=json.dumps(told).encode(),
                )
                kept = True
        finally:
            bootstrap.close()
            _unlink(bootstrap_path)
            if not kept:
                self.forget(address)

    def listen(self, address: AgentAddress) -> socket.socket:
        """Bind an agent's socket, in the place of one whose listener is gone."""
        path = self.agent_path(address)
        listener = _listen(path, 0o600)
        if self._sharing is not None:
            try:
                os.chown(path, -1, self._sharing.gid)
                os.chmod(path, 0o660)  # noqa: PTH101  as it is dialled
            except BaseException:
                listener.close()
                raise
        return listener

    @contextmanager
    def again(self, address: AgentAddress) -> Generator[socket.socket]:
        """Listen where an agent without a channel asks for one."""
        path = f"{self._dial}/{folder_name(address.project_id)}/sandbox/again.sock"
        with _listen(path, 0o666) as door:
            try:
                yield door
            finally:
                _unlink(path)

    def forget(self, address: AgentAddress) -> None:
        """Remove the path of an agent that is gone, so that nobody dials it."""
        _unlink(self.agent_path(address))

    def delete(self, project_id: str) -> None:
        """Remove all that was kept for a project."""
        shutil.rmtree(self._run / folder_name(project_id), ignore_errors=True)

    def _forget_all(self, project_id: str) -> None:
        for path in (self._run / folder_name(project_id)).glob("*.sock"):
            path.unlink(missing_ok=True)

    def prepare(self, project_id: str) -> None:
        """Make a project's folder, where its gate can be bound before its sandbox starts."""
        folder = self._run / folder_name(project_id)
        folder.mkdir(mode=0o700, exist_ok=True)
        self._let_pass(folder)
        inner = folder / "sandbox"
        inner.mkdir(exist_ok=True)
        inner.chmod(0o755)
        gate = inner / "gate"
        gate.mkdir(exist_ok=True)
        gate.chmod(0o755)
        if self._sharing is not None:
            os.chown(gate, self._sharing.gate_uid, self._sharing.gid, follow_symlinks=False)
        link = inner / "egress.sock"
        if not link.is_symlink():
            link.unlink(missing_ok=True)
            link.symlink_to("gate/egress.sock")

    def _let_pass(self, folder: Path) -> None:
        """Close a folder of ours to all others but the group that it is shared with, which may pass and not look."""
        if self._sharing is None:
            folder.chmod(0o700)
        else:
            os.chown(folder, -1, self._sharing.gid)
            folder.chmod(0o710)


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
