"""What every ``ArchiveStore`` and ``HiddenTestStore`` does: the fakes of the tests, and the database."""

import hashlib
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from control_plane.adapters.database.archive_store import DatabaseArchiveStore
from control_plane.adapters.database.hidden_test_store import DatabaseHiddenTestStore
from control_plane.adapters.database.identity_store import DatabaseIdentityStore
from control_plane.adapters.database.opening import open_database, prepare_database
from control_plane.domain.courses import Assignment, Course
from control_plane.domain.errors import NotFound, StoreUnavailable, TooLarge
from control_plane.domain.hidden_tests import RowState, TestResult, TestRow
from control_plane.domain.identity import Drop, Put
from control_plane.ports import ArchiveStore, HiddenTestStore, IdentityStore
from tests.fakes.archives import FakeArchiveStore, FakeHiddenTestStore
from tests.fakes.identity import FakeIdentityStore
from tests.fakes.stores import FakeDatabase

MIB = 1 << 20
LIMIT = 8 * MIB


@dataclass
class Time:
    at: float = 100.0

    def now(self) -> float:
        return self.at


@dataclass
class Stores:
    archives: ArchiveStore
    rows: HiddenTestStore
    identity: IdentityStore
    time: Time = field(default_factory=Time)


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database at the newest schema; empty for the fake."""
    if request.param == "fake":
        return ""
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    url = f"sqlite+aiosqlite:///{tmp_path}/aimforge.db"
    prepare_database(url)
    return url


@pytest.fixture
async def stores(database_url: str) -> AsyncGenerator[Stores]:
    time = Time()
    if not database_url:
        fake = FakeDatabase()
        identity = FakeIdentityStore(fake)
        rows = FakeHiddenTestStore(fake, lambda id_: id_ in identity.identity.all(Assignment))
        yield Stores(FakeArchiveStore(fake, time.now), rows, identity, time)
        return
    database = open_database(database_url)
    yield Stores(
        DatabaseArchiveStore(database, time.now),
        DatabaseHiddenTestStore(database),
        DatabaseIdentityStore(database),
        time,
    )
    await database.close()


async def chunks(data: bytes, size: int = 300_001) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def read(store: ArchiveStore, archive_id: str) -> bytes:
    return b"".join([chunk async for chunk in store.read(archive_id)])


def some(size: int) -> bytes:
    return (hashlib.sha256(str(size).encode()).digest() * (size // 32 + 1))[:size]


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB + 5])
async def test_an_archive_is_read_as_it_was_stored(stores: Stores, size: int):
    data = some(size)
    archive = await stores.archives.put(chunks(data), LIMIT)
    assert (archive.size, archive.digest) == (size, hashlib.sha256(data).hexdigest())
    assert archive.created_at == 100.0
    assert await stores.archives.find(archive.id) == archive
    assert await read(stores.archives, archive.id) == data
    assert all([len(chunk) <= MIB async for chunk in stores.archives.read(archive.id)])


async def test_archives_are_told_apart(stores: Stores):
    first = await stores.archives.put(chunks(b"one"), LIMIT)
    second = await stores.archives.put(chunks(b"two"), LIMIT)
    assert first.id != second.id
    assert (await read(stores.archives, first.id), await read(stores.archives, second.id)) == (b"one", b"two")


async def test_one_that_is_too_large_leaves_nothing(stores: Stores):
    with pytest.raises(TooLarge, match="2 MiB"):
        await stores.archives.put(chunks(some(2 * MIB + 1)), 2 * MIB)
    assert list(await stores.archives.ids()) == []
    assert (await stores.archives.put(chunks(some(2 * MIB)), 2 * MIB)).size == 2 * MIB


async def test_one_that_breaks_off_leaves_nothing(stores: Stores):
    async def breaking() -> AsyncIterator[bytes]:
        yield some(2 * MIB)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await stores.archives.put(breaking(), LIMIT)
    assert list(await stores.archives.ids()) == []


async def test_one_that_cannot_be_cleaned_up_says_what_broke_it_off_and_is_found_unfinished_later(tmp_path: Path):
    url = f"sqlite+aiosqlite:///{tmp_path}/aimforge.db"
    prepare_database(url)
    database = open_database(url)
    store = DatabaseArchiveStore(database, Time().now)

    async def breaking() -> AsyncIterator[bytes]:
        yield some(2 * MIB)
        raise ConnectionError

    with closing(sqlite3.connect(tmp_path / "aimforge.db", isolation_level=None)) as other:
        other.execute("CREATE TRIGGER away BEFORE DELETE ON archive_piece BEGIN SELECT RAISE(ABORT, 'away'); END")
        with pytest.raises(ConnectionError):
            await store.put(breaking(), LIMIT)
        other.execute("DROP TRIGGER away")
        (left,) = await store.ids()
        assert await store.find(left) is None
        with pytest.raises(NotFound):
            await read(store, left)
        await store.delete([left])
        assert list(await store.ids()) == []
        assert other.execute("SELECT count(*) FROM archive_piece").fetchone() == (0,)
    await database.close()


async def test_deleted_archives_are_gone_and_the_others_stay(stores: Stores):
    first = await stores.archives.put(chunks(some(2 * MIB)), LIMIT)
    stores.time.at = 200.0
    second = await stores.archives.put(chunks(b"two"), LIMIT)
    assert list(await stores.archives.ids()) == [first.id, second.id]
    await stores.archives.delete([first.id, "never-was"])
    await stores.archives.delete([first.id])
    assert await stores.archives.find(first.id) is None
    with pytest.raises(NotFound):
        await read(stores.archives, first.id)
    assert await read(stores.archives, second.id) == b"two"


async def test_a_damaged_archive_breaks_off(tmp_path: Path):
    url = f"sqlite+aiosqlite:///{tmp_path}/aimforge.db"
    prepare_database(url)
    database = open_database(url)
    store = DatabaseArchiveStore(database, Time().now)
    archive = await store.put(chunks(some(2 * MIB)), LIMIT)
    for damage in (
        "UPDATE archive_piece SET data = x'00' WHERE piece = 1",
        "DELETE FROM archive_piece WHERE piece = 0",
    ):
        with closing(sqlite3.connect(tmp_path / "aimforge.db")) as connection, connection:
            connection.execute(damage)
        with pytest.raises(StoreUnavailable, match="damaged"):
            await read(store, archive.id)
    await database.close()


# ── Results of tests ──────────────────────────────────────────────────────────────────────────────────────────


def row(login: str = "ada", assignment_id: str = "a1", state: RowState = RowState.DONE) -> TestRow:
    results = {"n1": TestResult(passed=True, points=2.5, message="gut"), "n2": TestResult(passed=False, message="näh")}
    return TestRow(
        assignment_id=assignment_id,
        login=login,
        state=state,
        at=3.5,
        results=results,
        of=2,
        duration_ms=12.5,
        digest="d",
    )


async def make_assignments(stores: Stores, *ids: str) -> None:
    course = Course(id="c1", title="Course", created_by="t", created_at=1.0)
    made = [
        Assignment(id=id_, course_id="c1", title=id_, text="", project_id="p", created_by="t", created_at=1.0)
        for id_ in ids
    ]
    await stores.identity.write([Put(course), *(Put(one) for one in made)], await stores.identity.revision())


async def test_rows_are_kept_by_assignment_and_login(stores: Stores):
    await make_assignments(stores, "a1", "a2")
    await stores.rows.save([row("bob"), row("ada"), row("ada", "a2")])
    assert list(await stores.rows.of("a1")) == [row("ada"), row("bob")]
    changed = replace(row("ada"), results={}, message="It ended.", state=RowState.FAILED)
    await stores.rows.save([changed])
    assert list(await stores.rows.of("a1")) == [changed, row("bob")]
    assert (changed.passed, changed.points, row().passed, row().points) == (0, None, 1, 2.5)


async def test_rows_that_are_not_over_are_found(stores: Stores):
    await make_assignments(stores, "a1", "a2")
    waiting, running = row("ada", state=RowState.WAITING), row("bob", "a2", RowState.RUNNING)
    await stores.rows.save([waiting, running, row("eve")])
    assert list(await stores.rows.unfinished()) == [waiting, running]
    await stores.rows.save([replace(waiting, state=RowState.FAILED), replace(running, state=RowState.DONE)])
    assert list(await stores.rows.unfinished()) == []


async def test_rows_go_with_their_assignment(stores: Stores):
    await make_assignments(stores, "a1")
    await stores.rows.save([row()])
    await stores.identity.write([Drop(Assignment, "a1")], await stores.identity.revision())
    assert list(await stores.rows.of("a1")) == []
    await stores.rows.save([row()])
    assert list(await stores.rows.of("a1")) == []
