"""Hidden tests of all submissions: several at once, each in a sandbox of its own, with a table of what they said."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final, Self

import structlog

from control_plane.domain.audit import AuditAction
from control_plane.domain.courses import Assignment, Submission
from control_plane.domain.errors import AimforgeError, Conflict
from control_plane.domain.hidden_tests import UNFINISHED, RowState, TestRow
from control_plane.domain.people import Person
from control_plane.domain.project import ProjectRecord, course_owner, is_courses_own
from control_plane.domain.refusals import Refusal
from control_plane.ports import Clock, HiddenTestStore
from control_plane.services.audit import Actor, AuditLog
from control_plane.services.courses.assignments import Assignments
from control_plane.services.courses.hidden_test_run import HiddenTestRun, cut
from control_plane.services.courses.keyed_locks import KeyedLocks
from control_plane.services.courses.project_archives import ProjectArchives
from control_plane.services.courses.submissions import Submissions, project_name
from control_plane.services.deletions import Deletions
from control_plane.services.project_registry import ProjectRegistry
from control_plane.services.projects import Projects
from control_plane.services.sandboxes.allowances import Allowances

log = structlog.stdlib.get_logger()

INTERRUPTED: Final = "The server was started anew meanwhile: run these tests again."
TESTER_NAME: Final = "Hidden tests"


@dataclass(slots=True)
class Job:
    """The tests of one submission, under way. ``over``: nothing is left but to note the row, which is not called off."""

    row: TestRow
    task: asyncio.Task[None] | None = None
    over: bool = False

    def call_off(self) -> None:
        """End it, once: a second time would break off how it cleans up after itself."""
        if self.task is not None and not self.over and not self.task.cancelling():
            self.task.cancel()


class HiddenTests:
    """Runs hidden tests. Use as an async context manager: leaving it ends the runs, and the next start removes what is left."""

    def __init__(
        self,
        assignments: Assignments,
        submissions: Submissions,
        archives: ProjectArchives,
        rows: HiddenTestStore,
        steps: HiddenTestRun,
        registry: ProjectRegistry,
        projects: Projects,
        deletions: Deletions,
        allowances: Allowances,
        audit: AuditLog,
        clock: Clock,
        *,
        at_once: int,
        max_sec: float,
    ) -> None:
        """``at_once`` submissions are tested at the same time; each is given up ``max_sec`` after its sandbox is ready."""
        self._assignments = assignments
        self._submissions = submissions
        self._archives = archives
        self._rows = rows
        self._steps = steps
        self._registry = registry
        self._projects = projects
        self._deletions = deletions
        self._allowances = allowances
        self._audit = audit
        self._clock = clock
        self._max_sec = max_sec
        self._room = asyncio.Semaphore(at_once)
        self._jobs: dict[tuple[str, str], Job] = {}
        self._beginning = KeyedLocks()
        self._closing = False
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        for job in self._jobs.values():
            job.call_off()
        await self._group.__aexit__(None, None, None)

    async def resume(self) -> None:
        """Remove what the end of the last process left: projects of tests, and rows that are not over."""
        for project in self._registry.all():
            if is_courses_own(project.owner):
                self._deletions.begin(project.id)
        interrupted = [replace(r, state=RowState.FAILED, message=INTERRUPTED) for r in await self._rows.unfinished()]
        if interrupted:
            await self._rows.save(interrupted)

    # ── Looking ───────────────────────────────────────────────────────────────────────────────────────────────

    async def table(self, assignment_id: str) -> list[TestRow]:
        """Return the rows of an assignment by login, those that are under way included."""
        stored = {row.login: row for row in await self._rows.of(assignment_id)}
        live = {login: job.row for (id_, login), job in self._jobs.items() if id_ == assignment_id}
        return [row for _, row in sorted((stored | live).items())]

    def unfinished(self, assignment_id: str) -> list[TestRow]:
        """Return the rows that wait or run now."""
        return [job.row for (id_, _), job in self._jobs.items() if id_ == assignment_id]

    # ── Running ───────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self, actor: Actor, assignment_id: str, logins: Sequence[str]) -> int:
        """Test what these students handed in, or, for none named, all that was; return how many tests are under way.

        One whose tests are under way is not tested twice. Raises ``Conflict`` without published tests, ``NotFound``.
        """
        assignment = self._assignments.get(assignment_id)
        if not assignment.tests:
            message = "No hidden test is published: choose which nodes are hidden, then publish the assignment."
            raise Conflict(message, reason=Refusal.NO_HIDDEN_TESTS, assignment_id=assignment_id)
        chosen = [self._submissions.get(assignment_id, login) for login in dict.fromkeys(logins)]
        if not logins:
            chosen = [e.submission for e in self._submissions.all(assignment_id) if e.submission.archive_id]
        if not chosen:
            raise Conflict("Nothing was handed in yet.", reason=Refusal.NOTHING_HANDED_IN, assignment_id=assignment_id)
        new = [record for record in chosen if (assignment_id, record.login) not in self._jobs]
        jobs = {(assignment_id, record.login): Job(self._waiting(assignment, record)) for record in new}
        self._jobs |= jobs
        async with self._beginning.hold(assignment_id):
            try:
                await self._rows.save([job.row for job in jobs.values()])
            except BaseException:
                for key in jobs:
                    del self._jobs[key]
                raise
            for record in new:
                job = jobs[assignment_id, record.login]
                job.task = self._group.create_task(self._test(job, assignment, record))
            await asyncio.sleep(0)  # each begins: one that is cancelled before would not clean up after itself
        self._audit.record(
            AuditAction.TESTS_STARTED,
            actor,
            project_id=assignment.project_id,
            course_id=assignment.course_id,
            assignment_id=assignment_id,
            submissions=len(new),
        )
        return len(self.unfinished(assignment_id))

    async def cancel(self, actor: Actor, assignment: Assignment) -> None:
        """End the tests that wait or run. Returns when their sandboxes are gone."""
        async with self._beginning.hold(assignment.id):  # those whose rows are still being saved are ended as well
            jobs = [job for (id_, _), job in self._jobs.items() if id_ == assignment.id]
            tasks = [job.task for job in jobs if job.task is not None]
            for job in jobs:
                job.call_off()
        if tasks:
            await asyncio.wait(tasks)
            self._audit.record(
                AuditAction.TESTS_CANCELLED,
                actor,
                project_id=assignment.project_id,
                course_id=assignment.course_id,
                assignment_id=assignment.id,
                submissions=len(tasks),
            )

    def _waiting(self, assignment: Assignment, record: Submission) -> TestRow:
        return TestRow(
            assignment_id=assignment.id,
            login=record.login,
            state=RowState.WAITING,
            at=self._clock.now(),
            of=len(assignment.tests),
            digest=record.archive_digest,
            version=assignment.version,
        )

    async def _test(self, job: Job, assignment: Assignment, record: Submission) -> None:
        key = (assignment.id, record.login)
        try:
            async with self._room:
                await self._test_now(job, assignment, record)
        except asyncio.CancelledError:
            message = INTERRUPTED if self._closing else "Cancelled."
            job.row = replace(job.row, state=RowState.FAILED, message=message)
        except Exception:
            # The last line: a fault of ours in one test must not end the service, and with it all others.
            log.exception("hidden_tests_failed", assignment_id=assignment.id)
            message = "Something went wrong in the control plane; its log has the details."
            job.row = replace(job.row, state=RowState.FAILED, message=message)
        finally:
            job.over = True
            await self._keep(job)
            del self._jobs[key]

    async def _test_now(self, job: Job, assignment: Assignment, record: Submission) -> None:
        began = self._clock.monotonic()
        job.row = replace(job.row, state=RowState.RUNNING, at=self._clock.now())
        tests = [node for node, _ in assignment.tests]
        try:
            async with self._project(assignment, record) as (project, tester):
                with self._allowances.installing(project.id):
                    await self._steps.wake(project)
                    deadline = asyncio.get_running_loop().time() + self._max_sec
                    async with asyncio.timeout_at(deadline):
                        await self._archives.fill(project, tester, record.archive_id)
                        await self._steps.install(project)
                async with asyncio.timeout_at(deadline):
                    await self._steps.shut(project)
                    told = await self._steps.run(project, assignment.tests_id, tests)
            job.row = replace(job.row, state=RowState.DONE, results=told.results, message=told.message)
        except TimeoutError:
            message = f"The tests took more than {self._max_sec:g} s in all and were ended."
            job.row = replace(job.row, state=RowState.FAILED, message=message)
        except AimforgeError as error:
            job.row = replace(job.row, state=RowState.FAILED, message=cut(error.message))
        job.row = replace(job.row, at=self._clock.now(), duration_ms=(self._clock.monotonic() - began) * 1000)

    @asynccontextmanager
    async def _project(
        self, assignment: Assignment, record: Submission
    ) -> AsyncGenerator[tuple[ProjectRecord, Person]]:
        """Make a project of the course's own; it is gone, or its deletion goes on, after the block."""
        tester = Person(id=course_owner(assignment.course_id), name=TESTER_NAME)
        name = project_name(f"{TESTER_NAME}: {assignment.title[:80]} – {record.login[:80]}")
        project = await self._projects.make_blank(tester, name)
        try:
            yield project, tester
        finally:
            await asyncio.shield(self._remove(project))

    async def _remove(self, project: ProjectRecord) -> None:
        if self._closing:
            return  # the end of the process does not wait for the engine: the next start removes it
        try:
            await self._deletions.delete(project.id, at_once=True)
        except AimforgeError as error:
            # The row stays, marked: the reconciler's timer tries again.
            log.warning("test_project_remains", project_id=project.id, message=error.message)

    async def _keep(self, job: Job) -> None:
        if job.row.state in UNFINISHED:
            job.row = replace(job.row, state=RowState.FAILED, message=INTERRUPTED)
        try:
            await self._rows.save([job.row])
        except AimforgeError as error:
            log.warning("test_row_lost", assignment_id=job.row.assignment_id, message=error.message)
        except Exception:
            log.exception("test_row_lost", assignment_id=job.row.assignment_id)  # as in ``_test``
