"""The store of what hidden tests said."""

from collections.abc import Sequence
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlmodel import SQLModel

from control_plane.adapters.database import course_tables, identity_tables
from control_plane.adapters.database.stores import Database
from control_plane.domain.courses import Assignment
from control_plane.domain.hidden_tests import UNFINISHED, TestRow

rows: Final = SQLModel.metadata.tables[course_tables.TEST_ROW]
assignments: Final = SQLModel.metadata.tables[identity_tables.NAMES[Assignment]]


class DatabaseHiddenTestStore:
    """Passes as ``ports.HiddenTestStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, assignment_id: str) -> Sequence[TestRow]:
        """Return an assignment's rows by login."""
        return await self._read(rows.c.assignment_id == assignment_id)

    async def unfinished(self) -> Sequence[TestRow]:
        """Return the rows of all assignments whose tests are not over."""
        return await self._read(rows.c.unfinished == 1)

    async def save(self, saved: Sequence[TestRow]) -> None:
        """Insert or replace rows in one transaction; those of an assignment that is gone are dropped."""
        async with self._database.write() as connection:
            wanted = {row.assignment_id for row in saved}
            there = set(
                (await connection.execute(sa.select(assignments.c.id).where(assignments.c.id.in_(wanted)))).scalars()
            )
            for row in saved:
                mine = (rows.c.assignment_id == row.assignment_id) & (rows.c.login == row.login)
                await connection.execute(rows.delete().where(mine))
                if row.assignment_id in there:
                    await connection.execute(rows.insert().values(values_of(row)))

    async def _read(self, which: sa.ColumnElement[bool]) -> Sequence[TestRow]:
        query = sa.select(rows.c.data).where(which).order_by(rows.c.assignment_id, rows.c.login)
        async with self._database.read() as connection:
            found = (await connection.execute(query)).scalars().all()
        return [msgspec.json.decode(data, type=TestRow) for data in found]


def values_of(row: TestRow) -> dict[str, str | int]:
    """Turn a record into a row's values."""
    return {
        "assignment_id": row.assignment_id,
        "login": row.login,
        "unfinished": int(row.state in UNFINISHED),
        "data": msgspec.json.encode(row).decode(),
    }
