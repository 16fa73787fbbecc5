"""Breaks off what an exam does not allow and that was begun before it: an upload, an import or a clone under way."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from control_plane.domain.errors import Forbidden
from control_plane.domain.refusals import Refusal
from control_plane.services.courses.exams import Exams

T = TypeVar("T")


class ExamBreak:
    """Work of people that ends when an exam of theirs begins, within about a second."""

    def __init__(self, exams: Exams) -> None:
        self._exams = exams
        self._under_way: dict[str, set[asyncio.Task[Any]]] = {}
        self._broken_off: set[asyncio.Task[Any]] = set()
        exams.on_change(self._changed)

    async def unless_exam(self, person_id: str, work: Coroutine[Any, Any, T]) -> T:
        """Do the work, broken off when an exam of the person's begins meanwhile, and not begun while one runs.

        Raises ``Forbidden``, which names the exam, and what the work raises.
        """
        try:
            self._exams.check(person_id)
        except Forbidden:
            work.close()
            raise
        task = asyncio.create_task(work)
        mine = self._under_way.setdefault(person_id, set())
        mine.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            if task not in self._broken_off:
                raise
            exam = self._exams.exam_of(person_id)
            about = {"exam_id": exam.id, "ends_at": exam.ends_at} if exam is not None else {}
            raise Forbidden(
                "An exam has begun: what was being brought in or shared was broken off.",
                reason=Refusal.EXAM_BEGAN,
                **about,
            ) from None
        finally:
            self._broken_off.discard(task)
            mine.discard(task)
            if not mine:
                self._under_way.pop(person_id, None)

    def _changed(self, moved: frozenset[str]) -> None:
        for person_id in moved & self._under_way.keys():
            if self._exams.person_in_exam(person_id):
                for task in self._under_way[person_id]:
                    self._broken_off.add(task)
                    task.cancel()
