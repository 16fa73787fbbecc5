"""What projects may use, by subject."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

SECONDS = sa.Float(53).with_variant(sa.REAL, "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "allowance",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("by_teacher", sa.Integer, nullable=False),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.Column("set_at", SECONDS, nullable=False),
        sa.Column("asked", sa.Text, nullable=False),
        sa.CheckConstraint("by_teacher in (0, 1)", name="allowance_by_teacher_is_a_truth"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("allowance")
