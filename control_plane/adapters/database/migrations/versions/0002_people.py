"""People: accounts, sessions, tokens, invitations, shares, and the audit log."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SECONDS = sa.Float(53).with_variant(sa.REAL, "sqlite")
ROLES = "role in ('admin', 'teacher', 'student')"
SHARES = "share in ('viewer', 'editor')"
HAS_SUBJECT = sa.text("subject <> ''")


def text(name: str, **more: Any) -> sa.Column[str]:
    """A text."""
    return sa.Column(name, sa.Text, nullable=False, **more)


def seconds(name: str, *, nullable: bool = False) -> sa.Column[float]:
    """Seconds since 1970."""
    return sa.Column(name, SECONDS, nullable=nullable)


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
    create_people()
    create_credentials()
    create_shares()
    create_audit()


def create_people() -> None:
    """Accounts, and the count of revisions."""
    op.create_table(
        "identity_revision",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        number("number"),
        sa.CheckConstraint("id = 1", name="identity_revision_is_one"),
        sqlite_strict=True,
    )
    op.execute("INSERT INTO identity_revision (id, number) VALUES (1, 0)")
    op.create_table(
        "person",
        key(),
        text("login", unique=True),
        text("name"),
        text("role"),
        seconds("created_at"),
        text("password"),
        text("subject"),
        number("disabled"),
        sa.CheckConstraint(ROLES, name="person_role_is_known"),
        sa.CheckConstraint("disabled in (0, 1)", name="person_disabled_is_a_truth"),
        sa.CheckConstraint("length(login) > 0", name="person_has_a_login"),
        sqlite_strict=True,
    )
    op.create_index(
        "person_subject", "person", ["subject"], unique=True, sqlite_where=HAS_SUBJECT, postgresql_where=HAS_SUBJECT
    )


def create_credentials() -> None:
    """Sessions, tokens and invitations."""
    op.create_table(
        "session",
        key(),
        text("digest", unique=True),
        refers("person_id", "person.id"),
        seconds("created_at"),
        seconds("seen_at"),
        seconds("expires_at"),
        text("address"),
        text("agent"),
        sqlite_strict=True,
    )
    op.create_table(
        "api_token",
        key(),
        text("digest", unique=True),
        refers("person_id", "person.id"),
        text("name"),
        text("scope"),
        seconds("created_at"),
        seconds("expires_at", nullable=True),
        seconds("used_at", nullable=True),
        sa.CheckConstraint("scope in ('read', 'edit', 'admin')", name="api_token_scope_is_known"),
        sqlite_strict=True,
    )
    op.create_table(
        "invitation",
        key(),
        text("digest", unique=True),
        text("role"),
        text("created_by"),
        seconds("created_at"),
        seconds("expires_at"),
        text("course_id"),
        number("max_uses"),
        number("uses"),
        sa.CheckConstraint(ROLES, name="invitation_role_is_known"),
        sqlite_strict=True,
    )


def create_shares() -> None:
    """Shares in projects, and links that give them."""
    op.create_table(
        "project_share",
        key(),
        refers("project_id", "project.id"),
        refers("person_id", "person.id"),
        text("share"),
        text("created_by"),
        seconds("created_at"),
        sa.CheckConstraint(SHARES, name="project_share_is_known"),
        sqlite_strict=True,
    )
    op.create_table(
        "share_link",
        key(),
        text("digest", unique=True),
        refers("project_id", "project.id"),
        text("share"),
        text("created_by"),
        seconds("created_at"),
        seconds("expires_at"),
        sa.CheckConstraint(SHARES, name="share_link_is_known"),
        sqlite_strict=True,
    )


def create_audit() -> None:
    """The audit log, whose rows cannot be changed."""
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        seconds("at"),
        text("action"),
        text("actor"),
        text("project_id"),
        text("address"),
        text("detail"),
        sqlite_strict=True,
    )
    op.create_index("audit_at", "audit", ["at"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END"
        )
    else:
        op.execute(
            "CREATE FUNCTION audit_never_changes() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is never changed'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit "
            "FOR EACH ROW EXECUTE FUNCTION audit_never_changes()"
        )


def downgrade() -> None:
    """Drop the tables; projects and sandboxes stay."""
    for table in ("audit", "share_link", "project_share", "invitation", "api_token", "session", "person"):
        op.drop_table(table)
    op.drop_table("identity_revision")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_never_changes()")
