"""Archives and results of hidden tests, in memory."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

from control_plane.adapters.database.archive_store import check_size
from control_plane.domain.archives import Archive
from control_plane.domain.errors import NotFound
from control_plane.domain.hidden_tests import UNFINISHED, TestRow
from tests.fakes.stores import FakeDatabase


class FakeArchiveStore:
    """``ports.ArchiveStore``."""

    def __init__(self, database: FakeDatabase, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self._made = 0
        self.kept: dict[str, tuple[Archive, bytes]] = {}

    async def put(self, chunks: AsyncIterator[bytes], max_bytes: int) -> Archive:
        """Store an archive."""
        self._database.check()
        data = bytearray()
        async for chunk in chunks:
            data += chunk
            check_size(len(data), max_bytes)
        self._made += 1
        digest = hashlib.sha256(data).hexdigest()
        archive = Archive(id=f"archive-{self._made}", digest=digest, size=len(data), created_at=self._now())
        self.kept[archive.id] = archive, bytes(data)
        return archive

    async def find(self, archive_id: str) -> Archive | None:
        """Return what is known of an archive."""
        self._database.check()
        return self.kept[archive_id][0] if archive_id in self.kept else None

    async def read(self, archive_id: str) -> AsyncGenerator[bytes]:
        """Yield an archive's bytes."""
        self._database.check()
        if archive_id not in self.kept:
            raise NotFound("This archive is not there any more.")
        data = self.kept[archive_id][1]
        for start in range(0, len(data), 1 << 20):
            yield data[start : start + (1 << 20)]

    async def delete(self, archive_ids: Sequence[str]) -> None:
        """Remove archives."""
        self._database.check()
        for archive_id in archive_ids:
            self.kept.pop(archive_id, None)

    async def ids(self) -> Sequence[str]:
        """Return the ids of all archives."""
        self._database.check()
        return list(self.kept)


class FakeHiddenTestStore:
    """``ports.HiddenTestStore``; ``is_there`` tells whether there is such an assignment."""

    def __init__(self, database: FakeDatabase, is_there: Callable[[str], bool]) -> None:
        self._database = database
        self._is_there = is_there
        self._rows: dict[tuple[str, str], TestRow] = {}

    async def of(self, assignment_id: str) -> Sequence[TestRow]:
        """Return an assignment's rows by login."""
        return [row for row in self._found() if row.assignment_id == assignment_id]

    async def unfinished(self) -> Sequence[TestRow]:
        """Return the rows whose tests are not over."""
        return [row for row in self._found() if row.state in UNFINISHED]

    async def save(self, saved: Sequence[TestRow]) -> None:
        """Insert or replace rows."""
        self._database.check()
        self._rows |= {(row.assignment_id, row.login): row for row in saved}

    def _found(self) -> list[TestRow]:
        self._database.check()
        return [row for _, row in sorted(self._rows.items()) if self._is_there(row.assignment_id)]
