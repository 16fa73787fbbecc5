"""Hidden tests of a submission: one row for each submission that was tested. Each hidden node is one test."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MAX_MESSAGE: Final = 500
"""Characters of what a test, or a failed row, says."""
MAX_POINTS: Final = 1_000_000.0
"""A test gives so many points at most, and takes no more."""


class RowState(StrEnum):
    """How far the tests of a submission are. ``FAILED``: they could not be run; ``message`` says why."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


UNFINISHED: Final = frozenset({RowState.WAITING, RowState.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """What one test said. ``points`` None: it gives none."""

    __test__ = False

    passed: bool
    points: float | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRow:
    """What the tests said of a submission. ``results`` are by the hidden node's id; ``digest`` is that of the archive that was
    tested, ``version`` that of the assignment's tests. ``at`` is seconds since 1970.
    """

    __test__ = False

    assignment_id: str
    login: str
    state: RowState
    at: float
    message: str = ""
    results: Mapping[str, TestResult] = field(default_factory=dict[str, TestResult])
    of: int = 0
    duration_ms: float = 0.0
    digest: str = ""
    version: int = 0

    @property
    def passed(self) -> int:
        """How many tests passed."""
        return sum(result.passed for result in self.results.values())

    @property
    def points(self) -> float | None:
        """The sum of the points, None where no test gives any."""
        given = [result.points for result in self.results.values() if result.points is not None]
        return sum(given) if given else None
