"""Projects frozen as archives and made from them: bytes that pass from a sandbox to the store and from there to another."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import aclosing, suppress
from typing import Final
from urllib.parse import urlencode

import structlog

from control_plane.domain.archives import Archive
from control_plane.domain.courses import Assignment, Submission
from control_plane.domain.errors import StoreUnavailable, TimedOut
from control_plane.domain.people import Person
from control_plane.domain.project import ProjectRecord
from control_plane.ports import AgentLink, ArchiveStore, Clock
from control_plane.services.agent_answers import bounded, raise_for_agent
from control_plane.services.people.directory import Directory
from control_plane.services.projects import Projects
from control_plane.services.sandboxes.sandboxes import Sandboxes
from sandbox_image.wire.limits import MAX_JSON_BODY

log = structlog.stdlib.get_logger()

EXPORT_TIMEOUT_SEC: Final = 180.0
"""A sandbox that sends a byte now and then is not waited for any longer."""
SLOW_SEC: Final = 30.0
"""A project that is read for this long after the deadline may hold work of after it."""
UNUSED_SEC: Final = 3600.0
"""An archive that nothing refers to stays this long: somebody may be about to, or still read it."""
KEPT_REPLACED: Final = 2
"""Of what one submission replaced, so many stay for ``UNUSED_SEC``: who hands in without end must not fill the database."""
PRUNE_EVERY_SEC: Final = 3600.0


class ProjectArchives:
    """Freezes projects and fills others. Archives that nothing refers to any more are removed by ``run``."""

    def __init__(
        self,
        store: ArchiveStore,
        projects: Projects,
        sandboxes: Sandboxes,
        link: AgentLink,
        directory: Directory,
        clock: Clock,
        max_bytes: int,
    ) -> None:
        self.store = store
        self._projects = projects
        self._sandboxes = sandboxes
        self._link = link
        self._directory = directory
        self._clock = clock
        self._max_bytes = max_bytes
        self._replaced: dict[str, deque[str]] = {}
        """Archives that were replaced, by what they were of. Forgotten at a restart; then ``prune`` finds them."""
        self._unused_since: dict[str, float] = {}
        """Since when, by the monotonic clock, nothing refers to an archive as far as was seen."""

    async def freeze(
        self,
        project_id: str,
        *,
        without: Sequence[str] = (),
        only: Sequence[str] = (),
        user: str = "",
        touch: bool = True,
    ) -> Archive:
        """Store a project's export, ``without`` some nodes, or ``only`` these. Wakes its sandbox.

        What could not be brought in again is refused: nobody could start with it, nor test it. Raises ``TooLarge``, ``TimedOut``, ``SandboxFailed``, and what the agent says.
        """
        nodes = {"without": ",".join(without)} if without else {"only": ",".join(only)} if only else {}
        query = urlencode({"importable": "true", **nodes})
        address = await self._sandboxes.ensure_ready(project_id, touch=touch)
        with self._sandboxes.using(project_id):
            try:
                async with (
                    asyncio.timeout(EXPORT_TIMEOUT_SEC),
                    self._link.stream(address, "GET", "/project/export", query=query, user=user) as export,
                ):
                    if export.status != 200:
                        raise_for_agent(export.status, await bounded(export.body(), MAX_JSON_BODY))
                    return await self.store.put(export.body(), self._max_bytes)
            except TimeoutError as error:
                raise TimedOut(f"The sandbox did not hand its project over within {EXPORT_TIMEOUT_SEC:g} s.") from error

    async def freeze_by(
        self, due: float | None, project_id: str, *, user: str = "", touch: bool = True
    ) -> tuple[Archive, bool]:
        """Freeze a project; tell whether reading it went on so long after ``due`` that work of then may be in it.

        A student can make that slow, by large files. Waiting for the sandbox does not count: nobody works in it then.
        """
        await self._sandboxes.ensure_ready(project_id, touch=touch)
        began = self._clock.monotonic()
        archive = await self.freeze(project_id, user=user, touch=touch)
        took = self._clock.monotonic() - began
        return archive, due is not None and min(took, self._clock.now() - due) > SLOW_SEC

    async def make(self, person: Person, name: str, archive_id: str) -> ProjectRecord:
        """Make a project from an archive. On failure nothing is left of it."""
        async with aclosing(self.store.read(archive_id)) as chunks:
            return await self._projects.bring_in(person, name, chunks)

    async def fill(self, record: ProjectRecord, person: Person, archive_id: str) -> None:
        """Fill a project that was just made. Raises what keeps it from being filled."""
        async with aclosing(self.store.read(archive_id)) as chunks:
            await self._projects.fill(record, person, chunks)

    async def replaced(self, of: str, archive_id: str) -> None:
        """Note that something of ``of`` took an archive's place. The latest can still be read for a while, older ones go."""
        if not archive_id:
            return
        replaced = self._replaced.setdefault(of, deque())
        replaced.append(archive_id)
        while len(replaced) > KEPT_REPLACED:
            with suppress(StoreUnavailable):  # pruning finds it
                await self.store.delete([replaced.popleft()])

    async def run(self) -> None:
        """Remove what nothing refers to, now and on a timer, until cancelled."""
        while True:
            try:
                await self.prune()
            except StoreUnavailable as error:
                log.warning("archives_not_pruned", message=error.message)
            await self._clock.sleep(PRUNE_EVERY_SEC)

    async def prune(self) -> None:
        """Remove archives that nothing has referred to for a while, by a clock that never jumps; also unfinished ones."""
        stored = await self.store.ids()
        await self._directory.look()
        used, now = self._used(), self._clock.monotonic()
        self._unused_since = {id_: self._unused_since.get(id_, now) for id_ in stored if id_ not in used}
        old = [id_ for id_, since in self._unused_since.items() if now - since >= UNUSED_SEC]
        for archive_id in old:
            await self.store.delete([archive_id])
            del self._unused_since[archive_id]
        if old:
            log.info("archives_pruned", archives=len(old))

    def _used(self) -> set[str]:
        identity = self._directory.identity
        assignments = identity.all(Assignment).values()
        handed_in = {record.archive_id for record in identity.all(Submission).values()}
        return handed_in | {id_ for record in assignments for id_ in (record.archive_id, record.tests_id)}
