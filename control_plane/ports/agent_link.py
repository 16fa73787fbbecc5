"""The way to the agent in a sandbox: requests, streams and sockets."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAddress:
    """Where the agent of one generation of a sandbox listens."""

    project_id: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAnswer:
    """A complete answer, bounded in size. Header names are lower case; only harmless ones are kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class AgentStream(Protocol):
    """An answer whose body comes piece by piece."""

    status: int
    headers: Mapping[str, str]

    def body(self) -> AsyncIterator[bytes]: ...


class AgentSocket(Protocol):
    """A WebSocket to the agent. ``receive`` returns text, bytes, or None when the agent closed it (see ``close_code``).

    Reading is paused while nobody receives, so a slow reader slows the agent and nothing is stored up. ``hand_to`` takes messages as
    they come instead, ``hold`` and ``release`` say when; ``write`` does not wait until the agent reads (``is_writable``).
    """

    close_code: int
    close_reason: str

    @property
    def subprotocol(self) -> str | None: ...
    @property
    def is_writable(self) -> bool: ...
    async def receive(self) -> str | bytes | None: ...
    def hand_to(
        self, take: Callable[[str | bytes], object], on_end: Callable[[], object], on_writable: Callable[[], object]
    ) -> None: ...
    def hold(self) -> None: ...
    def release(self) -> None: ...
    async def send(self, message: str | bytes) -> None: ...
    def write(self, message: str | bytes) -> None: ...
    async def close(self, code: int = 1000, reason: str = "") -> None: ...


class AgentLink(Protocol):
    """Requests to agents. Raises ``SandboxFailed`` when the agent cannot be reached, ``SandboxMisbehaved`` when its
    answer breaks the contract, ``TimedOut``. ``path`` starts with ``/``; ``user`` and ``view_only`` become headers.
    """

    async def request(
        self,
        address: AgentAddress,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] = ...,
        user: str = "",
        view_only: bool = False,
        timeout_sec: float = 30.0,
        max_body: int = ...,
        admit: Callable[[int], Awaitable[None]] = ...,
    ) -> AgentAnswer:
        """``admit`` is awaited with the size of the answer so far before more of it is read."""
        ...

    def stream(
        self,
        address: AgentAddress,
        method: str,
        path: str,
        *,
        query: str = "",
        body: AsyncIterator[bytes] | bytes = b"",
        headers: Mapping[str, str] = ...,
        user: str = "",
        view_only: bool = False,
        idle_timeout_sec: float = 60.0,
    ) -> AbstractAsyncContextManager[AgentStream]: ...

    def connect(
        self,
        address: AgentAddress,
        path: str,
        *,
        query: str = "",
        headers: Iterable[tuple[str, str]] = (),
        user: str = "",
        view_only: bool = False,
        max_message: int = ...,
        subprotocols: Sequence[str] = (),
    ) -> AbstractAsyncContextManager[AgentSocket]: ...

    def unreached(self) -> AsyncIterator[AgentAddress]:
        """Yield where nobody listened when somebody wanted to connect, each once until it is taken. Ends only when cancelled."""
        ...
