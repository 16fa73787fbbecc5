"""Where the sockets of sandboxes lie, and the token of each agent: all that is needed to dial them, and nothing to bind them.

::

    <run>/<project>/                    nobody but the control plane may enter
        <generation>.sock               the agent listens here, or its porter; bound by us, handed over as a descriptor
        sandbox/                        mounted read-only at /run/aimforge
            bootstrap.sock              gives the descriptor to the first who asks: process 1, before any user's code runs
            again.sock                  now and then, for an agent whose porter was replaced: see ``porters``
            egress.sock                 a link to gate/egress.sock
            gate/egress.sock            bound by the egress proxy, in a folder of its own
            passwd, group               give the sandbox's uid a name

The sandbox sees no file that it could replace, and the host never follows a path that a sandbox can write.
"""

import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Final

from control_plane.ports import AgentAddress

LONGEST_PATH: Final = 107
"""Bytes of a Unix socket's path."""
_LONGEST_NAME: Final = len("/0123456789abcdef/sandbox/gate/egress.sock")


class SocketPaths:
    """The sockets below ``run``, for whoever dials agents or opens gates. ``secret`` is what tokens are derived from."""

    def __init__(self, run: Path, secret: bytes) -> None:
        self._run = run.absolute()
        self._secret = secret
        # A deep folder would not fit into a socket's address: then it is reached through a descriptor.
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
        return f"{self._dial}/{folder_name(address.project_id)}/{address.generation}.sock"

    def egress_path(self, project_id: str) -> str:
        """Return the path that the egress proxy binds for a sandbox. Valid in this process only."""
        return f"{self._dial}/{folder_name(project_id)}/sandbox/gate/egress.sock"

    def token(self, address: AgentAddress) -> str:
        """Return the token of one generation of a sandbox."""
        text = json.dumps(["agent", address.project_id, address.generation])
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def folder_name(project_id: str) -> str:
    """Return a project's folder: a short name, for a socket's address holds few characters."""
    return hashlib.sha256(project_id.encode(errors="surrogatepass")).hexdigest()[:16]
