"""Events: what happens in a project, in order.

On the wire an event is ``{"seq": N, "at": seconds since 1970, "type": "…", "data": {…}}``; a frame is a JSON array of
events. ``EVENT_TYPES`` maps each type to the struct of its ``data``. ``seq`` rises by one within a stream. The
agent's stream carries what happens in the sandbox; the control plane forwards it under its own numbers, joined with
what only it knows (``sandbox``, ``presence``).
"""

from typing import Any, Final

from msgspec import Struct, field

from .environment import VenvStatus
from .language import LanguageServerHealth
from .runs import NodeResult, Output, RunKind, RunStatus
from .terminals import Terminal


class RunStarted(Struct, frozen=True, kw_only=True):
    run_id: str
    kind: RunKind
    node_ids: list[str]
    started_by: str = ""


class NodeStatus(Struct, frozen=True, kw_only=True):
    """A node of a run changed state. The final states come with ``NodeFinished`` instead."""

    run_id: str
    node_id: str
    status: RunStatus


class NodeStream(Struct, frozen=True, kw_only=True):
    """Text that a node wrote. ``stream`` is ``stdout`` or ``stderr``; ``offset`` counts characters of that stream."""

    run_id: str
    node_id: str
    stream: str
    text: str
    offset: int = 0


class NodeDisplay(Struct, frozen=True, kw_only=True):
    run_id: str
    node_id: str
    output: Output


class NodeFinished(Struct, frozen=True, kw_only=True):
    run_id: str
    result: NodeResult


class RunFinished(Struct, frozen=True, kw_only=True):
    """The run's end. Results of the nodes came before, each in a ``NodeFinished``."""

    run_id: str
    status: RunStatus
    duration_ms: float
    error: str = ""


class ProjectChanged(Struct, frozen=True, kw_only=True):
    """The graph was saved. ``etag`` is that of ``GET /project`` now; ``by`` is who did it, empty for the sandbox."""

    etag: str
    by: str = ""


class FilesChanged(Struct, frozen=True, kw_only=True):
    """Paths that were created, changed or deleted, debounced; ``overflow`` means: read the tree again."""

    changed: list[str] = field(default_factory=list[str])
    deleted: list[str] = field(default_factory=list[str])
    overflow: bool = False


class PackageChanged(Struct, frozen=True, kw_only=True):
    added: list[str] = field(default_factory=list[str])
    removed: list[str] = field(default_factory=list[str])
    updated: list[str] = field(default_factory=list[str])
    fingerprint: str = ""


class Venv(Struct, frozen=True, kw_only=True):
    venv: VenvStatus


class LanguageServer(Struct, frozen=True, kw_only=True):
    server: LanguageServerHealth


class Terminals(Struct, frozen=True, kw_only=True):
    """The list of terminals changed."""

    terminals: list[Terminal]


class EgressDenied(Struct, frozen=True, kw_only=True):
    """The egress proxy refused a connection of the sandbox. Only the control plane sends it."""

    host: str
    port: int
    reason: str


class Sandbox(Struct, frozen=True, kw_only=True):
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


class Presence(Struct, frozen=True, kw_only=True):
    """Who has the project open. Only the control plane sends it."""

    people: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


class LookedAt(Struct, frozen=True, kw_only=True):
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


class Event(Struct, frozen=True, kw_only=True):
    seq: int
    at: float
    type: str
    data: dict[str, Any]
