"""Projects and their sandboxes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SECONDS = sa.Float(53).with_variant(sa.REAL, "sqlite")
STATES = (
    "'absent', 'queued', 'starting', 'ready', 'pausing', 'paused', 'resuming', 'stopping', 'stopped', 'failed', "
    "'deleted'"
)
REASONS = (
    "'idle', 'by_user', 'too_old', 'evicted', 'out_of_memory', 'out_of_processes', 'disk_full', 'crashed', "
    "'start_failed', 'engine_gone', 'replaced', 'deleted'"
)


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "project",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False, index=True),
        sa.Column("created_at", SECONDS, nullable=False),
        sa.Column("opened_at", SECONDS, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("deleted_at", SECONDS, nullable=True),
        sa.Column("deleting", sa.Integer, nullable=False),
        sa.CheckConstraint("length(name) > 0", name="project_has_a_name"),
        sa.CheckConstraint("deleting in (0, 1)", name="project_deleting_is_a_truth"),
        sqlite_strict=True,
    )
    op.create_table(
        "sandbox",
        sa.Column("project_id", sa.Text, sa.ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("uid", sa.Integer, nullable=False, unique=True),
        sa.Column("limits", sa.Text, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("container_id", sa.Text, nullable=False),
        sa.Column("changed_at", SECONDS, nullable=False),
        sa.Column("started_at", SECONDS, nullable=False),
        sa.Column("deadline", SECONDS, nullable=True),
        sa.Column("end_reason", sa.Text, nullable=True),
        sa.Column("message", sa.Text, nullable=False),
        sa.CheckConstraint(f"state in ({STATES})", name="sandbox_state_is_known"),
        sa.CheckConstraint(f"end_reason is null or end_reason in ({REASONS})", name="sandbox_end_reason_is_known"),
        sa.CheckConstraint("generation >= 0", name="sandbox_generation_counts_up"),
        sa.CheckConstraint("uid > 0", name="sandbox_is_never_root"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("sandbox")
    op.drop_table("project")
