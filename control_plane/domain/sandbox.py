"""The life of a sandbox: one enum of states, one table of transitions, one enum of reasons to end.

::

    absent ─▶ starting ─▶ ready ⇄ paused
      ▲          │          │        │
      │          ▼          ▼        ▼
    stopped ◀─ stopping ◀───┴────────┘        failed: from any of these, by a fault
                                              deleted: from any, last
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sandbox_image.wire.closing import CLOSINGS, CloseCode


class SandboxState(StrEnum):
    """Where a sandbox is. ``ABSENT`` never ran; ``STOPPED`` and ``FAILED`` have no container but a workspace."""

    ABSENT = "absent"
    QUEUED = "queued"
    """Waits for a start slot; the position is shown."""
    STARTING = "starting"
    READY = "ready"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMING = "resuming"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    DELETED = "deleted"


TRANSITIONS: Final[dict[SandboxState, frozenset[SandboxState]]] = {
    SandboxState.ABSENT: frozenset({SandboxState.QUEUED}),
    SandboxState.QUEUED: frozenset({SandboxState.STARTING, SandboxState.STOPPED}),
    SandboxState.STARTING: frozenset({SandboxState.READY, SandboxState.STOPPING}),
    SandboxState.READY: frozenset({SandboxState.PAUSING, SandboxState.STOPPING}),
    SandboxState.PAUSING: frozenset({SandboxState.PAUSED, SandboxState.READY, SandboxState.STOPPING}),
    SandboxState.PAUSED: frozenset({SandboxState.RESUMING, SandboxState.STOPPING}),
    SandboxState.RESUMING: frozenset({SandboxState.READY, SandboxState.STOPPING}),
    SandboxState.STOPPING: frozenset({SandboxState.STOPPED}),
    SandboxState.STOPPED: frozenset({SandboxState.QUEUED}),
    SandboxState.FAILED: frozenset({SandboxState.QUEUED, SandboxState.STOPPING}),
    SandboxState.DELETED: frozenset(),
}
"""Besides these, every state but ``DELETED`` may go to ``FAILED`` and to ``DELETED``."""

DEADLINES: Final[dict[SandboxState, float]] = {
    SandboxState.STARTING: 120.0,
    SandboxState.PAUSING: 15.0,
    SandboxState.RESUMING: 15.0,
    SandboxState.STOPPING: 60.0,
}
"""Seconds that a state on the way to another may last before it counts as failed."""


def may_become(state: SandboxState, target: SandboxState) -> bool:
    """Tell whether the transition is allowed."""
    if state is SandboxState.DELETED:
        return False
    return target in (SandboxState.FAILED, SandboxState.DELETED) or target in TRANSITIONS[state]


class EndReason(StrEnum):
    """Why a sandbox ended; each has a close code for its sockets and a sentence for people."""

    IDLE = "idle"
    BY_USER = "by_user"
    BY_ADMIN = "by_admin"
    """An administrator stopped it, on the page of all sandboxes."""
    TOO_OLD = "too_old"
    EVICTED = "evicted"
    OUT_OF_MEMORY = "out_of_memory"
    DISK_FULL = "disk_full"
    """It could not be started: there was no room on the server's disk, or on its own."""
    CRASHED = "crashed"
    START_FAILED = "start_failed"
    ENGINE_GONE = "engine_gone"
    REPLACED = "replaced"
    DELETED = "deleted"


CLOSE_CODES: Final[dict[EndReason, CloseCode]] = {
    EndReason.IDLE: CloseCode.SANDBOX_STOPPED,
    EndReason.BY_USER: CloseCode.SANDBOX_STOPPED_BY_USER,
    EndReason.BY_ADMIN: CloseCode.SANDBOX_STOPPED_BY_ADMIN,
    EndReason.TOO_OLD: CloseCode.SANDBOX_TOO_OLD,
    EndReason.EVICTED: CloseCode.SANDBOX_EVICTED,
    EndReason.OUT_OF_MEMORY: CloseCode.SANDBOX_OUT_OF_MEMORY,
    EndReason.DISK_FULL: CloseCode.SANDBOX_DISK_FULL,
    EndReason.CRASHED: CloseCode.SANDBOX_CRASHED,
    EndReason.START_FAILED: CloseCode.SANDBOX_UNAVAILABLE,
    EndReason.ENGINE_GONE: CloseCode.SANDBOX_ENGINE_GONE,
    EndReason.REPLACED: CloseCode.SANDBOX_REPLACED,
    EndReason.DELETED: CloseCode.SANDBOX_DELETED,
}


def sentence(reason: EndReason) -> str:
    """Say to people why a sandbox ended."""
    return CLOSINGS[CLOSE_CODES[reason]].sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a sandbox may use. Bytes; ``cpus`` in cores."""

    memory: int = 1024 * 1024 * 1024
    cpus: float = 1.0
    pids: int = 256
    open_files: int = 4096
    shm: int = 256 * 1024 * 1024
    tmp: int = 256 * 1024 * 1024
    disk: int = 2 * 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxRecord:
    """The durable row of a sandbox. Each start raises ``generation``; calls that carry an older one are refused.

    ``uid`` is the sandbox's own user id, never 0, and its project's for good: it owns the workspace.
    Times are seconds since 1970.
    """

    project_id: str
    generation: int
    state: SandboxState
    uid: int
    limits: Limits
    template: str = "empty"
    container_id: str = ""
    changed_at: float = 0.0
    started_at: float = 0.0
    deadline: float | None = None
    end_reason: EndReason | None = None
    message: str = ""
