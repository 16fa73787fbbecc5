"""What the services need from outside, as Protocols. ``adapters`` holds the real ones, ``tests/fakes`` those of the tests;
both pass the same contract suites in ``tests/contract``.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from control_plane.domain.allowance import AllowanceRecord
from control_plane.domain.archives import Archive
from control_plane.domain.audit import AuditEntry, AuditFilter
from control_plane.domain.egress import Decision, EgressPolicy, Traffic
from control_plane.domain.hidden_tests import TestRow
from control_plane.domain.identity import Change, Identity
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import EndReason, Limits, SandboxRecord
from control_plane.domain.unenforced import Unenforced


class Clock(Protocol):
    """Time. ``now`` is seconds since 1970; ``monotonic`` never jumps."""

    def now(self) -> float: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class HostMemory(Protocol):
    """The memory of the machine that sandboxes run on."""

    def available(self) -> int | None:
        """Bytes that programs can still have; None where that is not known."""
        ...


# ── Containers ────────────────────────────────────────────────────────────────────────────────────────────────


class ContainerState(StrEnum):
    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    EXITED = "exited"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSpec:
    """All that a launcher is told of a sandbox; how it is hardened is the launcher's own knowledge."""

    project_id: str
    project_name: str
    generation: int
    uid: int
    limits: Limits
    template: str
    egress: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container of this deployment, as the engine reports it."""

    id: str
    project_id: str
    generation: int
    state: ContainerState
    created_at: float
    image_current: bool = True
    end_reason: EndReason | None = None
    """Set when it has exited by itself: out of memory, crashed …"""
    exit_code: int | None = None


class SandboxRuntime(Protocol):
    """A container engine. Raises ``EngineUnavailable``, ``ImageMissing``, ``SandboxFailed``; never leaves half a start.

    ``start`` returns when the agent has its listening socket (it may not answer yet). All calls are idempotent: stopping
    what is gone is no error. Only containers and volumes with this deployment's label are ever touched.
    """

    async def check(self) -> frozenset[Unenforced]:
        """Return what the engine cannot do to sandboxes.

        Raises what keeps every sandbox from being started now: ``EngineUnavailable``, ``ImageMissing``.
        """
        ...

    async def start(self, spec: SandboxSpec) -> Container: ...
    async def pause(self, container_id: str) -> None: ...
    async def resume(self, container_id: str) -> None: ...
    async def stop(self, container_id: str, grace_sec: float = 3.0) -> None:
        """Stop and remove the container; the workspace stays."""
        ...

    async def inspect(self, container_id: str) -> Container | None: ...
    async def list(self) -> Sequence[Container]: ...
    async def workspaces(self) -> Sequence[str]:
        """Project ids of all workspaces that exist."""
        ...

    async def delete_workspace(self, project_id: str) -> None: ...
    def ends(self) -> AsyncIterator[Container]:
        """Containers as they end, from the engine's event stream. Reconnects by itself; ends only when cancelled."""
        ...

    async def update_limits(self, container_id: str, limits: Limits) -> None: ...


# ── The agent in a sandbox ────────────────────────────────────────────────────────────────────────────────────


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

    Reading is paused while nobody receives, so a slow reader slows the agent and nothing is stored up.
    """

    close_code: int
    close_reason: str

    @property
    def subprotocol(self) -> str | None: ...
    async def receive(self) -> str | bytes | None: ...
    async def send(self, message: str | bytes) -> None: ...
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
    ) -> AgentAnswer: ...

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


# ── The way out of a sandbox ──────────────────────────────────────────────────────────────────────────────────


class Egress(Protocol):
    """Gates to the outside, one for each sandbox. ``open`` and ``close`` may be repeated."""

    async def open(self, project_id: str, policy: EgressPolicy) -> None:
        """Open a gate, or change what an open one lets through: connections that it no longer allows are cut."""
        ...

    async def close(self, project_id: str) -> None: ...
    async def traffic(self) -> Mapping[str, Traffic]:
        """Return the bytes of each project since the gates' process started; under the empty id, those of forgotten ones.

        Raises ``EngineUnavailable``, as ``recent`` does.
        """
        ...

    async def recent(self, project_id: str) -> Sequence[Decision]:
        """Return a project's latest decisions, newest first."""
        ...


# ── The database ──────────────────────────────────────────────────────────────────────────────────────────────


class ProjectStore(Protocol):
    """Projects and their owners. Raises ``NotFound``, ``StoreUnavailable``."""

    async def add(self, project: ProjectRecord, sandbox: SandboxRecord) -> None: ...
    async def get(self, project_id: str) -> ProjectRecord: ...
    async def list(self, owner: str | None = None) -> Sequence[ProjectRecord]: ...
    async def update(self, project: ProjectRecord) -> None: ...
    async def note_opened(self, opened: Mapping[str, float]) -> None:
        """Set when projects were last opened, seconds since 1970 by id, in one transaction. Projects that are gone are no error."""
        ...

    async def delete(self, project_id: str) -> None:
        """Remove the project and its sandbox row."""
        ...


class SandboxStore(Protocol):
    """Rows of sandboxes. ``save`` raises ``Stale`` when the stored generation is newer."""

    async def get(self, project_id: str) -> SandboxRecord: ...
    async def list(self) -> Sequence[SandboxRecord]: ...
    async def save(self, record: SandboxRecord) -> None: ...


# ── Events ────────────────────────────────────────────────────────────────────────────────────────────────────


class EventSink(Protocol):
    """Takes what the control plane itself tells a project's viewers: dataclasses of ``wire/events.py``. Never blocks."""

    def publish(self, project_id: str, data: Any) -> None: ...


# ── People ────────────────────────────────────────────────────────────────────────────────────────────────────


class IdentityStore(Protocol):
    """Accounts, sessions, tokens, invitations and shares. Several processes may write. Raises ``StoreUnavailable``."""

    async def load(self) -> Identity:
        """Return all records."""
        ...

    async def revision(self) -> int: ...
    async def write(self, changes: Sequence[Change], seen: int) -> int:
        """Make changes, all or none; return the new revision.

        Raises ``Stale`` when the revision is no longer ``seen``, ``Conflict`` when a login or an identity is taken.
        """
        ...

    async def touch(self, sessions: Mapping[str, float], tokens: Mapping[str, float]) -> None:
        """Note when sessions and tokens were last used; this is no new revision."""
        ...


class AllowanceStore(Protocol):
    """What is said of each subject. Raises ``StoreUnavailable``."""

    async def list(self) -> Sequence[AllowanceRecord]: ...
    async def put(self, record: AllowanceRecord) -> None:
        """Add a record, or replace the subject's."""
        ...

    async def delete(self, subject: str) -> None: ...


class AuditStore(Protocol):
    """The audit log: entries are added and, once they are old, removed; never changed."""

    async def append(self, entries: Sequence[AuditEntry]) -> None: ...
    async def read(self, wanted: AuditFilter, limit: int) -> Sequence[AuditEntry]:
        """Return entries, newest first."""
        ...

    async def prune(self, before: float) -> int:
        """Remove what is older; return how many."""
        ...


class ArchiveStore(Protocol):
    """Archives as opaque bytes. Raises ``StoreUnavailable``."""

    async def put(self, chunks: AsyncIterator[bytes], max_bytes: int) -> Archive:
        """Store an archive. Raises ``TooLarge``, and whatever ``chunks`` raise; nothing is left of it then."""
        ...

    async def find(self, archive_id: str) -> Archive | None: ...
    def read(self, archive_id: str) -> AsyncGenerator[bytes]:
        """Yield an archive's bytes, at most 1 MiB at a time. Raises ``NotFound``; breaks off when it is damaged."""
        ...

    async def delete(self, archive_ids: Sequence[str]) -> None:
        """Remove archives; what is gone already is no error."""
        ...

    async def ids(self) -> Sequence[str]:
        """Return the ids of all archives, also of unfinished ones, the oldest first."""
        ...


class HiddenTestStore(Protocol):
    """What hidden tests said of submissions. Raises ``StoreUnavailable``."""

    async def of(self, assignment_id: str) -> Sequence[TestRow]:
        """Return an assignment's rows by login."""
        ...

    async def unfinished(self) -> Sequence[TestRow]:
        """Return the rows, of all assignments, whose tests are not over."""
        ...

    async def save(self, saved: Sequence[TestRow]) -> None:
        """Insert or replace rows, all or none; those of an assignment that is gone are dropped."""
        ...


class Passwords(Protocol):
    """Hashes passwords, slowly on purpose, without holding up the event loop."""

    async def hash(self, password: str) -> str: ...
    async def verify(self, password: str, hashed: str) -> bool:
        """Tell whether it fits; an empty hash fits nothing and takes as long."""
        ...


Attribute = str | int | float | bool


class Span(Protocol):
    """A piece of work that is traced. Attributes are ids, figures and names of ours, never what people wrote; two underscores
    stand for the dot of a name that OpenTelemetry defines.
    """

    def name(self, name: str) -> None: ...
    def set(self, **attributes: Attribute) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedPart:
    """A part of a piece of work that is over. Times are seconds since 1970."""

    name: str
    began: float
    ended: float
    failed: bool = False


class Tracer(Protocol):
    """Where traces go."""

    def span(self, name: str, *, serves: bool = False, **attributes: Attribute) -> AbstractContextManager[Span]:
        """Trace what happens in the block. ``serves``: it answers somebody outside."""
        ...

    def tell(self, name: str, parts: Sequence[TracedPart], **attributes: Attribute) -> None:
        """Trace what is over; there is at least one part."""
        ...


class IdentityProvider(Protocol):
    """An OpenID Connect provider. Raises ``ProviderUnavailable``."""

    async def start(self, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Return the provider's page to send the browser to."""
        ...

    async def finish(self, redirect_uri: str, code: str, nonce: str, verifier: str) -> Mapping[str, Any]:
        """Exchange a code for checked claims. Raises ``Unauthenticated``, ``ProviderUnavailable``."""
        ...
