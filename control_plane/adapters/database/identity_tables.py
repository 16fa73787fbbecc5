"""The tables about people, courses and the audit log. As in ``tables``: texts and numbers only, records outside."""

from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from control_plane.adapters.database.tables import SECONDS
from control_plane.domain.access import Share
from control_plane.domain.courses import Assignment, Course, CourseRole, Exam, Look, Member, Submission
from control_plane.domain.identity import Account, ApiToken, Grant, Invitation, Record, Session, ShareLink
from control_plane.domain.people import Role, Scope

STRICT: Final = {"sqlite_strict": True}
REVISION: Final = "identity_revision"
AUDIT: Final = "audit"
NAMES: Final[dict[type[Record], str]] = {
    Account: "person",
    Session: "session",
    ApiToken: "api_token",
    Invitation: "invitation",
    Grant: "project_share",
    ShareLink: "share_link",
    Course: "course",
    Member: "course_member",
    Assignment: "assignment",
    Submission: "submission",
    Exam: "exam",
    Look: "look",
}
HAS_SUBJECT: Final = sa.text("subject <> ''")


def one_of(column: str, words: Iterable[str], name: str) -> sa.CheckConstraint:
    """Build the check that a column holds one of these words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} in ({listed})", name=name)


def text(**more: Any) -> Any:
    """A text."""
    return Field(sa_column=sa.Column(sa.Text, nullable=False, **more))


def key() -> Any:
    """The table's primary key, a text."""
    return Field(sa_column=sa.Column(sa.Text, primary_key=True))


def number() -> Any:
    """A whole number."""
    return Field(sa_column=sa.Column(sa.Integer, nullable=False))


def seconds(*, nullable: bool = False) -> Any:
    """Seconds since 1970."""
    return Field(sa_column=sa.Column(SECONDS, nullable=nullable))


def points() -> Any:
    """Points that were given; null: none yet."""
    return Field(sa_column=sa.Column(SECONDS, nullable=True))


def refers(target: str) -> Any:
    """A reference that goes with what it refers to."""
    return Field(sa_column=sa.Column(sa.Text, sa.ForeignKey(target, ondelete="CASCADE"), nullable=False))


class RevisionRow(SQLModel, table=True):
    """One row: how often anything of ``domain.identity`` was changed."""

    __tablename__ = REVISION  # pyright: ignore[reportAssignmentType]  # as in ``tables``
    __table_args__ = (sa.CheckConstraint("id = 1", name="identity_revision_is_one"), STRICT)

    id: int = Field(sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=False))
    number: int = number()


class AccountRow(SQLModel, table=True):
    """A person who may sign in."""

    __tablename__ = NAMES[Account]  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        one_of("role", Role, "person_role_is_known"),
        sa.CheckConstraint("disabled in (0, 1)", name="person_disabled_is_a_truth"),
        sa.CheckConstraint("length(login) > 0", name="person_has_a_login"),
        sa.Index("person_subject", "subject", unique=True, sqlite_where=HAS_SUBJECT, postgresql_where=HAS_SUBJECT),
        STRICT,
    )

    id: str = key()
    login: str = text(unique=True)
    name: str = text()
    role: str = text()
    created_at: float = seconds()
    password: str = text()
    subject: str = text()
    disabled: int = number()
    role_by_claim: int = number()


class SessionRow(SQLModel, table=True):
    """A browser that is signed in."""

    __tablename__ = NAMES[Session]  # pyright: ignore[reportAssignmentType]
    __table_args__ = (STRICT,)

    id: str = key()
    digest: str = text(unique=True)
    person_id: str = refers("person.id")
    created_at: float = seconds()
    seen_at: float = seconds()
    expires_at: float = seconds()
    address: str = text()
    agent: str = text()


class ApiTokenRow(SQLModel, table=True):
    """A credential for programs."""

    __tablename__ = NAMES[ApiToken]  # pyright: ignore[reportAssignmentType]
    __table_args__ = (one_of("scope", Scope, "api_token_scope_is_known"), STRICT)

    id: str = key()
    digest: str = text(unique=True)
    person_id: str = refers("person.id")
    name: str = text()
    scope: str = text()
    created_at: float = seconds()
    expires_at: float | None = seconds(nullable=True)
    used_at: float | None = seconds(nullable=True)


class InvitationRow(SQLModel, table=True):
    """A link by which people make their own account."""

    __tablename__ = NAMES[Invitation]  # pyright: ignore[reportAssignmentType]
    __table_args__ = (one_of("role", Role, "invitation_role_is_known"), STRICT)

    id: str = key()
    digest: str = text(unique=True)
    role: str = text()
    created_by: str = text()
    created_at: float = seconds()
    expires_at: float = seconds()
    course_id: str = text()
    max_uses: int = number()
    uses: int = number()


class GrantRow(SQLModel, table=True):
    """A person's share in somebody else's project."""

    __tablename__ = NAMES[Grant]  # pyright: ignore[reportAssignmentType]
    __table_args__ = (one_of("share", (Share.VIEWER, Share.EDITOR), "project_share_is_known"), STRICT)

    id: str = key()
    project_id: str = refers("project.id")
    person_id: str = refers("person.id")
    share: str = text()
    created_by: str = text()
    created_at: float = seconds()


class ShareLinkRow(SQLModel, table=True):
    """A link that gives a share in a project."""

    __tablename__ = NAMES[ShareLink]  # pyright: ignore[reportAssignmentType]
    __table_args__ = (one_of("share", (Share.VIEWER, Share.EDITOR), "share_link_is_known"), STRICT)

    id: str = key()
    digest: str = text(unique=True)
    project_id: str = refers("project.id")
    share: str = text()
    created_by: str = text()
    created_at: float = seconds()
    expires_at: float = seconds()


class CourseRow(SQLModel, table=True):
    """A course."""

    __tablename__ = NAMES[Course]  # pyright: ignore[reportAssignmentType]
    __table_args__ = (STRICT,)

    id: str = key()
    title: str = text()
    created_by: str = text()
    created_at: float = seconds()
    claim: str = text()


class MemberRow(SQLModel, table=True):
    """A login in a course."""

    __tablename__ = NAMES[Member]  # pyright: ignore[reportAssignmentType]
    __table_args__ = (one_of("role", CourseRole, "course_member_role_is_known"), STRICT)

    id: str = key()
    course_id: str = refers("course.id")
    login: str = text()
    name: str = text()
    role: str = text()
    created_at: float = seconds()
    by_claim: int = number()


class AssignmentRow(SQLModel, table=True):
    """An assignment. ``hidden_nodes`` and ``tests`` are JSON."""

    __tablename__ = NAMES[Assignment]  # pyright: ignore[reportAssignmentType]
    __table_args__ = (STRICT,)

    id: str = key()
    course_id: str = refers("course.id")
    title: str = text()
    project_id: str = text()
    created_by: str = text()
    created_at: float = seconds()
    hidden_nodes: str = text()
    due_at: float | None = seconds(nullable=True)
    published_at: float | None = seconds(nullable=True)
    collected_at: float | None = seconds(nullable=True)
    version: int = number()
    archive_id: str = text()
    archive_digest: str = text()
    archive_size: int = number()
    tests_id: str = text()
    tests_digest: str = text()
    tests_size: int = number()
    tests: str = text()
    text: str = text()  # last, for it hides the function of that name


class SubmissionRow(SQLModel, table=True):
    """What a student made of an assignment."""

    __tablename__ = NAMES[Submission]  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        sa.CheckConstraint("late in (0, 1)", name="submission_late_is_a_truth"),
        sa.CheckConstraint("collected in (0, 1)", name="submission_collected_is_a_truth"),
        STRICT,
    )

    id: str = key()
    assignment_id: str = refers("assignment.id")
    course_id: str = text()
    login: str = text()
    person_id: str = text()
    project_id: str = text()
    started_at: float | None = seconds(nullable=True)
    handed_in_at: float | None = seconds(nullable=True)
    late: int = number()
    collected: int = number()
    archive_id: str = text()
    archive_digest: str = text()
    archive_size: int = number()
    comment: str = text()
    points: float | None = points()
    commented_by: str = text()
    commented_at: float | None = seconds(nullable=True)
    given_back_at: float | None = seconds(nullable=True)
    uncollected_code: str = text()
    uncollected_message: str = text()
    collect_failures: int = number()
    collect_at: float | None = seconds(nullable=True)


class ExamRow(SQLModel, table=True):
    """A time in which a course's students may less."""

    __tablename__ = NAMES[Exam]  # pyright: ignore[reportAssignmentType]
    __table_args__ = (STRICT,)

    id: str = key()
    course_id: str = refers("course.id")
    title: str = text()
    starts_at: float = seconds()
    ends_at: float = seconds()
    created_by: str = text()
    created_at: float = seconds()


class LookRow(SQLModel, table=True):
    """A look at somebody's project."""

    __tablename__ = NAMES[Look]  # pyright: ignore[reportAssignmentType]
    __table_args__ = (STRICT,)

    id: str = key()
    project_id: str = refers("project.id")
    person_id: str = refers("person.id")
    course_id: str = text()
    at: float = seconds()
    until: float = seconds()


class AuditRow(SQLModel, table=True):
    """The audit log. ``detail`` is JSON. The database itself refuses to change a row."""

    __tablename__ = AUDIT  # pyright: ignore[reportAssignmentType]
    __table_args__ = (sa.Index("audit_at", "at"), STRICT)

    id: int | None = Field(default=None, sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=True))
    at: float = seconds()
    action: str = text()
    actor: str = text()
    project_id: str = text()
    address: str = text()
    detail: str = text()
