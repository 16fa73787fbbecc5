"""PostgreSQL, for what a file cannot do: its driver's errors, and migrations of which one process at a time runs some."""

import asyncio
from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

MIGRATING: Final = 0x41494D_0001
"""Key of the advisory lock that whoever migrates holds."""

Upgrade = Callable[[sa.Connection], None]


def driver_faults() -> tuple[type[Exception], ...]:
    """Return the driver's own errors, some of which reach us as they are."""
    import asyncpg  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs]  # only where PostgreSQL is used

    return (asyncpg.PostgresError, asyncpg.InterfaceError)


def faults() -> tuple[type[Exception], ...]:
    """Return all errors of the database, and of the way to it."""
    return (SQLAlchemyError, OSError, *driver_faults())


def words_of(error: BaseException) -> str:
    """Return the first line of what the database said."""
    return (str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__])[0]


def migrate(url: sa.URL, head: str, upgrade: Upgrade) -> None:
    """Bring the schema to ``head``; processes that start at once do it in turn. Raises the driver's and SQLAlchemy's errors."""
    asyncio.run(_migrate(url, head, upgrade))


async def _migrate(url: sa.URL, head: str, upgrade: Upgrade) -> None:
    engine = create_async_engine(url, poolclass=sa.NullPool)
    async with engine.connect() as connection:
        # The lock is the session's: it outlasts the transaction, and goes with the connection.
        await connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATING})
        revision = await _revision(connection)
        await connection.commit()
        if revision != head:
            await connection.run_sync(upgrade)


async def _revision(connection: AsyncConnection) -> str | None:
    """Return the schema's revision, None for a database without one."""
    if (await connection.execute(sa.text("SELECT to_regclass('alembic_version')::text"))).scalar_one() is None:
        return None
    return (await connection.execute(sa.text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
