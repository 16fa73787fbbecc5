"""What is said of each subject: rows in, records out."""

from collections.abc import Sequence
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from control_plane.adapters.database.stores import Database
from control_plane.adapters.database.tables import SECONDS
from control_plane.domain.allowance import Allowance, AllowanceRecord

ALLOWANCE: Final = "allowance"


class AllowanceRow(SQLModel, table=True):
    """What is said of a subject. ``said`` is JSON of an ``Allowance``, ``asked`` a JSON array of hosts."""

    __tablename__ = ALLOWANCE  # pyright: ignore[reportAssignmentType]  # SQLModel's own annotation is narrower than its use
    __table_args__ = (
        sa.CheckConstraint("by_teacher in (0, 1)", name="allowance_by_teacher_is_a_truth"),
        {"sqlite_strict": True},
    )

    subject: str = Field(sa_column=sa.Column(sa.Text, primary_key=True))
    said: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    by_teacher: int = Field(sa_column=sa.Column(sa.Integer, nullable=False))
    set_by: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    set_at: float = Field(sa_column=sa.Column(SECONDS, nullable=False))
    asked: str = Field(sa_column=sa.Column(sa.Text, nullable=False))


allowances = SQLModel.metadata.tables[ALLOWANCE]


class DatabaseAllowanceStore:
    """Passes as ``ports.AllowanceStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> Sequence[AllowanceRecord]:
        """Return all records, by subject."""
        async with self._database.read() as connection:
            rows = await connection.execute(allowances.select().order_by(allowances.c.subject))
            return [allowance_record(row) for row in rows.mappings()]

    async def put(self, record: AllowanceRecord) -> None:
        """Add a record, or replace the subject's, in one transaction."""
        async with self._database.write() as connection:
            await connection.execute(allowances.delete().where(allowances.c.subject == record.subject))
            await connection.execute(allowances.insert().values(allowance_values(record)))

    async def delete(self, subject: str) -> None:
        """Remove a subject's record; what is gone already is no error."""
        async with self._database.write() as connection:
            await connection.execute(allowances.delete().where(allowances.c.subject == subject))


def allowance_values(record: AllowanceRecord) -> dict[str, str | int | float]:
    """Turn a record into a row's values."""
    return {
        "subject": record.subject,
        "said": msgspec.json.encode(record.allowance).decode(),
        "by_teacher": int(record.by_teacher),
        "set_by": record.set_by,
        "set_at": record.set_at,
        "asked": msgspec.json.encode(record.asked).decode(),
    }


def allowance_record(row: sa.RowMapping) -> AllowanceRecord:
    """Turn a row into a record."""
    return AllowanceRecord(
        subject=row["subject"],
        allowance=msgspec.json.decode(row["said"], type=Allowance),
        by_teacher=bool(row["by_teacher"]),
        set_by=row["set_by"],
        set_at=row["set_at"],
        asked=msgspec.json.decode(row["asked"], type=tuple[str, ...]),
    )
