"""Run by Alembic: connects to the database that ``opening`` names and runs what is missing in one transaction."""

import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel

from control_plane.adapters.database import identity_tables, tables

engine = sa.create_engine(context.config.attributes["url"], poolclass=sa.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()

__all__ = ["identity_tables", "tables"]
