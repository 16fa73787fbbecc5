"""The store of archives: in pieces, so that neither a transaction nor the memory ever holds a whole one."""

import hashlib
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from typing import Final

import sqlalchemy as sa
import structlog
from sqlmodel import SQLModel

from control_plane.adapters.database import course_tables
from control_plane.adapters.database.stores import Database
from control_plane.domain.archives import Archive
from control_plane.domain.errors import NotFound, StoreUnavailable, TooLarge
from sandbox_image.wire.limits import MIB

log = structlog.stdlib.get_logger()

tables: Final = SQLModel.metadata.tables
archives: Final = tables[course_tables.ARCHIVE]
pieces: Final = tables[course_tables.PIECE]
PIECE: Final = MIB
UNFINISHED: Final = -1


class DatabaseArchiveStore:
    """Passes as ``ports.ArchiveStore``."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    async def put(self, chunks: AsyncIterator[bytes], max_bytes: int) -> Archive:
        """Store an archive. Raises ``TooLarge``, and whatever ``chunks`` raise; nothing is left of it then."""
        archive_id, at = secrets.token_hex(16), self._now()
        async with self._database.write() as connection:
            row = {"id": archive_id, "digest": "", "size": UNFINISHED, "created_at": at}
            await connection.execute(archives.insert().values(row))
        try:
            digest, size = hashlib.sha256(), 0
            async for piece in pieces_of(chunks):
                check_size(size + len(piece), max_bytes)
                await self._write(archive_id, size // PIECE, piece)
                digest.update(piece)
                size += len(piece)
            return await self._finish(Archive(id=archive_id, digest=digest.hexdigest(), size=size, created_at=at))
        except BaseException:
            try:
                await self.delete([archive_id])
            except StoreUnavailable as error:
                # What went wrong first is what is told, and a cancellation stays one. Pruning finds the unfinished archive.
                log.warning("archive_left_unfinished", archive_id=archive_id, message=error.message)
            raise

    async def find(self, archive_id: str) -> Archive | None:
        """Return what is known of an archive, if it is there."""
        query = archives.select().where(archives.c.id == archive_id, archives.c.size != UNFINISHED)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return Archive(**row) if row is not None else None

    async def read(self, archive_id: str) -> AsyncGenerator[bytes]:
        """Yield an archive's pieces. Raises ``NotFound``, and ``StoreUnavailable`` for one that is damaged."""
        archive = await self.find(archive_id)
        if archive is None:
            raise no_such_archive()
        digest = hashlib.sha256()
        for number in range(-(-archive.size // PIECE)):
            query = sa.select(pieces.c.data).where(pieces.c.archive_id == archive_id, pieces.c.piece == number)
            async with self._database.read() as connection:
                data: bytes | None = (await connection.execute(query)).scalar_one_or_none()
            if data is None:
                break
            digest.update(data)
            yield data
        if digest.hexdigest() != archive.digest:
            raise StoreUnavailable("The archive is damaged or was just deleted: its digest is not the one it had.")

    async def delete(self, archive_ids: Sequence[str]) -> None:
        """Remove archives; what is gone already is no error."""
        async with self._database.write() as connection:
            for archive_id in archive_ids:
                await connection.execute(pieces.delete().where(pieces.c.archive_id == archive_id))
                await connection.execute(archives.delete().where(archives.c.id == archive_id))

    async def ids(self) -> Sequence[str]:
        """Return the ids of all archives, also of unfinished ones."""
        query = sa.select(archives.c.id).order_by(archives.c.created_at)
        async with self._database.read() as connection:
            return list((await connection.execute(query)).scalars())

    async def _write(self, archive_id: str, number: int, data: bytes) -> None:
        async with self._database.write() as connection:
            await connection.execute(pieces.insert().values({"archive_id": archive_id, "piece": number, "data": data}))

    async def _finish(self, archive: Archive) -> Archive:
        async with self._database.write() as connection:
            done = await connection.execute(
                archives.update()
                .where(archives.c.id == archive.id)
                .values({"digest": archive.digest, "size": archive.size})
            )
        if done.rowcount == 0:
            raise StoreUnavailable("The archive was removed while it was written: try again.")
        return archive


async def pieces_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what comes in pieces of one size; the last may be shorter."""
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    if held:
        yield bytes(held)


def check_size(size: int, max_bytes: int) -> None:
    """Raise ``TooLarge`` above the limit."""
    if size > max_bytes:
        most = f"{max_bytes / (1 << 20):g} MiB"
        message = f"As a zip, the project has more than {most}: delete large files, or ask for a larger AIMFORGE_MAX_ARCHIVE_MB."
        raise TooLarge(message, limit=max_bytes)


def no_such_archive() -> NotFound:
    """Build the error for an archive that is not there."""
    return NotFound("This archive is not there any more.")
