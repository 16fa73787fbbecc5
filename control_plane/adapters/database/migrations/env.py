"""Run by Alembic, on the connection that ``opening`` hands over: runs what is missing in one transaction."""

from alembic import context
from sqlmodel import SQLModel

from control_plane.adapters.database import allowance_store, course_tables, identity_tables, tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

__all__ = ["allowance_store", "course_tables", "identity_tables", "tables"]
