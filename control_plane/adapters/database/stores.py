"""The stores: rows in, records out. Every fault of the database becomes ``StoreUnavailable`` with a sentence."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import SQLModel

from control_plane.adapters.database.tables import PROJECT, SANDBOX
from control_plane.domain.access import no_such_project
from control_plane.domain.errors import Stale, StoreUnavailable
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import SandboxRecord

projects = SQLModel.metadata.tables[PROJECT]
sandboxes = SQLModel.metadata.tables[SANDBOX]


class Database:
    """One engine, and one writer at a time: SQLite has one anyway, and in turn nobody waits in its busy loop.

    ``driver_faults`` are errors of the driver that SQLAlchemy passes on as they are.
    """

    def __init__(self, engine: AsyncEngine, driver_faults: tuple[type[Exception], ...] = ()) -> None:
        self.engine = engine
        self._faults = (SQLAlchemyError, OSError, *driver_faults)
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncConnection, None]:
        """Open a connection to read. Raises ``StoreUnavailable``."""
        with translated(self._faults):
            async with self.engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncConnection, None]:
        """Open a transaction; writers come in the order in which they asked. Raises ``StoreUnavailable``."""
        with translated(self._faults):
            async with self._writing, self.engine.begin() as connection:
                yield connection

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


class translated:  # noqa: N801  # reads as a statement: with translated()
    """Turn the database's errors into ours, with its own words."""

    def __init__(self, faults: tuple[type[Exception], ...]) -> None:
        self._faults = faults

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, self._faults):
            words = (str(getattr(error, "orig", None) or error).splitlines() or ["it said nothing"])[0]
            raise StoreUnavailable(f"The database does not answer: {words}. Try again, and see `aimforge doctor`.")


class DatabaseProjectStore:
    """Passes as ``ports.ProjectStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, project: ProjectRecord, sandbox: SandboxRecord) -> None:
        """Insert a project and its sandbox in one transaction."""
        async with self._database.write() as connection:
            await connection.execute(projects.insert().values(project_values(project)))
            await connection.execute(sandboxes.insert().values(sandbox_values(sandbox)))

    async def get(self, project_id: str) -> ProjectRecord:
        """Return one project. Raises ``NotFound``."""
        async with self._database.read() as connection:
            row = (
                (await connection.execute(projects.select().where(projects.c.id == project_id)))
                .mappings()
                .one_or_none()
            )
        if row is None:
            raise no_such_project(project_id)
        return project_record(row)

    async def list(self, owner: str | None = None) -> Sequence[ProjectRecord]:
        """Return all projects, or those of an owner, oldest first."""
        query = projects.select().order_by(projects.c.created_at, projects.c.id)
        if owner is not None:
            query = query.where(projects.c.owner == owner)
        async with self._database.read() as connection:
            return [project_record(row) for row in (await connection.execute(query)).mappings()]

    async def update(self, project: ProjectRecord) -> None:
        """Replace a project's row. Raises ``NotFound``."""
        async with self._database.write() as connection:
            changed = await connection.execute(
                projects.update().where(projects.c.id == project.id).values(project_values(project))
            )
        if changed.rowcount == 0:
            raise no_such_project(project.id)

    async def note_opened(self, opened: Mapping[str, float]) -> None:
        """Set when projects were last opened, in one transaction."""
        change = projects.update().where(projects.c.id == sa.bindparam("key")).values(opened_at=sa.bindparam("at"))
        async with self._database.write() as connection:
            await connection.execute(change, [{"key": key, "at": at} for key, at in opened.items()])

    async def delete(self, project_id: str) -> None:
        """Remove the project and its sandbox row; what is gone already is no error."""
        async with self._database.write() as connection:
            await connection.execute(sandboxes.delete().where(sandboxes.c.project_id == project_id))
            await connection.execute(projects.delete().where(projects.c.id == project_id))


class DatabaseSandboxStore:
    """Passes as ``ports.SandboxStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, project_id: str) -> SandboxRecord:
        """Return one row. Raises ``NotFound``."""
        query = sandboxes.select().where(sandboxes.c.project_id == project_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        if row is None:
            raise no_such_project(project_id)
        return sandbox_record(row)

    async def list(self) -> Sequence[SandboxRecord]:
        """Return all rows."""
        async with self._database.read() as connection:
            return [sandbox_record(row) for row in (await connection.execute(sandboxes.select())).mappings()]

    async def save(self, record: SandboxRecord) -> None:
        """Replace a row. Raises ``Stale`` when the stored generation is newer, ``NotFound`` when there is none."""
        mine = sandboxes.c.project_id == record.project_id
        async with self._database.write() as connection:
            changed = await connection.execute(
                sandboxes.update()
                .where(mine, sandboxes.c.generation <= record.generation)
                .values(sandbox_values(record))
            )
            if changed.rowcount:
                return
            stored = (await connection.execute(sa.select(sandboxes.c.generation).where(mine))).scalar_one_or_none()
        if stored is None:
            raise no_such_project(record.project_id)
        raise Stale("The sandbox was started anew meanwhile.", generation=record.generation, stored=stored)


def project_values(record: ProjectRecord) -> dict[str, Any]:
    """Turn a record into a row's values."""
    return asdict(record) | {"deleting": int(record.deleting)}


def project_record(row: sa.RowMapping) -> ProjectRecord:
    """Turn a row into a record."""
    return msgspec.convert(dict(row) | {"deleting": bool(row["deleting"])}, ProjectRecord)


def sandbox_values(record: SandboxRecord) -> dict[str, Any]:
    """Turn a record into a row's values."""
    return asdict(record) | {
        "state": record.state.value,
        "limits": msgspec.json.encode(record.limits).decode(),
        "end_reason": record.end_reason.value if record.end_reason else None,
    }


def sandbox_record(row: sa.RowMapping) -> SandboxRecord:
    """Turn a row into a record."""
    return msgspec.convert(dict(row) | {"limits": msgspec.json.decode(row["limits"])}, SandboxRecord)
