"""The audit log: entries are noted at once and written in batches, one transaction a second at most."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from control_plane.domain.audit import AuditAction, AuditEntry, AuditFilter
from control_plane.domain.errors import StoreUnavailable
from control_plane.ports import AuditStore, Clock

log = structlog.stdlib.get_logger()

BATCH_SEC: Final = 1.0
MAX_WAITING: Final = 10_000
"""Entries that wait for the database; further ones are counted, and the count is written."""
MAX_TEXT: Final = 200
PRUNE_EVERY_SEC: Final = 3600.0
TRUSTED_SKEW_SEC: Final = 3600.0
"""A clock that was set by more since the start is not believed when it says that entries are old."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, and from where."""

    person_id: str = ""
    address: str = ""


SYSTEM: Final = Actor()


class AuditLog:
    """Notes what happens. ``record`` never waits and never fails."""

    def __init__(self, store: AuditStore, clock: Clock, retention_days: int = 0) -> None:
        """``retention_days`` 0 keeps entries for good."""
        self._store = store
        self._clock = clock
        self._retention_sec = retention_days * 86400.0
        self._waiting: deque[AuditEntry] = deque()
        self._lost = 0
        self.lost = 0
        """Entries that were given up since the start; the log itself tells them, too."""
        self._some = asyncio.Event()
        self._writing = asyncio.Lock()
        self._pruned_at = float("-inf")
        self._skew_at_start = self._skew()

    def record(self, action: AuditAction, actor: Actor = SYSTEM, *, project_id: str = "", **detail: Any) -> None:
        """Note that something happened. Texts of ``detail`` are cut to a bounded length."""
        if len(self._waiting) >= MAX_WAITING:
            self._lost += 1
            self.lost += 1
            return
        cut = {name: value[:MAX_TEXT] if isinstance(value, str) else value for name, value in detail.items()}
        self._waiting.append(
            AuditEntry(
                at=self._clock.now(),
                action=action,
                actor=actor.person_id,
                project_id=project_id,
                address=actor.address,
                detail=cut,
            )
        )
        self._some.set()

    def _skew(self) -> float:
        """How far the wall clock is ahead of the one that never jumps: the same for good, unless somebody sets it."""
        return self._clock.now() - self._clock.monotonic()

    @property
    def waiting(self) -> int:
        """Entries that wait for the database."""
        return len(self._waiting)

    async def flush(self) -> None:
        """Write what waits. Raises ``StoreUnavailable``; then it still waits.

        One that is called off is done all the same: the database may be committing, and what waits on would be written twice.
        """
        writing = asyncio.create_task(self._write(), name="audit flush")
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            if writing.exception() is not None:
                log.warning("audit_waits", entries=len(self._waiting))
            raise

    async def _write(self) -> None:
        async with self._writing:
            batch = list(self._waiting)
            if self._lost:
                detail = {"entries": self._lost}
                batch.append(AuditEntry(at=self._clock.now(), action=AuditAction.AUDIT_LOST, detail=detail))
            if not batch:
                return
            lost = self._lost
            await self._store.append(batch)
            self._lost -= lost
            for _ in range(len(batch) - bool(lost)):
                self._waiting.popleft()

    async def read(self, wanted: AuditFilter, limit: int) -> Sequence[AuditEntry]:
        """Return entries, newest first, those that wait included. Raises ``StoreUnavailable``."""
        await self.flush()
        return await self._store.read(wanted, limit)

    async def run(self) -> None:
        """Write batches and remove what is too old; ends only when cancelled."""
        while True:
            await self._some.wait()
            self._some.clear()
            try:
                await self.flush()
                await self._prune()
            except StoreUnavailable as error:
                log.warning("audit_waits", message=error.message, entries=len(self._waiting))
                self._some.set()
            await self._clock.sleep(BATCH_SEC)

    async def _prune(self) -> None:
        if not self._retention_sec or abs(self._skew() - self._skew_at_start) > TRUSTED_SKEW_SEC:
            return
        if self._clock.monotonic() - self._pruned_at >= PRUNE_EVERY_SEC:
            self._pruned_at = self._clock.monotonic()
            await self._store.prune(self._clock.now() - self._retention_sec)
