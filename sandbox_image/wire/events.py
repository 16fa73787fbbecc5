"""Events: what happens in a project, in order.

On the wire an event is ``{"seq": N, "at": seconds since 1970, "type": "…", "data": {…}}``; a frame is a JSON array of
events. ``EVENT_TYPES`` maps each type to the dataclass of its ``data``. ``seq`` rises by one within a stream. The
agent's stream carries what happens in the sandbox; the control plane forwards it under its own numbers, joined with
what only it knows (``sandbox``, ``presence``).
"""

from dataclasses import dataclass, field
from typing import Any, Final

from .environment import VenvStatus
from .language import LanguageServerHealth
from .runs import NodeResult, Output, RunKind, RunStatus
from .terminals import Terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    run_id: str
    kind: RunKind
    node_ids: list[str]
    started_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStatus:
    """A node of a run changed state. The final states come with ``NodeFinished`` instead."""

    run_id: str
    node_id: str
    status: RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStream:
    """Text that a node wrote. ``stream`` is ``stdout`` or ``stderr``; ``offset`` counts characters of that stream."""

    run_id: str
    node_id: str
    stream: str
    text: str
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDisplay:
    run_id: str
    node_id: str
    output: Output


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFinished:
    run_id: str
    result: NodeResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The run's end. Results of the nodes came before, each in a ``NodeFinished``."""

    run_id: str
    status: RunStatus
    duration_ms: float
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectChanged:
    """The graph was saved. ``etag`` is that of ``GET /project`` now; ``by`` is who did it, empty for the sandbox."""

    etag: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesChanged:
    """Paths that were created, changed or deleted, debounced; ``overflow`` means: read the tree again."""

    changed: list[str] = field(default_factory=list[str])
    deleted: list[str] = field(default_factory=list[str])
    overflow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageChanged:
    added: list[str] = field(default_factory=list[str])
    removed: list[str] = field(default_factory=list[str])
    updated: list[str] = field(default_factory=list[str])
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Venv:
    venv: VenvStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageServer:
    server: LanguageServerHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminals:
    """The list of terminals changed."""

    terminals: list[Terminal]


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressDenied:
    """The egress proxy refused a connection of the sandbox. Only the control plane sends it."""

    host: str
    port: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """State of the sandbox. Only the control plane sends it. Times are seconds from the event on.

    ``update_ready`` says that it runs on an image that is no longer the newest, which its next start is from.
    ``steps`` are the parts of opening it: [{"name", "state": waiting|running|done|failed, "duration_ms"}].
    """

    state: str
    reason: str = ""
    message: str = ""
    queue_position: int | None = None
    pauses_in_sec: float | None = None
    stops_in_sec: float | None = None
    busy: list[str] = field(default_factory=list[str])
    update_ready: bool = False
    steps: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Who has the project open. Only the control plane sends it."""

    people: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """A teacher or an administrator looks at the project, read-only. Only the control plane sends it. Seconds since 1970."""

    person_id: str
    name: str
    at: float
    until: float


EVENT_TYPES: Final[dict[str, type]] = {
    "run_started": RunStarted,
    "node_status": NodeStatus,
    "node_stream": NodeStream,
    "node_display": NodeDisplay,
    "node_finished": NodeFinished,
    "run_finished": RunFinished,
    "project_changed": ProjectChanged,
    "files_changed": FilesChanged,
    "package_changed": PackageChanged,
    "venv": Venv,
    "language_server": LanguageServer,
    "terminals": Terminals,
    "egress_denied": EgressDenied,
    "sandbox": Sandbox,
    "presence": Presence,
    "looked_at": LookedAt,
}
TYPE_NAMES: Final[dict[type, str]] = {data: name for name, data in EVENT_TYPES.items()}
CONTROL_PLANE_ONLY: Final = frozenset({"egress_denied", "sandbox", "presence", "looked_at"})
"""Types that are dropped when a sandbox sends them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    seq: int
    at: float
    type: str
    data: dict[str, Any]
