"""What happens to sandboxes, counted and written down on its way to a project's viewers."""

from typing import Any, Final

import structlog

from control_plane.domain.audit import AuditAction
from control_plane.domain.sandbox import SandboxState
from control_plane.ports import Clock, EventSink, TracedPart
from control_plane.services.audit import AuditLog
from control_plane.services.metrics import Metrics
from control_plane.services.tracing import Tracing, bound_ids
from sandbox_image.wire import events

log = structlog.stdlib.get_logger()

ENDED: Final = frozenset({SandboxState.STOPPED, SandboxState.FAILED, SandboxState.DELETED})
BEGUN: Final = frozenset({SandboxState.QUEUED, SandboxState.STARTING})
DENIALS_A_MINUTE: Final = 20
"""Refused connections of one project that are written down each minute; a sandbox can try as often as it likes."""


class ObservedEvents:
    """Passes as ``ports.EventSink``."""

    def __init__(
        self, sink: EventSink, audit: AuditLog, metrics: Metrics, clock: Clock, tracing: Tracing | None = None
    ) -> None:
        self._sink = sink
        self._audit = audit
        self._metrics = metrics
        self._clock = clock
        self._tracing = tracing or Tracing()
        self._states: dict[str, str] = {}
        self._begun_at: dict[str, float] = {}
        self._denials: dict[str, tuple[float, int]] = {}

    def publish(self, project_id: str, data: Any) -> None:
        """Pass on an event."""
        if isinstance(data, events.Sandbox):
            self._note_state(project_id, data)
        elif isinstance(data, events.EgressDenied):
            self._note_denial(project_id, data)
        self._sink.publish(project_id, data)

    def _note_state(self, project_id: str, data: events.Sandbox) -> None:
        before = self._states.get(project_id)
        if before == data.state:
            return
        self._states[project_id] = data.state
        if data.state in BEGUN:
            self._begun_at.setdefault(project_id, self._clock.monotonic())
        elif data.state == SandboxState.READY:
            begun_at = self._begun_at.pop(project_id, None)
            if begun_at is not None:
                seconds = self._clock.monotonic() - begun_at
                log.info("sandbox_ready", project_id=project_id, seconds=round(seconds, 3))
                self._trace(project_id, data)
                self._metrics.starts.observe(seconds)
                self._audit.record(AuditAction.SANDBOX_STARTED, project_id=project_id, seconds=round(seconds, 3))
        elif data.state in ENDED:
            if self._begun_at.pop(project_id, None) is not None:
                self._trace(project_id, data)
            if before not in ENDED:
                log.info("sandbox_ended", project_id=project_id, reason=data.reason)
                self._metrics.ends[data.reason or "unknown"] += 1
                self._audit.record(
                    AuditAction.SANDBOX_ENDED, project_id=project_id, reason=data.reason, message=data.message
                )
        if data.state == SandboxState.DELETED:
            self._states.pop(project_id, None)
            self._denials.pop(project_id, None)

    def _trace(self, project_id: str, data: events.Sandbox) -> None:
        """Tell of a start that is over, step by step; the steps follow one another and the last ends now."""
        if not self._tracing.on:
            return
        parts: list[TracedPart] = []
        ended = self._clock.now()
        for step in reversed(data.steps):
            began = ended - step["duration_ms"] / 1000
            parts.insert(0, TracedPart(name=step["name"], began=began, ended=ended, failed=step["state"] == "failed"))
            ended = began
        ids = bound_ids() | {"project_id": project_id}
        self._tracing.tell("sandbox start", parts, state=data.state, reason=data.reason, **ids)

    def _note_denial(self, project_id: str, data: events.EgressDenied) -> None:
        self._metrics.egress_denied += 1
        now = self._clock.monotonic()
        since, count = self._denials.get(project_id, (now, 0))
        if now - since >= 60:
            since, count = now, 0
        self._denials[project_id] = (since, count + 1)
        if count < DENIALS_A_MINUTE:
            self._audit.record(
                AuditAction.EGRESS_DENIED, project_id=project_id, host=data.host, port=data.port, reason=data.reason
            )
