"""The tables. Only this package knows them; everybody else sees the records of ``control_plane.domain``.

Texts and numbers only, so that SQLite can check every value's type (STRICT) and PostgreSQL needs no other schema.
"""

from typing import Final

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from control_plane.domain.sandbox import EndReason, SandboxState

PROJECT: Final = "project"
SANDBOX: Final = "sandbox"
SECONDS: Final = sa.Float(53).with_variant(sa.REAL, "sqlite")
"""Seconds since 1970, in double precision everywhere."""
STATES: Final = ", ".join(f"'{state}'" for state in SandboxState)
REASONS: Final = ", ".join(f"'{reason}'" for reason in EndReason)


class ProjectRow(SQLModel, table=True):
    """Who owns a project, and what it is called."""

    __tablename__ = PROJECT  # pyright: ignore[reportAssignmentType]  # SQLModel's own annotation is narrower than its use
    __table_args__ = (
        sa.CheckConstraint("length(name) > 0", name="project_has_a_name"),
        sa.CheckConstraint("deleting in (0, 1)", name="project_deleting_is_a_truth"),
        {"sqlite_strict": True},
    )

    id: str = Field(sa_column=sa.Column(sa.Text, primary_key=True))
    name: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    owner: str = Field(sa_column=sa.Column(sa.Text, nullable=False, index=True))
    created_at: float = Field(sa_column=sa.Column(SECONDS, nullable=False))
    opened_at: float = Field(sa_column=sa.Column(SECONDS, nullable=False))
    template: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    description: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    deleted_at: float | None = Field(default=None, sa_column=sa.Column(SECONDS, nullable=True))
    deleting: int = Field(default=0, sa_column=sa.Column(sa.Integer, nullable=False))


class SandboxRow(SQLModel, table=True):
    """The life of a project's sandbox. ``limits`` is JSON."""

    __tablename__ = SANDBOX  # pyright: ignore[reportAssignmentType]  # see above
    __table_args__ = (
        sa.CheckConstraint(f"state in ({STATES})", name="sandbox_state_is_known"),
        sa.CheckConstraint(f"end_reason is null or end_reason in ({REASONS})", name="sandbox_end_reason_is_known"),
        sa.CheckConstraint("generation >= 0", name="sandbox_generation_counts_up"),
        sa.CheckConstraint("uid > 0", name="sandbox_is_never_root"),
        {"sqlite_strict": True},
    )

    project_id: str = Field(
        sa_column=sa.Column(sa.Text, sa.ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    )
    generation: int = Field(sa_column=sa.Column(sa.Integer, nullable=False))
    state: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    uid: int = Field(sa_column=sa.Column(sa.Integer, nullable=False, unique=True))
    limits: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    template: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    container_id: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    changed_at: float = Field(sa_column=sa.Column(SECONDS, nullable=False))
    started_at: float = Field(sa_column=sa.Column(SECONDS, nullable=False))
    deadline: float | None = Field(default=None, sa_column=sa.Column(SECONDS, nullable=True))
    end_reason: str | None = Field(default=None, sa_column=sa.Column(sa.Text, nullable=True))
    message: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
