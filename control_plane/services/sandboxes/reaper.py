"""Idle sandboxes rest: ready ones are paused, paused ones stopped, old ones stopped whatever they do.

Idle means: no user input for a while, as the control plane and the agent saw it, and nothing running in the sandbox. An
open tab that nobody touches is idle; a training job that nobody watches is not.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from control_plane.domain.errors import AimforgeError, SandboxMisbehaved
from control_plane.domain.sandbox import EndReason, SandboxState
from control_plane.ports import AgentLink, Clock
from control_plane.services.sandboxes.sandbox_entry import SandboxEntry
from control_plane.services.sandboxes.sandboxes import Sandboxes
from control_plane.services.unreadable import UNREADABLE
from sandbox_image.wire.agent import Activity

log = structlog.stdlib.get_logger()

ACTIVITY_TIMEOUT_SEC: Final = 3.0
PRESSED_IDLE_SEC: Final = 60.0
"""While memory is short, idle this long is long enough to be paused, and so to be stopped next."""
MAX_BUSY: Final = 8
MAX_ACTIVITY: Final = 64 * 1024
"""Bytes of an agent's answer about it."""
"""Reasons that are shown of what keeps a sandbox busy."""


class Reaper:
    """Looks at all sandboxes once in a while."""

    def __init__(
        self,
        sandboxes: Sandboxes,
        link: AgentLink,
        clock: Clock,
        every_sec: float,
        can_pause: Callable[[], bool] = lambda: True,
    ) -> None:
        """``can_pause`` tells of the engine; one that cannot has idle sandboxes stopped when paused ones would be."""
        self._can_pause = can_pause
        self._sandboxes = sandboxes
        self._link = link
        self._clock = clock
        self._every_sec = every_sec
        self._patience_sec = sandboxes.policy.idle_pause_sec
        """Idle this long, a sandbox is paused at this look."""

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self._clock.sleep(self._every_sec)
            await self.look()

    async def look(self) -> None:
        """Look at all sandboxes once. One that cannot be dealt with now is dealt with next time."""
        self._patience_sec = self._sandboxes.policy.idle_pause_sec
        if self._sandboxes.short_of_memory:
            self._patience_sec = min(self._patience_sec, PRESSED_IDLE_SEC)
        self._sandboxes.relieve()
        async with asyncio.TaskGroup() as group:
            for entry in self._sandboxes.entries():
                if entry.flight is None:
                    group.create_task(self._look_at(entry))

    async def _look_at(self, entry: SandboxEntry) -> None:
        try:
            if entry.state is SandboxState.READY and entry.address is not None:
                await self._look_at_ready(entry)
            elif entry.state is SandboxState.PAUSED:
                await self._look_at_paused(entry)
        except AimforgeError as error:
            log.warning("reaper", project_id=entry.record.project_id, message=error.message)

    async def _look_at_ready(self, entry: SandboxEntry) -> None:
        policy = self._sandboxes.policy
        if self._clock.monotonic() - entry.born_at >= policy.max_age_sec:
            await self._sandboxes.stop(entry.record.project_id, EndReason.TOO_OLD)
            return
        idle = await self._idle_for(entry)
        if not self._can_pause():
            rest = 0.0 if self._sandboxes.short_of_memory else policy.idle_stop_sec
            await self._stop_or_count_down(entry, self._patience_sec + rest - idle)
            return
        if idle >= self._patience_sec:
            await self._sandboxes.pause(entry.record.project_id)
            return
        left = self._patience_sec - idle
        self._count_down(entry, left if left <= policy.countdown_sec else None)

    async def _look_at_paused(self, entry: SandboxEntry) -> None:
        policy = self._sandboxes.policy
        left = entry.paused_at + policy.idle_stop_sec - self._clock.monotonic()
        if left > 0 and self._clock.monotonic() - entry.born_at >= policy.max_age_sec:
            await self._sandboxes.stop(entry.record.project_id, EndReason.TOO_OLD)
            return
        await self._stop_or_count_down(entry, left)

    async def _stop_or_count_down(self, entry: SandboxEntry, left: float) -> None:
        if left <= 0:
            await self._sandboxes.stop(entry.record.project_id, EndReason.IDLE)
            return
        shown = left if left <= self._sandboxes.policy.countdown_sec else None
        if shown != entry.stops_in:
            entry.stops_in = shown
            self._sandboxes.moves.tell(entry)

    async def _idle_for(self, entry: SandboxEntry) -> float:
        """Return for how many seconds the sandbox has been idle; 0 while something keeps it awake."""
        policy = self._sandboxes.policy
        now = self._clock.monotonic()
        idle = now - entry.used_at
        if entry.in_use or now < entry.awake_until:
            return 0.0
        if idle < self._patience_sec - policy.countdown_sec or entry.address is None:
            return idle
        try:
            answer = await self._link.request(
                entry.address, "GET", "/activity", timeout_sec=ACTIVITY_TIMEOUT_SEC, max_body=MAX_ACTIVITY
            )
            activity = msgspec.json.decode(answer.body, type=Activity)
        except (SandboxMisbehaved, *UNREADABLE):
            # An agent that does not tell is not kept awake for it: its sandbox idles by what we saw ourselves.
            return idle
        busy = [reason[:200] for reason in activity.busy[:MAX_BUSY]]
        if busy != entry.busy:
            entry.busy = busy
            self._sandboxes.moves.tell(entry)
        idle = self._clock.monotonic() - entry.used_at
        return 0.0 if busy or entry.in_use else min(idle, max(0.0, activity.idle_sec))

    def _count_down(self, entry: SandboxEntry, left: float | None) -> None:
        if left != entry.pauses_in:
            entry.pauses_in = left
            self._sandboxes.moves.tell(entry)
