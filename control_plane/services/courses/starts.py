"""Starts of assignments: a student gets a project of their own, once, however often and at the same time they ask."""

import asyncio
from dataclasses import replace
from typing import Self

import structlog

from control_plane.domain.audit import AuditAction
from control_plane.domain.courses import Assignment, Submission, submission_id, without_failure
from control_plane.domain.errors import AimforgeError, Conflict
from control_plane.domain.identity import Change, Identity, Put
from control_plane.domain.people import Person
from control_plane.domain.refusals import Refusal
from control_plane.ports import Clock
from control_plane.services.audit import Actor
from control_plane.services.courses.assignments import Assignments, found
from control_plane.services.courses.project_archives import ProjectArchives
from control_plane.services.courses.submissions import Submissions, blank, project_name
from control_plane.services.deletions import Deletions
from control_plane.services.people.directory import Directory
from control_plane.services.projects import Projects

log = structlog.stdlib.get_logger()


class Starts:
    """Makes students' projects. Use as an async context manager: a start goes on when who asked for it goes away."""

    def __init__(
        self,
        directory: Directory,
        assignments: Assignments,
        submissions: Submissions,
        archives: ProjectArchives,
        projects: Projects,
        deletions: Deletions,
        clock: Clock,
    ) -> None:
        self._directory = directory
        self._assignments = assignments
        self._submissions = submissions
        self._archives = archives
        self._projects = projects
        self._deletions = deletions
        self._clock = clock
        self._starting: dict[str, asyncio.Future[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(None, None, None)

    async def start(self, actor: Actor, person: Person, assignment_id: str) -> str:
        """Return the id of the student's project, which is made at the first call. Raises ``Forbidden``, ``NotFound`` …"""
        assignment = self._assignments.get(assignment_id)
        id_ = submission_id(assignment_id, self._submissions.student(person, assignment))
        under_way = self._starting.get(id_)
        if under_way is None:
            record = self._directory.identity.get(Submission, id_)
            if (
                record is not None
                and record.person_id == person.id
                and (project := self._submissions.project_of(record))
            ):
                return project.id
            if not assignment.archive_id:
                raise Conflict(
                    "This assignment is not published.", reason=Refusal.NOT_PUBLISHED, assignment_id=assignment_id
                )
            under_way = self._starting[id_] = asyncio.get_running_loop().create_future()
            task = self._group.create_task(self._start(under_way, id_, actor, person, assignment))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(under_way)

    async def resume(self) -> None:
        """Remove what starts left that the end of the last process interrupted."""
        identity = self._directory.identity
        for record in list(identity.all(Submission).values()):
            if record.project_id and record.started_at is None:
                self._deletions.begin(record.project_id)
                await self._submissions.change(record.id, lambda now: replace(now, project_id=""))

    async def _start(
        self, done: asyncio.Future[str], id_: str, actor: Actor, person: Person, assignment: Assignment
    ) -> None:
        try:
            done.set_result(await self._make(id_, actor, person, assignment))
        except AimforgeError as error:
            done.set_exception(error)
        except asyncio.CancelledError:
            done.cancel()
            raise
        except Exception:
            # The last line: a fault of ours in one start must not end the service, and with it all others.
            log.exception("start_failed", assignment_id=assignment.id)
            done.set_exception(AimforgeError("Something went wrong in the control plane; its log has the details."))
        finally:
            del self._starting[id_]
            if done.done() and not done.cancelled():
                done.exception()  # whoever waits gets it; nobody waiting is no fault

    async def _make(self, id_: str, actor: Actor, person: Person, assignment: Assignment) -> str:
        """Make the project, note it, fill it, note that it is whole: an interruption leaves a record to clean up by."""
        login = id_.removeprefix(f"{assignment.id}:")
        project = await self._projects.make_blank(person, project_name(assignment.title))
        try:

            def begin(identity: Identity) -> tuple[list[Change], None]:
                found(identity, assignment.id)
                before = identity.get(Submission, id_) or blank(assignment, login)
                begun = replace(without_failure(before), person_id=person.id, project_id=project.id, started_at=None)
                return [Put(begun)], None

            await self._directory.change(begin)
            await self._archives.fill(project, person, assignment.archive_id)
            await self._submissions.change(id_, lambda now: replace(now, started_at=self._clock.now()))
        except Exception:  # one that is called off, at the end of the process, is cleaned up after by ``resume``
            self._deletions.begin(project.id)
            record = self._directory.identity.get(Submission, id_)
            if record is not None and record.project_id == project.id:
                await self._submissions.change(id_, lambda now: replace(now, project_id=""))
            raise
        self._submissions.note(AuditAction.SUBMISSION_STARTED, actor, assignment, login, project_id=project.id)
        return project.id
