"""The database and the engine are compared, both ways: at the start, on a timer, as containers end, and where an agent
cannot be reached.

What we know is adopted, what ended is recorded with its reason, and containers of this deployment that nothing knows are
removed once they are older than a minute. Nothing is removed when the store does not answer.
"""

from collections.abc import Coroutine, Sequence
from typing import Any, Final

import structlog

from control_plane.domain.errors import AimforgeError
from control_plane.domain.sandbox import EndReason, SandboxState
from control_plane.ports import AgentLink, Clock, Container, ProjectStore, SandboxRuntime
from control_plane.services.deletions import Deletions
from control_plane.services.sandboxes.sandbox_entry import SandboxEntry
from control_plane.services.sandboxes.sandboxes import Sandboxes

log = structlog.stdlib.get_logger()

UNKNOWN_AGE_SEC: Final = 60.0
"""A container that nothing knows may just be starting; older than this it is left over."""
AT_REST: Final = frozenset({SandboxState.ABSENT, SandboxState.STOPPED, SandboxState.FAILED, SandboxState.DELETED})
"""States without a container that should run."""


class Reconciler:
    """Compares what should be with what is."""

    def __init__(
        self,
        runtime: SandboxRuntime,
        link: AgentLink,
        sandboxes: Sandboxes,
        deletions: Deletions,
        projects: ProjectStore,
        clock: Clock,
        every_sec: float,
    ) -> None:
        self._runtime = runtime
        self._link = link
        self._sandboxes = sandboxes
        self._deletions = deletions
        self._projects = projects
        self._clock = clock
        self._every_sec = every_sec

    async def run(self) -> None:
        """Compare now and on a timer, until cancelled. An engine that does not answer is asked again next time."""
        while True:
            await self.compare()
            await self._clock.sleep(self._every_sec)
            self._deletions.retry()

    async def watch_ends(self) -> None:
        """Record the end of each container as the engine reports it, until cancelled."""
        async for container in self._runtime.ends():
            try:
                await self._sandboxes.container_ended(container)
            except AimforgeError as error:
                log.warning("end_not_recorded", project_id=container.project_id, message=error.message)

    async def watch_unreached(self) -> None:
        """Find out what became of each sandbox whose agent cannot be reached, until cancelled.

        An engine that went away tells nobody which containers ended with it: whoever comes next is the first to notice,
        and a second attempt must start the sandbox anew.
        """
        async for address in self._link.unreached():
            await tried(address.project_id, self._adopt_one(address.project_id, address.generation, None))

    async def compare(self) -> None:
        """Compare once."""
        expected = {
            entry.record.project_id: entry.record.generation
            for entry in self._sandboxes.entries()
            if entry.flight is None and entry.state not in AT_REST
        }
        try:
            containers = await self._runtime.list()
            known = {record.id for record in await self._projects.list()}
            await self._adopt(expected, containers)
            await self._remove_unknown(containers)
            await self._remove_workspaces(known | {container.project_id for container in await self._runtime.list()})
        except AimforgeError as error:
            log.warning("reconcile", message=error.message)

    async def _adopt(self, expected: dict[str, int], containers: Sequence[Container]) -> None:
        found = {(container.project_id, container.generation): container for container in containers}
        for project_id, generation in expected.items():
            await tried(project_id, self._adopt_one(project_id, generation, found.get((project_id, generation))))

    async def _adopt_one(self, project_id: str, generation: int, container: Container | None) -> None:
        entry = self._current(project_id, generation)
        if entry is None:
            return
        if entry.state is SandboxState.QUEUED:
            await self._sandboxes.stop(project_id)
            return
        if container is None:
            # The list may be older than the start that it does not show: ask for this one before it is given up.
            container_id = entry.record.container_id
            container = await self._runtime.inspect(container_id) if container_id else None
            entry = self._current(project_id, generation)
            if entry is None:
                return
        if entry.state is SandboxState.STOPPING:
            await self._sandboxes.stop(project_id, entry.record.end_reason or EndReason.BY_USER)
        elif container is None or not agrees(entry, container):
            await self._sandboxes.adopt(entry, container)
        else:
            self._sandboxes.moves.note_image(entry, container)

    def _current(self, project_id: str, generation: int) -> SandboxEntry | None:
        """Return the entry if it is still the one that was looked at, with nothing being done to it."""
        for entry in self._sandboxes.entries():
            record = entry.record
            if record.project_id == project_id and record.generation == generation:
                return entry if entry.flight is None and entry.state not in AT_REST else None
        return None

    async def _remove_unknown(self, containers: Sequence[Container]) -> None:
        entries = {entry.record.project_id: entry for entry in self._sandboxes.entries()}
        for container in containers:
            entry = entries.get(container.project_id)
            if entry is not None and (entry.flight is not None or belongs(entry, container)):
                continue
            if self._clock.now() - container.created_at > UNKNOWN_AGE_SEC:
                log.info("unknown_container_removed", container_id=container.id, project_id=container.project_id)
                await tried(container.project_id, self._runtime.stop(container.id))

    async def _remove_workspaces(self, needed: set[str]) -> None:
        for project_id in await self._runtime.workspaces():
            if project_id not in needed and not self._sandboxes.knows(project_id):
                log.info("unknown_workspace_removed", project_id=project_id)
                await tried(project_id, self._runtime.delete_workspace(project_id))


async def tried(project_id: str, work: Coroutine[Any, Any, None]) -> None:
    """Await what is done about one project; that it fails keeps nothing from being done about the others."""
    try:
        await work
    except AimforgeError as error:
        log.warning("reconcile", project_id=project_id, message=error.message)


def belongs(entry: SandboxEntry, container: Container) -> bool:
    """Tell whether the container is the one that the row speaks of."""
    return entry.state not in AT_REST and container.generation == entry.record.generation


def agrees(entry: SandboxEntry, container: Container) -> bool:
    """Tell whether a sandbox that is known to run, or to sleep, is as the engine says."""
    if entry.address is not None:
        return container.state.value == "running"
    return entry.state is SandboxState.PAUSED and container.state.value == "paused" and entry.ended is not None
