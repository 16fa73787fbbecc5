"""When projects were last opened: known at once, written down in batches, so that a class that comes in is one transaction."""

from dataclasses import replace
from typing import Final

import structlog

from control_plane.domain.errors import StoreUnavailable
from control_plane.ports import Clock, ProjectStore
from control_plane.services.project_registry import ProjectRegistry

log = structlog.stdlib.get_logger()

WRITE_EVERY_SEC: Final = 5.0


class OpenedProjects:
    """Notes openings. A control plane that is killed loses the last seconds of them, and nothing else."""

    def __init__(self, registry: ProjectRegistry, store: ProjectStore, clock: Clock) -> None:
        self._registry = registry
        self._store = store
        self._clock = clock
        self._waiting: dict[str, float] = {}

    def note(self, project_id: str) -> None:
        """Note that somebody opens the project now; never waits. Raises ``NotFound``."""
        now = self._clock.now()
        self._registry.remember(replace(self._registry.get(project_id), opened_at=now))
        self._waiting[project_id] = now

    async def flush(self) -> None:
        """Write what waits. Raises ``StoreUnavailable``; then it still waits."""
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            await self._store.note_opened(waiting)
        except StoreUnavailable:
            self._waiting = waiting | self._waiting
            raise

    async def run(self) -> None:
        """Write batches; ends only when cancelled."""
        while True:
            await self._clock.sleep(WRITE_EVERY_SEC)
            try:
                await self.flush()
            except StoreUnavailable as error:
                log.warning("openings_wait", message=error.message, projects=len(self._waiting))
