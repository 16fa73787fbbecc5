"""Sandboxes that live get what their projects may use now: who changed it, an exam that begins, a role that is another one.

One loop compares what each was given with what it may have, so that there is no list of events to remember. Limits that an
engine does not take while a sandbox runs hold from its next start.
"""

import asyncio
from typing import Final

import structlog

from control_plane.domain.errors import AimforgeError, Conflict, StoreUnavailable
from control_plane.domain.sandbox import Limits, SandboxState
from control_plane.ports import Clock, Egress
from control_plane.services.sandboxes.allowances import Allowances
from control_plane.services.sandboxes.sandbox_entry import SandboxEntry
from control_plane.services.sandboxes.sandboxes import Sandboxes

log = structlog.stdlib.get_logger()

LOOK_EVERY_SEC: Final = 2.0
SWEEP_EVERY_SEC: Final = 300.0
RUNS: Final = frozenset({SandboxState.READY, SandboxState.PAUSED})
HAS_A_GATE: Final = RUNS | {SandboxState.STARTING, SandboxState.PAUSING, SandboxState.RESUMING}


class Enforcement:
    """Keeps what runs within what is allowed."""

    def __init__(self, sandboxes: Sandboxes, allowances: Allowances, egress: Egress, clock: Clock) -> None:
        self._sandboxes = sandboxes
        self._allowances = allowances
        self._egress = egress
        self._clock = clock
        self._changing = asyncio.Lock()
        self._wake = asyncio.Event()
        self._refused: dict[str, tuple[int, Limits]] = {}
        """Limits that the engine did not take, with the generation that it refused them for."""

    def soon(self, *_: object) -> None:
        """Look soon: something may have changed. Never waits."""
        self._wake.set()

    async def run(self) -> None:
        """Look every two seconds, and when told; ends only when cancelled."""
        swept_at = self._clock.monotonic()
        while True:
            await self._nap()
            await self.apply()
            if self._clock.monotonic() - swept_at >= SWEEP_EVERY_SEC:
                swept_at = self._clock.monotonic()
                try:
                    await self._allowances.sweep()
                except StoreUnavailable as error:
                    log.warning("allowances.not_swept", message=error.message)

    async def apply(self) -> list[str]:
        """Give each sandbox what it may have now. Returns the projects whose limits hold from the next start only."""
        async with self._changing:
            for entry in self._sandboxes.entries():
                try:
                    await self._apply_egress(entry)
                    await self._apply_limits(entry)
                except AimforgeError as error:
                    log.warning("allowance.not_applied", project_id=entry.record.project_id, message=error.message)
            known = {entry.record.project_id: entry.record.generation for entry in self._sandboxes.entries()}
            self._refused = {
                project_id: (generation, limits)
                for project_id, (generation, limits) in self._refused.items()
                if known.get(project_id) == generation
            }
            return sorted(self._refused)

    async def _apply_egress(self, entry: SandboxEntry) -> None:
        if entry.state not in HAS_A_GATE or entry.egress is None:
            return
        if self._allowances.egress_of(entry.record.project_id) != entry.egress:
            await self._sandboxes.moves.open_gate(entry)
            if entry.state not in HAS_A_GATE:  # it ended meanwhile, and its gate was closed before this one was opened
                await self._egress.close(entry.record.project_id)

    async def _apply_limits(self, entry: SandboxEntry) -> None:
        project_id, generation = entry.record.project_id, entry.record.generation
        if entry.state not in RUNS or entry.flight is not None:
            return
        limits = self._allowances.limits_of(project_id)
        if limits == entry.record.limits or self._refused.get(project_id) == (generation, limits):
            return
        try:
            await self._sandboxes.change_limits(project_id, limits)
        except Conflict as error:
            self._refused[project_id] = (generation, limits)
            log.warning("limits.at_next_start", project_id=project_id, message=error.message)

    async def _nap(self) -> None:
        """Wait for the time to look, or for somebody who says that it has come."""
        sleeping = asyncio.ensure_future(self._clock.sleep(LOOK_EVERY_SEC))
        woken = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait((sleeping, woken), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            woken.cancel()
            self._wake.clear()
