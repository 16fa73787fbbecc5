"""Why: who stopped a sandbox, what made somebody a member, and what kept a submission from being collected."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

SECONDS = sa.Float(53).with_variant(sa.REAL, "sqlite")
STATES = (
    "'absent', 'queued', 'starting', 'ready', 'pausing', 'paused', 'resuming', 'stopping', 'stopped', 'failed', "
    "'deleted'"
)
OLD_REASONS = (
    "'idle', 'by_user', 'too_old', 'evicted', 'out_of_memory', 'out_of_processes', 'disk_full', 'crashed', "
    "'start_failed', 'engine_gone', 'replaced', 'deleted'"
)
REASONS = (
    "'idle', 'by_user', 'by_admin', 'too_old', 'evicted', 'out_of_memory', 'disk_full', 'crashed', "
    "'start_failed', 'engine_gone', 'replaced', 'deleted'"
)
KNOWN = "sandbox_end_reason_is_known"
UNCOLLECTED = (
    sa.Column("uncollected_code", sa.Text, nullable=False, server_default=""),
    sa.Column("uncollected_message", sa.Text, nullable=False, server_default=""),
    sa.Column("collect_failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("collect_at", SECONDS, nullable=True),
)


def upgrade() -> None:
    """Add the columns, and let a sandbox have been stopped by an administrator."""
    op.execute("update sandbox set end_reason = 'crashed' where end_reason = 'out_of_processes'")
    know_reasons(OLD_REASONS, REASONS)
    op.add_column("course_member", sa.Column("by_claim", sa.Integer, nullable=False, server_default="0"))
    for column in UNCOLLECTED:
        op.add_column("submission", column.copy())


def downgrade() -> None:
    """Take the columns away, and the reason."""
    op.execute("update sandbox set end_reason = 'by_user' where end_reason = 'by_admin'")
    know_reasons(REASONS, OLD_REASONS)
    op.drop_column("course_member", "by_claim")
    for column in UNCOLLECTED:
        op.drop_column("submission", column.name)


def know_reasons(before: str, after: str) -> None:
    """Put another list of reasons in place of the one that is checked; SQLite copies the table for that."""
    with op.batch_alter_table("sandbox", copy_from=sandbox(before), table_kwargs={"sqlite_strict": True}) as table:
        table.drop_constraint(KNOWN, type_="check")
        table.create_check_constraint(KNOWN, f"end_reason is null or end_reason in ({after})")


def sandbox(reasons: str) -> sa.Table:
    """Build the table as it is, for SQLite does not tell of its checks."""
    return sa.Table(
        "sandbox",
        sa.MetaData(),
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
        sa.CheckConstraint(f"end_reason is null or end_reason in ({reasons})", name=KNOWN),
        sa.CheckConstraint("generation >= 0", name="sandbox_generation_counts_up"),
        sa.CheckConstraint("uid > 0", name="sandbox_is_never_root"),
        sqlite_strict=True,
    )
