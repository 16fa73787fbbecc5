"""Bodies about courses, their members, exams and looks. Times are seconds since 1970."""

from dataclasses import dataclass, field

from control_plane.domain.courses import CourseRole, Exam, Look


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamInfo:
    """A time in which the course's students may less."""

    id: str
    title: str
    starts_at: float
    ends_at: float

    @classmethod
    def of(cls, exam: Exam) -> "ExamInfo":
        """Describe an exam."""
        return cls(id=exam.id, title=exam.title, starts_at=exam.starts_at, ends_at=exam.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseSummary:
    """A course in a list. ``role`` is the caller's; ``students`` and ``assignments`` count, drafts only for teachers; ``exam`` is
    the one that runs now.
    """

    id: str
    title: str
    role: CourseRole
    students: int
    assignments: int
    exam: ExamInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseInfo:
    """A course. ``claim`` is the value of the provider's group claim that makes people its students, told to teachers only;
    ``exam`` is the one that runs now.
    """

    id: str
    title: str
    claim: str
    role: CourseRole
    created_at: float
    students: int
    exam: ExamInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCourse:
    """Body of ``POST /api/courses``."""

    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoursePatch:
    """Body of ``PATCH /api/courses/{course_id}``: what is null stays as it is; an empty claim makes nobody a member."""

    title: str | None = None
    claim: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberInfo:
    """A login in a course. ``person_id`` is empty while it has no account; ``signed_in``: a browser of theirs is, now. ``by_claim``:
    the provider's claim alone made them a member, and takes it back when it is gone at a sign-in.
    """

    login: str
    name: str
    role: CourseRole
    person_id: str
    signed_in: bool
    by_claim: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPut:
    """Body of ``PUT /api/courses/{course_id}/members/{login}``. An empty name and a role of null stay as they are; for who is new,
    they are the login and student.
    """

    name: str = ""
    role: CourseRole | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """A line of a list that was not taken; ``line`` counts from 1."""

    line: int
    text: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersImported:
    """What became of a list: counts, logins that have no account yet, and lines that were not taken."""

    added: int
    changed: int
    unknown: list[str] = field(default_factory=list[str])
    problems: list[LineProblem] = field(default_factory=list[LineProblem])


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseInvitation:
    """Body of ``POST /api/courses/{course_id}/invitation``. ``max_uses`` 0: any number of people."""

    expires_in_sec: float = 7 * 86400.0
    max_uses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationLink:
    """Where people make accounts that are the course's students."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewExam:
    """Body of ``POST /api/courses/{course_id}/exams``."""

    title: str
    starts_at: float
    ends_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUntil:
    """Until when somebody may look at a project."""

    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LookInfo:
    """Somebody looked at the project, or does: ``until`` is when their right ends."""

    person_id: str
    name: str
    at: float
    until: float

    @classmethod
    def of(cls, look: Look, name: str) -> "LookInfo":
        """Describe a look."""
        return cls(person_id=look.person_id, name=name, at=look.at, until=look.until)
