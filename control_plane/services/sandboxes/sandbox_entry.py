"""One sandbox as the running control plane knows it: its durable row, and what need not outlive the process."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from control_plane.domain.egress import EgressPolicy
from control_plane.domain.sandbox import EndReason, SandboxRecord, SandboxState
from control_plane.ports import AgentAddress
from control_plane.services.sandboxes.start_backoff import StartBackoff
from sandbox_image.wire import events


class FlightKind(StrEnum):
    """What is being done to a sandbox; only one thing at a time."""

    OPEN = "open"
    PAUSE = "pause"
    STOP = "stop"
    CHANGE = "change"
    SETTLE = "settle"
    """What the engine reports of it is noted."""


@dataclass(slots=True)
class Flight:
    """An operation under way. ``done`` is resolved, with its error if any, whoever still waits for it."""

    kind: FlightKind
    done: asyncio.Future[None]
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Steps:
    """The parts of opening a sandbox, with the time that each took, as ``wire.events.Sandbox.steps`` shows them."""

    clock: Callable[[], float] = time.monotonic
    _steps: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    _since: float = 0.0

    def begin(self, name: str) -> None:
        """End the step that runs, and begin the next."""
        self.finish()
        self._since = self.clock()
        self._steps.append({"name": name, "state": "running", "duration_ms": 0.0})

    def finish(self, state: str = "done") -> None:
        """End the step that runs, as ``done`` or ``failed``."""
        if self._steps and self._steps[-1]["state"] == "running":
            self._steps[-1] |= {"state": state, "duration_ms": round((self.clock() - self._since) * 1000, 1)}

    def shown(self) -> list[dict[str, Any]]:
        """Return a copy for an event."""
        return [dict(step) for step in self._steps]


@dataclass(slots=True)
class SandboxEntry:
    """``address`` is set exactly while the sandbox is ready and known to run: that is all the hot path looks at."""

    record: SandboxRecord
    used_at: float
    """Monotonic time of the last use that the control plane saw."""
    wanted_at: float = float("-inf")
    """Monotonic time at which somebody last asked for it, or typed in it."""
    address: AgentAddress | None = None
    flight: Flight | None = None
    backoff: StartBackoff = field(default_factory=StartBackoff)
    in_use: int = 0
    """Requests that are being relayed now; above zero the sandbox is not idle."""
    awake_until: float = 0.0
    paused_at: float = 0.0
    born_at: float = 0.0
    """Monotonic time of its start: a clock that is set must not make a sandbox old."""
    outdated: bool = False
    """Whether the container that there is was made from an image that is no longer the newest."""
    in_slot: bool = False
    """Whether the queue counts it among those that it admitted, also when it is ready already."""
    queue_position: int | None = None
    queue_reason: str = ""
    """Why it waits, where it is not just for others that are being started."""
    pauses_in: float | None = None
    stops_in: float | None = None
    busy: list[str] = field(default_factory=list[str])
    steps: Steps = field(default_factory=Steps)
    egress: EgressPolicy | None = None
    """What its gate was told to let through last."""
    ended: asyncio.Future[EndReason] | None = None
    """Resolved when the generation that runs now ends; sockets wait for it."""

    @property
    def state(self) -> SandboxState:
        """Where the sandbox is in its life."""
        return self.record.state

    def end(self, reason: EndReason) -> None:
        """Tell everybody who waits for the end of this generation."""
        self.address = None
        self.outdated = False
        if self.ended is not None and not self.ended.done():
            self.ended.set_result(reason)
        self.ended = None

    def shown(self) -> events.Sandbox:
        """Describe the sandbox to people."""
        return events.Sandbox(
            state=self.record.state.value,
            reason=self.record.end_reason.value if self.record.end_reason else "",
            message=self.queue_reason if self.queue_position is not None else self.record.message,
            queue_position=self.queue_position,
            pauses_in_sec=self.pauses_in,
            stops_in_sec=self.stops_in,
            busy=list(self.busy),
            update_ready=self.outdated,
            steps=self.steps.shown(),
        )
