"""Runs: one execution of a node or of a flow, its request and its result."""

from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from .limits import DEFAULT_NODE_TIMEOUT


class RunKind(StrEnum):
    NODE = "node"
    FLOW = "flow"


class RunStatus(StrEnum):
    """State of a run or of a node in it. Everything but the first two is final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    """Only nodes: an ancestor failed, or the run ended before their turn."""
    LOST = "lost"
    """The agent or its container died, or was stopped, during the run."""


class RunRequest(Struct, frozen=True, kw_only=True):
    """Body of the agent's ``POST /runs``. Times in seconds."""

    kind: RunKind
    node_id: str | None = None
    """The node of a ``node`` run."""
    input_data: Any | UnsetType = UNSET
    """JSON value for the node's first input port in a ``node`` run, null among them; without it, its cached inputs are used."""
    start_node_id: str | None = None
    """In a ``flow`` run: run this node and what follows; what comes before is taken from the cache."""
    until_node_id: str | None = None
    """In a ``flow`` run: run this node and what it needs."""
    params: dict[str, Any] = field(default_factory=dict[str, Any])
    """Values for this run only: of an input node by its title or id, of a setting by ``title.setting``."""
    timeout_sec: float = DEFAULT_NODE_TIMEOUT
    """For each node that has no limit of its own."""
    max_workers: int | None = None
    halt_on_error: bool = False
    use_cache: bool = True
    started_by: str = ""


class Output(Struct, frozen=True, kw_only=True):
    """What a node returned, or displayed: bounded representations, never the value itself.

    ``mime`` maps a media type to its representation: ``text/plain``, ``application/json``, ``text/html``,
    ``image/svg+xml`` are text (or a JSON value), ``image/png`` is base64,
    ``application/vnd.aimforge.table+json`` is {"columns": [{"name", "type"}], "rows": [[…]], "total_rows"}.
    """

    type: str
    """The Python type, such as ``pandas.DataFrame``."""
    mime: dict[str, Any] = field(default_factory=dict[str, Any])
    size: int = 0
    """Bytes of the pickled value, buffers included."""
    truncated: bool = False
    note: str = ""
    """What was cut and why, for people; empty when nothing was."""


class Frame(Struct, frozen=True, kw_only=True):
    """One line of a traceback, innermost last. ``node`` is empty for a file that is no node's."""

    node: str
    file: str
    line: int
    function: str
    text: str = ""


class RunError(Struct, frozen=True, kw_only=True):
    """Why a node failed. ``type`` is the exception's name, or one of the executor's own:

    ``SyntaxError``, ``NoMain``, ``MissingInput``, ``NotPicklable``, ``TimedOut``, ``OutOfMemory``, ``Killed``,
    ``Exited``, ``TooManyProcesses``, ``DiskFull``, ``EnvironmentNotReady``, ``SandboxLost``, ``SandboxStopped``.
    """

    type: str
    message: str
    frames: list[Frame] = field(default_factory=list[Frame])
    hint: str = ""
    """What to do about it, where that is known."""


class NodeResult(Struct, frozen=True, kw_only=True):
    """The end of one node in a run. ``duration_ms`` counts from its start to its result, queueing left out."""

    node_id: str
    status: RunStatus
    output: Output | None = None
    displays: list[Output] = field(default_factory=list[Output])
    stdout: str = ""
    stderr: str = ""
    error: RunError | None = None
    duration_ms: float = 0.0
    started_ms: float = 0.0
    """Since the run's start."""
    cached: bool = False
    reason: str = ""
    """Why it was cached, skipped or run again, for people."""


class RunResult(Struct, frozen=True, kw_only=True):
    """A run as it stands. ``nodes`` holds one entry for a ``node`` run. Timestamps are seconds since 1970."""

    run_id: str
    kind: RunKind
    status: RunStatus
    created_at: float
    nodes: dict[str, NodeResult] = field(default_factory=dict[str, NodeResult])
    duration_ms: float = 0.0
    error: RunError | None = None
    """Why the run as a whole could not do its work, such as a cycle; null when only nodes failed."""
    started_by: str = ""


class RunSummary(Struct, frozen=True, kw_only=True):
    run_id: str
    kind: RunKind
    status: RunStatus
    created_at: float
    duration_ms: float
    node_ids: list[str]
    started_by: str = ""
