"""Bodies about assignments, submissions and hidden tests. Times are seconds since 1970."""

from dataclasses import dataclass, field

from msgspec import UNSET, UnsetType

from control_plane.domain.courses import Assignment, Submission, SubmissionState
from control_plane.domain.hidden_tests import RowState, TestRow
from control_plane.services.courses.submissions import Entry
from sandbox_image.wire.errors import ErrorCode


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAssignment:
    """Body of ``POST /api/courses/{course_id}/assignments``. ``hidden_nodes`` are ids of nodes that no student gets."""

    title: str
    project_id: str
    text: str = ""
    hidden_nodes: tuple[str, ...] = ()
    due_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentPatch:
    """Body of ``PATCH /api/assignments/{assignment_id}``: what is left out stays as it is; a null ``due_at`` is no deadline."""

    title: str | None = None
    text: str | None = None
    hidden_nodes: tuple[str, ...] | None = None
    due_at: float | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentOfProject:
    """What a project is made for; both are empty when it is for no assignment."""

    assignment_id: str = ""
    course_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentInfo:
    """An assignment. ``project_id`` and ``hidden_nodes`` are told to teachers only; ``version`` counts publications."""

    id: str
    course_id: str
    title: str
    text: str
    project_id: str
    hidden_nodes: list[str]
    due_at: float | None
    published_at: float | None
    created_at: float
    version: int

    @classmethod
    def of(cls, assignment: Assignment, *, to_teacher: bool) -> "AssignmentInfo":
        """Describe an assignment."""
        return cls(
            id=assignment.id,
            course_id=assignment.course_id,
            title=assignment.title,
            text=assignment.text,
            project_id=assignment.project_id if to_teacher else "",
            hidden_nodes=list(assignment.hidden_nodes) if to_teacher else [],
            due_at=assignment.due_at,
            published_at=assignment.published_at,
            created_at=assignment.created_at,
            version=assignment.version,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRef:
    """A project that was made, or found."""

    project_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncollected:
    """Why a submission could not be collected at the deadline: the error's code and sentence, how often it failed, and when it is
    tried again; ``again_at`` null: not by itself.
    """

    code: ErrorCode
    message: str
    failures: int
    again_at: float | None

    @classmethod
    def of(cls, record: Submission) -> "Uncollected | None":
        """Describe what keeps it from being collected, if anything does."""
        if not record.uncollected_message:
            return None
        return cls(
            code=ErrorCode(record.uncollected_code),
            message=record.uncollected_message,
            failures=record.collect_failures,
            again_at=record.collect_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionInfo:
    """What a student made of an assignment. ``size`` is bytes; ``comment``, ``points`` and who looks at when they were given are
    told to the student once they are given back; ``uncollected`` is told to teachers only.
    """

    login: str
    name: str
    person_id: str
    project_id: str
    state: SubmissionState
    started_at: float | None
    handed_in_at: float | None
    late: bool
    digest: str
    size: int
    comment: str
    points: float | None
    commented_at: float | None
    given_back_at: float | None
    uncollected: Uncollected | None

    @classmethod
    def of(cls, entry: Entry, *, to_teacher: bool) -> "SubmissionInfo":
        """Describe a submission."""
        record = entry.submission
        told = to_teacher or record.given_back_at is not None
        return cls(
            login=record.login,
            name=entry.name,
            person_id=entry.person_id,
            project_id=record.project_id if record.started_at is not None else "",
            state=record.state,
            started_at=record.started_at,
            handed_in_at=record.handed_in_at,
            late=record.late,
            digest=record.archive_digest,
            size=record.archive_size,
            comment=record.comment if told else "",
            points=record.points if told else None,
            commented_at=record.commented_at if told else None,
            given_back_at=record.given_back_at,
            uncollected=Uncollected.of(record) if to_teacher else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """Body of ``PUT …/comment``."""

    text: str
    points: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Whose work is meant; none named: everybody's that was handed in."""

    logins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestsStarted:
    """Answer to ``POST …/tests``: how many submissions are being tested, or wait for it."""

    running: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TestInfo:
    """A hidden node that is a test, as it was published."""

    node: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResultInfo:
    """What one test said. ``points`` null: it gives none."""

    passed: bool
    points: float | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRowInfo:
    """What the hidden tests said of a submission. ``failed``: they could not be run, and ``message`` says why; else it says which
    of the submission's own nodes failed. ``outdated``: something else was handed in since, or the tests are others now.
    """

    login: str
    name: str
    state: RowState
    message: str
    passed: int
    of: int
    points: float | None
    results: dict[str, TestResultInfo] = field(default_factory=dict[str, TestResultInfo])
    duration_ms: float = 0.0
    at: float = 0.0
    outdated: bool = False

    @classmethod
    def of_row(cls, row: TestRow, name: str, *, outdated: bool) -> "TestRowInfo":
        """Describe a row."""
        return cls(
            login=row.login,
            name=name,
            state=row.state,
            message=row.message,
            passed=row.passed,
            of=row.of,
            points=row.points,
            results={
                node: TestResultInfo(passed=result.passed, points=result.points, message=result.message)
                for node, result in row.results.items()
            },
            duration_ms=row.duration_ms,
            at=row.at,
            outdated=outdated,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TestTable:
    """Answer to ``GET …/tests``. ``running`` and ``waiting`` count submissions."""

    running: int
    waiting: int
    tests: list[TestInfo]
    rows: list[TestRowInfo]
