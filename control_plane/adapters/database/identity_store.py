"""The stores about people and of the audit log."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from itertools import groupby
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from control_plane.adapters.database import identity_tables
from control_plane.adapters.database.stores import Database
from control_plane.domain.audit import AuditEntry, AuditFilter
from control_plane.domain.courses import Assignment, Member, Submission
from control_plane.domain.errors import Conflict, Stale
from control_plane.domain.identity import (
    KINDS,
    Account,
    ApiToken,
    Change,
    Drop,
    Identity,
    Put,
    Record,
    Session,
)

tables: Final = SQLModel.metadata.tables
revisions: Final = tables[identity_tables.REVISION]
audit: Final = tables[identity_tables.AUDIT]
TABLES: Final[dict[type[Record], sa.Table]] = {kind: tables[name] for kind, name in identity_tables.NAMES.items()}

TRUTHS: Final[dict[type[Record], tuple[str, ...]]] = {
    Account: ("disabled", "role_by_claim"),
    Member: ("by_claim",),
    Submission: ("late", "collected"),
}
LISTS: Final[dict[type[Record], tuple[str, ...]]] = {Assignment: ("hidden_nodes", "tests")}
"""Columns that hold a truth as 0 or 1, and those that hold a list as JSON."""


class DatabaseIdentityStore:
    """Passes as ``ports.IdentityStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Identity:
        """Return all records. The revision is read first: what changes meanwhile shows as a newer one."""
        records: list[Record] = []
        async with self._database.read() as connection:
            revision = await read_revision(connection)
            for kind in KINDS:
                found = await connection.execute(TABLES[kind].select())
                records += [record_of(kind, row) for row in found.mappings()]
        return Identity.of(revision, records)

    async def revision(self) -> int:
        """Return how often anything was changed."""
        async with self._database.read() as connection:
            return await read_revision(connection)

    async def write(self, changes: Sequence[Change], seen: int) -> int:
        """Make changes, all or none. Raises ``Stale``, ``Conflict``."""
        async with self._database.write() as connection:
            moved = await connection.execute(
                revisions.update().where(revisions.c.number == seen).values(number=revisions.c.number + 1)
            )
            if moved.rowcount == 0:
                raise Stale("Somebody else changed people meanwhile.")
            try:
                await make_all(connection, changes)
            except IntegrityError as error:
                raise Conflict("This login is taken, or what it belongs to is gone: read it anew.") from error
        return seen + 1

    async def touch(self, sessions: Mapping[str, float], tokens: Mapping[str, float]) -> None:
        """Note when sessions and tokens were last used."""
        async with self._database.write() as connection:
            for kind, column, used in ((Session, "seen_at", sessions), (ApiToken, "used_at", tokens)):
                table = TABLES[kind]
                for id_, at in used.items():
                    await connection.execute(table.update().where(table.c.id == id_).values({column: at}))


class DatabaseAuditStore:
    """Passes as ``ports.AuditStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, entries: Sequence[AuditEntry]) -> None:
        """Add entries in one transaction."""
        async with self._database.write() as connection:
            await connection.execute(audit.insert(), [entry_values(entry) for entry in entries])

    async def read(self, wanted: AuditFilter, limit: int) -> Sequence[AuditEntry]:
        """Return entries, newest first."""
        query = audit.select().order_by(audit.c.id.desc()).limit(limit)
        for column, value in ((audit.c.actor, wanted.actor), (audit.c.project_id, wanted.project_id)):
            if value:
                query = query.where(column == value)
        if wanted.action.endswith("."):
            query = query.where(audit.c.action.startswith(wanted.action, autoescape=True))
        elif wanted.action:
            query = query.where(audit.c.action == wanted.action)
        if wanted.since is not None:
            query = query.where(audit.c.at >= wanted.since)
        if wanted.until is not None:
            query = query.where(audit.c.at < wanted.until)
        if wanted.before_id is not None:
            query = query.where(audit.c.id < wanted.before_id)
        async with self._database.read() as connection:
            return [entry_of(row) for row in (await connection.execute(query)).mappings()]

    async def prune(self, before: float) -> int:
        """Remove what is older; return how many."""
        async with self._database.write() as connection:
            return (await connection.execute(audit.delete().where(audit.c.at < before))).rowcount


async def read_revision(connection: AsyncConnection) -> int:
    """Return the number of changes so far."""
    return int((await connection.execute(sa.select(revisions.c.number))).scalar_one())


async def make_all(connection: AsyncConnection, changes: Iterable[Change]) -> None:
    """Make changes in their order, those of one kind at once: a whole class is one statement."""
    for (put, kind), same in groupby(changes, key=kind_of):
        table = TABLES[kind]
        if put:
            rows = [values_of(change) for change in same if isinstance(change, Put)]
            await connection.execute(upsert(table, connection.dialect.name), rows)
        else:
            gone = table.delete().where(table.c.id == sa.bindparam("gone"))
            await connection.execute(gone, [{"gone": change.id} for change in same if isinstance(change, Drop)])


def kind_of(change: Change) -> tuple[bool, type[Record]]:
    """Tell whether a change puts something, and of which kind."""
    return (True, type(change.record)) if isinstance(change, Put) else (False, change.kind)


@cache
def upsert(table: sa.Table, dialect: str) -> Any:
    """Return the statement that inserts a row, or replaces the one with its id."""
    insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    others = {column.name: insert.excluded[column.name] for column in table.c if column.name != "id"}
    return insert.on_conflict_do_update(index_elements=[table.c.id], set_=others)


def values_of(change: Put) -> dict[str, Any]:
    """Turn a record into a row's values."""
    values = msgspec.to_builtins(change.record)
    for name in TRUTHS.get(type(change.record), ()):
        values[name] = int(values[name])
    for name in LISTS.get(type(change.record), ()):
        values[name] = msgspec.json.encode(values[name]).decode()
    return values


def record_of(kind: type[Record], row: sa.RowMapping) -> Record:
    """Turn a row into a record."""
    values = dict(row)
    for name in TRUTHS.get(kind, ()):
        values[name] = bool(values[name])
    for name in LISTS.get(kind, ()):
        values[name] = msgspec.json.decode(values[name])
    return msgspec.convert(values, kind)


def entry_values(entry: AuditEntry) -> dict[str, Any]:
    """Turn an entry into a row's values; the database numbers it."""
    values = asdict(entry) | {"action": entry.action.value, "detail": msgspec.json.encode(entry.detail).decode()}
    del values["id"]
    return values


def entry_of(row: sa.RowMapping) -> AuditEntry:
    """Turn a row into an entry."""
    return msgspec.convert(dict(row) | {"detail": msgspec.json.decode(row["detail"])}, AuditEntry)
