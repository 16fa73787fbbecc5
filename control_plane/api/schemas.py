"""Bodies that only the control plane's API has; all others are those of ``sandbox_image/wire``.

Plain dataclasses: msgspec checks requests by them, and the OpenAPI document is made from them.
"""

from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET, UnsetType

from control_plane.domain.project import ProjectRecord
from sandbox_image.wire.limits import DEFAULT_NODE_TIMEOUT
from sandbox_image.wire.runs import NodeResult, Output, RunError, RunResult, RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProject:
    """Body of ``POST /api/project/make``. ``GET /api/templates`` lists the templates."""

    name: str
    template: str = "empty"
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPatch:
    """Body of ``PATCH /api/project/{project_id}``: what is null stays as it is."""

    name: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Body of ``POST /api/project/{project_id}/duplicate``. Without a name, the copy is called after the original."""

    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSummary:
    """A project in a list. Times are seconds since 1970; ``sandbox`` is the state of its sandbox."""

    id: str
    name: str
    description: str
    template: str
    created_at: float
    opened_at: float
    sandbox: str
    share: str = "owner"
    owner_name: str = ""
    """Empty for the caller's own."""

    @classmethod
    def of(cls, record: ProjectRecord, sandbox: str, share: str = "owner", owner_name: str = "") -> "ProjectSummary":
        """Describe a project."""
        return cls(
            id=record.id,
            name=record.name,
            description=record.description,
            template=record.template,
            created_at=record.created_at,
            opened_at=record.opened_at,
            sandbox=sandbox,
            share=share,
            owner_name=owner_name,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A project was deleted; until ``restorable_until`` (seconds since 1970) it can be restored."""

    id: str
    restorable_until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """An example project to begin with."""

    name: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteNode:
    """Body of ``POST /api/code/execute-node``. Without ``input_data``, the node's cached inputs are used; null is a value."""

    project_id: str
    node_id: str
    input_data: Any | UnsetType = UNSET
    timeout_sec: float = DEFAULT_NODE_TIMEOUT
    use_cache: bool = True
    params: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteFlow:
    """Body of ``POST /api/project/execute-flow``. ``timeout_sec`` holds for each node that has no limit of its own.

    ``params`` are values for this run only: of an input node by its title or id, of a setting by ``title.setting``.
    """

    project_id: str
    start_node_id: str | None = None
    """Run this node and what follows; what comes before is taken from the cache."""
    until_node_id: str | None = None
    """Run this node and what it needs."""
    params: dict[str, Any] = field(default_factory=dict[str, Any])
    max_workers: int | None = None
    timeout_sec: float = DEFAULT_NODE_TIMEOUT
    halt_on_error: bool = False
    use_cache: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRun:
    """Answer of ``POST /api/code/execute-node``: one node's result."""

    run_id: str
    node_id: str
    status: RunStatus
    output: Output | None = None
    displays: list[Output] = field(default_factory=list[Output])
    stdout: str = ""
    stderr: str = ""
    error: RunError | None = None
    duration_ms: float = 0.0
    cached: bool = False
    reason: str = ""

    @classmethod
    def of(cls, run: RunResult, node_id: str) -> "NodeRun":
        """Flatten a run of one node. A run that could not begin has no node, and an error of its own."""
        node = run.nodes.get(node_id) or NodeResult(
            node_id=node_id, status=run.status, error=run.error, duration_ms=run.duration_ms
        )
        return cls(
            run_id=run.run_id,
            node_id=node_id,
            status=node.status,
            output=node.output,
            displays=node.displays,
            stdout=node.stdout,
            stderr=node.stderr,
            error=node.error or run.error,
            duration_ms=node.duration_ms,
            cached=node.cached,
            reason=node.reason,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """A column of a table; ``type`` is the data's own word for it, such as ``int64``."""

    name: str
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePage:
    """Some rows of a table that a node returned."""

    columns: list[TableColumn]
    rows: list[list[Any]]
    total_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxStatus:
    """Answer of ``GET /api/project/{project_id}/sandbox``. Times are seconds from now; sizes are bytes.

    ``update_ready`` says that it runs on an image that is no longer the newest, which its next start is from.
    """

    state: str
    generation: int
    reason: str = ""
    message: str = ""
    queue_position: int | None = None
    pauses_in_sec: float | None = None
    stops_in_sec: float | None = None
    busy: list[str] = field(default_factory=list[str])
    update_ready: bool = False
    steps: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    limits: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAwake:
    """Body of ``POST /api/project/{project_id}/sandbox/keep-awake``; at most a day."""

    seconds: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLimits:
    """Body of ``PATCH /api/admin/sandboxes/{project_id}/limits``; what is left out stays. Bytes; ``cpus`` in cores.

    Memory, CPU and processes change at once, the others at the sandbox's next start.
    """

    memory: int | None = None
    cpus: float | None = None
    pids: int | None = None
    open_files: int | None = None
    shm: int | None = None
    tmp: int | None = None
    disk: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemHealth:
    """Answer of ``GET /api/health``. ``sandboxes`` counts them by state.

    ``status`` is ``ok``, or ``degraded`` while no sandbox can be started; ``reason`` is then ``engine_unavailable`` or
    ``image_missing``, and ``message`` says it to people.
    """

    status: str
    version: str
    reason: str = ""
    message: str = ""
    sandboxes: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who is signed in. ``mode`` is ``local`` or ``hosted``; a token's ``scope`` takes away from the role."""

    id: str
    name: str
    role: str
    login: str = ""
    scope: str = "admin"
    mode: str = "local"
    has_password: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A line of a language server's log."""

    at: float
    kind: str
    line: str
    project_id: str = ""
