"""Archives in pieces, and what hidden tests said."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

REAL = sa.Float(53).with_variant(sa.REAL, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "archive",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("created_at", REAL, nullable=False),
        sa.CheckConstraint("size >= -1", name="archive_has_a_size"),
        sqlite_strict=True,
    )
    op.create_table(
        "archive_piece",
        sa.Column("archive_id", sa.Text, sa.ForeignKey("archive.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("piece", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "test_row",
        sa.Column("assignment_id", sa.Text, sa.ForeignKey("assignment.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("login", sa.Text, primary_key=True),
        sa.Column("unfinished", sa.Integer, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.CheckConstraint("unfinished in (0, 1)", name="test_row_unfinished_is_a_truth"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """Drop the tables; courses stay."""
    for table in ("test_row", "archive_piece", "archive"):
        op.drop_table(table)
