"""Collecting at the deadline: what was started and not handed in is frozen as it is then."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import structlog

from control_plane.domain.audit import AuditAction
from control_plane.domain.courses import Assignment, Submission, without_failure
from control_plane.domain.errors import AimforgeError, NotFound, StoreUnavailable
from control_plane.domain.identity import Change, Identity, Put
from control_plane.domain.sandbox import EndReason
from control_plane.ports import Clock
from control_plane.services.audit import SYSTEM, AuditLog
from control_plane.services.courses.hidden_test_run import cut
from control_plane.services.courses.submissions import Submissions
from control_plane.services.people.directory import Directory
from control_plane.services.sandboxes.sandboxes import Sandboxes

log = structlog.stdlib.get_logger()

LOOK_EVERY_SEC: Final = 1.0
AT_ONCE: Final = 4
"""Projects that are collected at the same time; each may need its sandbox started."""
ATTEMPTS: Final = 3
RETRY_SEC: Final = 5.0
"""At the deadline itself; then the teacher is told, and it is tried again by and by."""
FIRST_AGAIN_SEC: Final = 60.0
MOST_AGAIN_SEC: Final = 3600.0
MOST_FAILURES: Final = 24
"""After so many, most of a day, it is not tried again by itself: each time starts a sandbox."""


class Collection:
    """Watches the deadlines. What is to be done is told by the records alone, so a restart goes on where it was."""

    def __init__(
        self, directory: Directory, submissions: Submissions, sandboxes: Sandboxes, audit: AuditLog, clock: Clock
    ) -> None:
        self._directory = directory
        self._submissions = submissions
        self._sandboxes = sandboxes
        self._audit = audit
        self._clock = clock

    async def run(self) -> None:
        """Collect as deadlines pass, until cancelled. No assignment waits for another's sandboxes."""
        under_way: dict[str, asyncio.Task[bool]] = {}
        room = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:

            def begin(id_: str, work: Callable[..., Awaitable[None]], *arguments: object) -> None:
                if id_ not in under_way:
                    under_way[id_] = task = group.create_task(self._quietly(work, *arguments))
                    task.add_done_callback(lambda _: under_way.pop(id_))

            while True:
                for assignment in self.due():
                    begin(assignment.id, self.collect, assignment)
                for record in self._submissions.to_retry():
                    begin(record.id, self._retry, record, room)
                await self._clock.sleep(LOOK_EVERY_SEC)

    def due(self) -> list[Assignment]:
        """Return the assignments to collect now."""
        now = self._clock.now()
        return [a for a in self._directory.identity.all(Assignment).values() if is_due(a, now)]

    async def collect(self, assignment: Assignment) -> None:
        """Collect an assignment; it is due again when not all could be seen to."""
        room = asyncio.Semaphore(AT_ONCE)

        async def one(record: Submission) -> bool:
            async with room:
                return await self._quietly(self._collect_one, assignment, record)

        seen_to = await asyncio.gather(*(one(record) for record in self._submissions.to_collect(assignment)))
        if not all(seen_to):
            return

        def make(identity: Identity) -> tuple[list[Change], None]:
            current = identity.get(Assignment, assignment.id)
            if current is None or current.due_at != assignment.due_at:
                return [], None  # deleted, or put off, while it was collected
            return [Put(replace(current, collected_at=self._clock.now()))], None

        await self._directory.change(make)

    async def _retry(self, record: Submission, room: asyncio.Semaphore) -> None:
        """Try once more what could not be collected at the deadline."""
        async with room:
            assignment = self._directory.identity.get(Assignment, record.assignment_id)
            if assignment is None or assignment.collected_at is None:
                return  # it was deleted, or its deadline put off: then it is collected with the others
            if self._submissions.project_of(record) is None:
                await self._fail(
                    assignment, record, NotFound("The student's project was deleted meanwhile."), last=True
                )
                return
            if all(pending.id != record.id for pending in self._submissions.to_collect(assignment)):
                await self._submissions.change(record.id, without_failure)
                return
            await self._collect_one(assignment, record, attempts=1)

    async def _collect_one(self, assignment: Assignment, record: Submission, attempts: int = ATTEMPTS) -> None:
        """Collect one student's project, and let its sandbox rest again if it did before."""
        rested, began = self._sandboxes.address_of(record.project_id) is None, self._clock.monotonic()
        for attempt in range(1, attempts + 1):
            try:
                await self._submissions.collect(assignment, record.id)
                break
            except StoreUnavailable:
                raise
            except AimforgeError as error:
                if attempt == attempts:
                    await self._fail(assignment, record, error)
                    break
                await self._clock.sleep(RETRY_SEC)
        if rested and self._sandboxes.knows(record.project_id):
            entry = self._sandboxes.entry(record.project_id)
            if not entry.in_use and entry.wanted_at < began:
                await self._sandboxes.stop(record.project_id, EndReason.IDLE)

    async def _fail(
        self, assignment: Assignment, record: Submission, error: AimforgeError, *, last: bool = False
    ) -> None:
        """Note for the teacher why it could not be collected, and when it is tried again."""
        message = cut(error.message)

        def noted(before: Submission) -> Submission:
            if before.archive_id != record.archive_id:
                return without_failure(before)  # handed in, while this failed
            failures = before.collect_failures + 1
            over = last or failures >= MOST_FAILURES
            return replace(
                before,
                uncollected_code=error.code.value,
                uncollected_message=message,
                collect_failures=failures,
                collect_at=None if over else self._clock.now() + again_after(failures),
            )

        await self._submissions.change(record.id, noted)
        log.warning("not_collected", assignment_id=assignment.id, project_id=record.project_id, message=message)
        self._audit.record(
            AuditAction.SUBMISSION_NOT_COLLECTED,
            SYSTEM,
            project_id=record.project_id,
            course_id=assignment.course_id,
            assignment_id=assignment.id,
            login=record.login,
            message=message,
        )

    @staticmethod
    async def _quietly(work: Callable[..., Awaitable[None]], *arguments: object) -> bool:
        """Tell whether it went well: what goes wrong for one must not keep the others from being collected."""
        try:
            await work(*arguments)
        except AimforgeError as error:
            log.warning("collection_interrupted", message=error.message)
        except Exception:
            log.exception("collection_failed")
        else:
            return True
        return False


def is_due(assignment: Assignment, now: float) -> bool:
    """Tell whether an assignment's deadline has passed and nothing was collected since."""
    published = assignment.published_at is not None
    return published and assignment.collected_at is None and assignment.due_at is not None and assignment.due_at <= now


def again_after(failures: int) -> float:
    """Return how many seconds after so many failures it is tried again: twice as long each time, up to an hour."""
    return min(FIRST_AGAIN_SEC * 2 ** (failures - 1), MOST_AGAIN_SEC)
