"""Every migration down and up again, with a row in every table, on SQLite and on PostgreSQL: what stays is as it was."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from control_plane.adapters.clock import SystemClock
from control_plane.adapters.database import opening
from control_plane.adapters.database.allowance_store import DatabaseAllowanceStore
from control_plane.adapters.database.archive_store import DatabaseArchiveStore
from control_plane.adapters.database.hidden_test_store import DatabaseHiddenTestStore
from control_plane.adapters.database.identity_store import DatabaseAuditStore, DatabaseIdentityStore
from control_plane.adapters.database.opening import driver_url, open_database, prepare_database
from control_plane.adapters.database.stores import DatabaseProjectStore
from control_plane.domain.audit import AuditAction, AuditEntry
from control_plane.domain.identity import Put
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import Limits, SandboxRecord, SandboxState
from tests.contract.test_allowance_store import EVERYTHING
from tests.contract.test_archive_stores import row as result_row
from tests.contract.test_identity_stores import RECORDS

VERSION = "alembic_version"
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    made = f"sqlite+aiosqlite:///{tmp_path}/aimforge.db"
    prepare_database(made)
    return made


async def fill(url: str) -> None:
    """Put something into every table, by the stores."""
    database = open_database(url)

    async def content() -> AsyncIterator[bytes]:
        yield b"PK"

    await DatabaseProjectStore(database).add(
        ProjectRecord(id="p", name="P", owner="a", created_at=1, opened_at=1, description="Größe"),
        SandboxRecord(project_id="p", generation=3, state=SandboxState.STOPPED, uid=5, limits=Limits()),
    )
    await DatabaseIdentityStore(database).write([Put(record) for record in RECORDS], 0)
    await DatabaseAuditStore(database).append([AuditEntry(at=1, action=AuditAction.SIGN_IN, detail={"by": "password"})])
    await DatabaseArchiveStore(database, SystemClock().now).put(content(), 100)
    await DatabaseHiddenTestStore(database).save([result_row("bob", "x")])
    await DatabaseAllowanceStore(database).put(EVERYTHING)
    await database.close()


def rows_of(connection: sa.Connection) -> Rows:
    """All rows of all tables, in an order that does not depend on how they are kept."""
    found = sa.MetaData()
    found.reflect(connection)
    return {
        name: sorted((dict(row) for row in connection.execute(table.select()).mappings()), key=repr)
        for name, table in found.tables.items()
        if name != VERSION
    }


def shared(rows: Rows, other: Rows) -> Rows:
    """Rows of the tables that ``other`` has as well, with the columns that it has there."""
    kept: Rows = {}
    for name, theirs in other.items():
        columns = set(theirs[0]) if theirs else set[str]()
        kept[name] = sorted(({key: row[key] for key in row if key in columns} for row in rows[name]), key=repr)
    return kept


def down_and_up(connection: sa.Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(opening.MIGRATIONS))
    config.attributes["connection"] = connection
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    before = rows_of(connection)
    connection.rollback()
    empty = [name for name, rows in before.items() if not rows]
    assert empty == [], "this test has to put a row into each table"
    assert set(before) == set(SQLModel.metadata.tables)
    for revision in revisions[1:]:
        command.downgrade(config, revision)
        less = rows_of(connection)
        connection.rollback()
        assert all(rows for name, rows in less.items()), revision
        assert shared(before, less) == less, revision
        command.upgrade(config, "head")
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
        connection.rollback()
        again = rows_of(connection)
        connection.rollback()
        assert shared(again, less) == less, revision
        assert set(again) == set(before)


async def test_each_step_down_and_up_keeps_what_it_does_not_take_away(url: str):
    await fill(url)
    engine = create_async_engine(driver_url(url), poolclass=sa.NullPool)
    async with engine.connect() as connection, asyncio.timeout(120):
        await connection.run_sync(down_and_up)
    await engine.dispose()
