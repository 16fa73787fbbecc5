"""Deleting projects: hidden at once, restorable for a while, then container, workspace and rows go."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Self

import structlog

from control_plane.domain.access import no_such_project
from control_plane.domain.errors import AimforgeError, Conflict
from control_plane.domain.people import Person
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import EndReason
from control_plane.ports import Clock, SandboxRuntime
from control_plane.services.events.event_hub import EventHub
from control_plane.services.project_registry import ProjectRegistry
from control_plane.services.sandboxes.sandboxes import Sandboxes

Work = Callable[[], Coroutine[None, None, None]]
log = structlog.stdlib.get_logger()


async def _nobody_asks() -> None:
    """Tell nobody."""


class Deletions:
    """Deletions under way. Use as an async context manager; what leaving it interrupts goes on after the next start."""

    def __init__(
        self,
        registry: ProjectRegistry,
        sandboxes: Sandboxes,
        runtime: SandboxRuntime,
        hub: EventHub,
        clock: Clock,
        grace_sec: float,
        check_restorable: Callable[[ProjectRecord], None] = lambda _: None,
    ) -> None:
        """``check_restorable`` raises for a project whose owner may have no further one."""
        self._registry = registry
        self._sandboxes = sandboxes
        self._runtime = runtime
        self._hub = hub
        self._clock = clock
        self._grace_sec = grace_sec
        self._check_restorable = check_restorable
        self.gone: Callable[[], Awaitable[None]] = _nobody_asks
        """Is told when a project is gone for good."""
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, asyncio.Task[None]] = {}
        """Of each project in its grace, the task that waits for the end of it."""
        self._removing: set[str] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(None, None, None)

    def resume(self) -> None:
        """Go on, after a start, with the deletions that the end of the last process interrupted."""
        self.retry()
        for record in self._registry.all():
            if record.deleted_at is not None and not record.deleting:
                self._wait(record.id, record.deleted_at + self._grace_sec)

    def retry(self) -> None:
        """Try again what an engine or a database that did not answer kept from ending."""
        for record in self._registry.all():
            if record.deleting:
                self.begin(record.id)

    async def delete(self, project_id: str, *, at_once: bool = False) -> float:
        """Hide a project, stop its sandbox, and remove it for good when its grace is over; return when that is.

        With ``at_once`` there is no grace, and it is gone when this returns.
        """
        record = self._registry.get(project_id)
        now = self._clock.now()
        if at_once or self._grace_sec <= 0:
            await self._remove(project_id)
            return now
        await self._registry.put(replace(record, deleted_at=now))
        self._spawn(partial(self._sandboxes.stop, project_id, EndReason.DELETED))
        self._wait(project_id, now + self._grace_sec)
        return now + self._grace_sec

    async def restore(self, person: Person, project_id: str) -> ProjectRecord:
        """Undo a deletion within its grace. Raises ``NotFound``, ``Conflict``, ``TooMany``."""
        record = self._registry.find_any(project_id)
        if record is None or record.owner != person.id:
            raise no_such_project(project_id)
        if record.deleting:
            raise Conflict(f"{record.name!r} is already being removed for good.", project_id=project_id)
        if record.deleted_at is not None:
            self._check_restorable(record)
        record = replace(record, deleted_at=None)
        await self._registry.put(record)
        if self._registry.find(project_id) is record and (waiting := self._waiting.pop(project_id, None)) is not None:
            waiting.cancel()
        return record

    def begin(self, project_id: str) -> None:
        """Remove a project for good, in the background."""
        self._spawn(partial(self._remove, project_id))

    def _wait(self, project_id: str, due: float) -> None:
        """Remove a project when its grace is over; whoever waited for the end of an earlier one waits no more."""
        if (waiting := self._waiting.pop(project_id, None)) is not None:
            waiting.cancel()
        task = self._waiting[project_id] = self._spawn(partial(self._remove_later, project_id, due))
        task.add_done_callback(lambda _: self._forget_waiting(project_id, task))

    def _forget_waiting(self, project_id: str, task: asyncio.Task[None]) -> None:
        if self._waiting.get(project_id) is task:
            del self._waiting[project_id]

    async def _remove_later(self, project_id: str, due: float) -> None:
        await self._clock.sleep(max(0.0, due - self._clock.now()))
        record = self._registry.find_any(project_id)
        # Restored meanwhile, or restored and deleted again: then another task is on it.
        if record is not None and record.deleted_at is not None and record.deleted_at + self._grace_sec <= due:
            await self._remove(project_id)

    async def _remove(self, project_id: str) -> None:
        """Remove container, workspace and rows, in that order: an interruption leaves a row to go on from."""
        record = self._registry.find_any(project_id)
        if record is None or project_id in self._removing:
            return
        self._removing.add(project_id)
        try:
            await self._registry.put(replace(record, deleted_at=record.deleted_at or self._clock.now(), deleting=True))
            await self._sandboxes.remove(project_id)
            await self._runtime.delete_workspace(project_id)
            await self._registry.drop(project_id)
            self._hub.forget(project_id)
            await self.gone()
        finally:
            self._removing.discard(project_id)

    def _spawn(self, work: Work) -> asyncio.Task[None]:
        task = self._group.create_task(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @staticmethod
    async def _quietly(work: Work) -> None:
        try:
            await work()
        except AimforgeError as error:
            # The row stays, marked: the reconciler's timer tries again.
            log.warning("deletion_interrupted", message=error.message)
        except Exception:
            # The last line: a fault of ours in one deletion must not end the service, and with it all others.
            log.exception("deletion_failed")
