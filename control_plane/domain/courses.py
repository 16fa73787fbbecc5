"""What is stored about courses: members, assignments, what was handed in, exams, and teachers' looks.

These are kinds of ``domain.identity``: in memory on every control plane, changed with a revision. Archives and results of tests
are not; these records hold their ids. Times are seconds since 1970.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from control_plane.domain.errors import Invalid

MAX_TITLE: Final = 200
MAX_TEXT: Final = 4000
"""Characters of an assignment's text and of a comment: they are held in memory."""
MAX_HIDDEN_NODES: Final = 200
MAX_CLAIM: Final = 200
MAX_NODE_ID: Final = 128


class CourseRole(StrEnum):
    """What a member is in a course."""

    TEACHER = "teacher"
    STUDENT = "student"


class SubmissionState(StrEnum):
    """How far a student is with an assignment."""

    NOT_STARTED = "not_started"
    STARTED = "started"
    NOT_COLLECTED = "not_collected"
    """Not handed in, and could not be collected at the deadline so far; an archive, if there is one, is of an earlier one."""
    HANDED_IN = "handed_in"
    COLLECTED = "collected"
    GIVEN_BACK = "given_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A course. ``claim`` is the value of the provider's group claim that makes people members; empty: none does."""

    id: str
    title: str
    created_by: str
    created_at: float
    claim: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A login in a course, with or without an account. ``id`` is ``member_id`` of both; ``name`` is what the teacher calls them.

    ``by_claim``: nobody listed or invited them, the provider's claim alone made them a member, and takes it back.
    """

    id: str
    course_id: str
    login: str
    name: str
    role: CourseRole
    created_at: float
    by_claim: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What is to be done. Publishing freezes the teacher's project: ``archive_*`` without the hidden nodes, ``tests_*`` with only
    those; empty ids: there is none. ``tests`` are id and title of each hidden node that is a test, as published. ``version`` counts
    publications; ``collected_at`` is when the deadline's collection was done.
    """

    id: str
    course_id: str
    title: str
    text: str
    project_id: str
    created_by: str
    created_at: float
    hidden_nodes: tuple[str, ...] = ()
    due_at: float | None = None
    published_at: float | None = None
    collected_at: float | None = None
    version: int = 0
    archive_id: str = ""
    archive_digest: str = ""
    archive_size: int = 0
    tests_id: str = ""
    tests_digest: str = ""
    tests_size: int = 0
    tests: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What one student made of one assignment. ``id`` is ``submission_id`` of both.

    ``archive_*`` is what was handed in, or collected at the deadline (``collected``); sizes in bytes. ``comment`` and ``points``
    are for the student once ``given_back_at`` is set. ``uncollected_*`` are the error's code and sentence when collecting it at the
    deadline failed the last time, ``collect_failures`` how often it did, ``collect_at`` when it is tried again; None: not by itself.
    """

    id: str
    assignment_id: str
    course_id: str
    login: str
    person_id: str = ""
    project_id: str = ""
    started_at: float | None = None
    handed_in_at: float | None = None
    late: bool = False
    collected: bool = False
    archive_id: str = ""
    archive_digest: str = ""
    archive_size: int = 0
    comment: str = ""
    points: float | None = None
    commented_by: str = ""
    commented_at: float | None = None
    given_back_at: float | None = None
    uncollected_code: str = ""
    uncollected_message: str = ""
    collect_failures: int = 0
    collect_at: float | None = None

    @property
    def state(self) -> SubmissionState:
        """How far the student is."""
        if self.given_back_at is not None:
            return SubmissionState.GIVEN_BACK
        if self.uncollected_message:
            return SubmissionState.NOT_COLLECTED
        if self.archive_id:
            return SubmissionState.COLLECTED if self.collected else SubmissionState.HANDED_IN
        return SubmissionState.STARTED if self.started_at is not None else SubmissionState.NOT_STARTED


def without_failure(record: Submission) -> Submission:
    """Return the record of a submission whose collection did not fail, or no longer matters."""
    return replace(record, uncollected_code="", uncollected_message="", collect_failures=0, collect_at=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """A time in which the course's students may less: from ``starts_at`` until before ``ends_at``."""

    id: str
    course_id: str
    title: str
    starts_at: float
    ends_at: float
    created_by: str
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Somebody looked at a project that is not theirs, and may until ``until``. ``course_id`` is the course that they teach;
    empty: they looked as an administrator.
    """

    id: str
    project_id: str
    person_id: str
    course_id: str
    at: float
    until: float


def member_id(course_id: str, login: str) -> str:
    """Return the id of a login's membership. ``login`` is canonical."""
    return f"{course_id}:{login}"


def submission_id(assignment_id: str, login: str) -> str:
    """Return the id of what a login made of an assignment. ``login`` is canonical."""
    return f"{assignment_id}:{login}"


def check_title(title: str) -> str:
    """Return a title as it is shown. Raises ``Invalid``."""
    title = title.strip()
    if not title or len(title) > MAX_TITLE or not title.isprintable():
        raise Invalid(f"A title has 1 to {MAX_TITLE} characters that can be shown.", field="title")
    return title


def check_text(text: str) -> str:
    """Return an assignment's text or a comment. Raises ``Invalid``."""
    if len(text) > MAX_TEXT or "\0" in text:
        raise Invalid(f"The text has {MAX_TEXT} characters at most, and no NUL.", field="text")
    return text


def check_claim(claim: str) -> str:
    """Return the value of the provider's group claim; empty: none. Raises ``Invalid``."""
    claim = claim.strip()
    if len(claim) > MAX_CLAIM or not claim.isprintable():
        raise Invalid(f"The claim's value has {MAX_CLAIM} characters at most, and all can be shown.", field="claim")
    return claim


def check_hidden_nodes(nodes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ids of hidden nodes, each once. Raises ``Invalid``."""
    nodes = tuple(dict.fromkeys(nodes))
    if len(nodes) > MAX_HIDDEN_NODES or any(not 0 < len(n) <= MAX_NODE_ID or not n.isprintable() for n in nodes):
        raise Invalid(f"There are at most {MAX_HIDDEN_NODES} hidden nodes, each a node's id.", field="hidden_nodes")
    return nodes
