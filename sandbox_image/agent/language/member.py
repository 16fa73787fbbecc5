"""A client of a shared server, as the multiplexer knows it."""

from enum import Enum, auto
from typing import Any, Protocol

from msgspec import Struct, field

from sandbox_image.wire.closing import CloseCode

from . import envelope


class Client(Protocol):
    """One editor's connection. Neither method waits."""

    @property
    def view_only(self) -> bool:
        """True for a client that may read and not change anything in the project."""
        ...

    def deliver(self, message: bytes) -> None:
        """Queue a message; a client that does not keep up is cut off by its connection."""
        ...

    def close(self, code: CloseCode) -> None:
        """End the connection after what is queued."""
        ...


class MemberState(Enum):
    """Where a client is in the protocol's life cycle."""

    CONNECTED = auto()
    WAITING = auto()
    """It sent ``initialize`` and there is no server yet whose answer it could get."""
    INITIALIZED = auto()
    SHUT_DOWN = auto()


class Member(Struct, eq=False):
    """A client and what the relay remembers of it. ``number`` is never used for another client."""

    number: int
    client: Client
    state: MemberState = MemberState.CONNECTED
    initialize_id: bytes = b""
    wants_status: bool = False
    """It asked for ``aimforge/status`` in its ``initializationOptions``."""
    takes_document_changes: bool = False
    requests: dict[bytes, int] = field(default_factory=dict[bytes, int])
    """Its requests that the server works on: encoded id to the server's."""
    latest: dict[str, int] = field(default_factory=dict[str, int])
    """The last request of each method that is asked anew with each key."""
    garbled: int = 0

    def deliver(self, message: bytes) -> None:
        """Send it a message."""
        self.client.deliver(message)

    def introduce(self, params: bytes) -> None:
        """Read what its ``initialize`` says about it.

        Raises:
            Malformed: the parameters are no object.
        """
        asked = envelope.parse(params, dict[str, Any])
        self.wants_status = _at(asked, "initializationOptions", "aimforge") is True
        path = ("capabilities", "workspace", "workspaceEdit", "documentChanges")
        self.takes_document_changes = _at(asked, *path) is True


def _at(value: Any, *path: str) -> Any:
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return value  # pyright: ignore[reportUnknownVariableType]
