"""Whether a person's role is one that the identity provider's claims gave."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; whose role a claim gives is noted at their next sign-in."""
    op.add_column("person", sa.Column("role_by_claim", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    """Take the column away."""
    op.drop_column("person", "role_by_claim")
