"""The tables of what is too large for ``identity_tables``: archives in pieces, and results of hidden tests."""

from typing import Final

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from control_plane.adapters.database.identity_tables import STRICT, key, number, seconds, text

ARCHIVE: Final = "archive"
PIECE: Final = "archive_piece"
TEST_ROW: Final = "test_row"


class ArchiveRow(SQLModel, table=True):
    """An archive. ``size`` is -1 until all of it is there."""

    __tablename__ = ARCHIVE  # pyright: ignore[reportAssignmentType]  # as in ``tables``
    __table_args__ = (sa.CheckConstraint("size >= -1", name="archive_has_a_size"), STRICT)

    id: str = key()
    digest: str = text()
    size: int = Field(sa_column=sa.Column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False))
    created_at: float = seconds()


class PieceRow(SQLModel, table=True):
    """A piece of an archive; ``piece`` counts from 0."""

    __tablename__ = PIECE  # pyright: ignore[reportAssignmentType]
    __table_args__ = (STRICT,)

    archive_id: str = Field(
        sa_column=sa.Column(sa.Text, sa.ForeignKey("archive.id", ondelete="CASCADE"), primary_key=True)
    )
    piece: int = Field(sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=False))
    data: bytes = Field(sa_column=sa.Column(sa.LargeBinary, nullable=False))


class TestRowRow(SQLModel, table=True):
    """What the hidden tests said of a submission. ``data`` is JSON; ``unfinished`` is 1 until the tests are over."""

    __test__ = False
    __tablename__ = TEST_ROW  # pyright: ignore[reportAssignmentType]
    __table_args__ = (sa.CheckConstraint("unfinished in (0, 1)", name="test_row_unfinished_is_a_truth"), STRICT)

    assignment_id: str = Field(
        sa_column=sa.Column(sa.Text, sa.ForeignKey("assignment.id", ondelete="CASCADE"), primary_key=True)
    )
    login: str = Field(sa_column=sa.Column(sa.Text, primary_key=True))
    unfinished: int = number()
    data: str = text()
