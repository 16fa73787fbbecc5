"""The one message by which the agent learns where to serve: a socket, a token and its settings."""

import array
import os
import socket
from typing import Final

import msgspec
from msgspec import Struct, field

from sandbox_image.agent.settings import AgentSettings, with_environment

MAX_MESSAGE: Final = 256 * 1024
TIMEOUT_SEC: Final = 30.0
AGAIN: Final = "again.sock"
"""Beside the socket of the message."""


class BootstrapFailed(Exception):
    """The agent was not told where to serve; the message says why."""


class Bootstrap(Struct, frozen=True, kw_only=True):
    """What the agent serves on, and how."""

    listener: socket.socket
    """Where connections are accepted; with ``again``, the channel by which accepted ones arrive."""
    token: str
    settings: AgentSettings
    again: str = ""
    """Path at which the next channel is asked for. Empty: the agent accepts by itself."""


class _Message(Struct, frozen=True, kw_only=True):
    token: str
    settings: AgentSettings = field(default_factory=AgentSettings)
    arrivals: bool = False
    """The socket is a channel by which connections arrive."""


def receive(path: str) -> Bootstrap:
    """Connect to the control plane's socket at ``path`` and take its message. Raises ``BootstrapFailed``."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_SEC)
            connection.connect(path)
            data, descriptors = _read(connection)
    except OSError as error:
        raise BootstrapFailed(f"{path} does not answer: {error}") from error
    if len(descriptors) != 1:
        for descriptor in descriptors:
            os.close(descriptor)
        raise BootstrapFailed(f"{path} handed over {len(descriptors)} sockets instead of one")
    listener = socket.socket(fileno=descriptors[0])
    try:
        message = msgspec.json.decode(data, type=_Message)
    except msgspec.DecodeError as error:
        listener.close()
        raise BootstrapFailed(f"the message of {path} does not fit: {error}") from error
    return Bootstrap(
        listener=listener,
        token=message.token,
        settings=with_environment(message.settings, os.environ),
        again=os.path.join(os.path.dirname(path), AGAIN) if message.arrivals else "",  # noqa: PTH118, PTH120  no pathlib yet
    )


def _read(connection: socket.socket) -> tuple[bytes, list[int]]:
    """All bytes until the sender closes, and the descriptors that came with them, not inheritable."""
    data = b""
    descriptors: list[int] = []
    while True:
        room = socket.CMSG_SPACE(4 * array.array("i").itemsize)
        chunk, ancillary, _, _ = connection.recvmsg(65536, room, socket.MSG_CMSG_CLOEXEC)
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                received = array.array("i")
                received.frombytes(content[: len(content) - len(content) % received.itemsize])
                descriptors += received
        if not chunk:
            return data, descriptors
        data += chunk
        if len(data) > MAX_MESSAGE:
            raise OSError(f"more than {MAX_MESSAGE} bytes")
