"""Courses: members, assignments, submissions, exams, and looks at projects."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

REAL = sa.Float(53).with_variant(sa.REAL, "sqlite")


def text(name: str) -> sa.Column[str]:
    """A text."""
    return sa.Column(name, sa.Text, nullable=False)


def real(name: str, *, nullable: bool = False) -> sa.Column[float]:
    """Seconds since 1970, or points."""
    return sa.Column(name, REAL, nullable=nullable)


def number(name: str) -> sa.Column[int]:
    """A whole number."""
    return sa.Column(name, sa.Integer, nullable=False)


def key() -> sa.Column[str]:
    """A primary key."""
    return sa.Column("id", sa.Text, primary_key=True)


def refers(name: str, target: str) -> sa.Column[str]:
    """A reference that goes with what it refers to."""
    return sa.Column(name, sa.Text, sa.ForeignKey(target, ondelete="CASCADE"), nullable=False)


def upgrade() -> None:
    """Create the tables."""
    create_courses()
    create_assignments()
    create_submissions()
    create_looks()


def create_courses() -> None:
    """Courses, their members and exams."""
    op.create_table(
        "course",
        key(),
        text("title"),
        text("created_by"),
        real("created_at"),
        text("claim"),
        sqlite_strict=True,
    )
    op.create_table(
        "course_member",
        key(),
        refers("course_id", "course.id"),
        text("login"),
        text("name"),
        text("role"),
        real("created_at"),
        sa.CheckConstraint("role in ('teacher', 'student')", name="course_member_role_is_known"),
        sqlite_strict=True,
    )
    op.create_table(
        "exam",
        key(),
        refers("course_id", "course.id"),
        text("title"),
        real("starts_at"),
        real("ends_at"),
        text("created_by"),
        real("created_at"),
        sqlite_strict=True,
    )


def create_assignments() -> None:
    """What is to be done."""
    op.create_table(
        "assignment",
        key(),
        refers("course_id", "course.id"),
        text("title"),
        text("text"),
        text("project_id"),
        text("created_by"),
        real("created_at"),
        text("hidden_nodes"),
        real("due_at", nullable=True),
        real("published_at", nullable=True),
        real("collected_at", nullable=True),
        number("version"),
        text("archive_id"),
        text("archive_digest"),
        number("archive_size"),
        text("tests_id"),
        text("tests_digest"),
        number("tests_size"),
        text("tests"),
        sqlite_strict=True,
    )


def create_submissions() -> None:
    """What was made of it."""
    op.create_table(
        "submission",
        key(),
        refers("assignment_id", "assignment.id"),
        text("course_id"),
        text("login"),
        text("person_id"),
        text("project_id"),
        real("started_at", nullable=True),
        real("handed_in_at", nullable=True),
        number("late"),
        number("collected"),
        text("archive_id"),
        text("archive_digest"),
        number("archive_size"),
        text("comment"),
        real("points", nullable=True),
        text("commented_by"),
        real("commented_at", nullable=True),
        real("given_back_at", nullable=True),
        sa.CheckConstraint("late in (0, 1)", name="submission_late_is_a_truth"),
        sa.CheckConstraint("collected in (0, 1)", name="submission_collected_is_a_truth"),
        sqlite_strict=True,
    )


def create_looks() -> None:
    """Who looked at whose project."""
    op.create_table(
        "look",
        key(),
        refers("project_id", "project.id"),
        refers("person_id", "person.id"),
        text("course_id"),
        real("at"),
        real("until"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """Drop the tables; people stay."""
    for table in ("look", "submission", "assignment", "exam", "course_member", "course"):
        op.drop_table(table)
