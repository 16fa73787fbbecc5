"""PostgreSQL, with a real server: migrations, faults, and which of two control planes leads."""

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel import SQLModel

from control_plane.adapters.database import leadership, opening
from control_plane.adapters.database.leadership import leading
from control_plane.adapters.database.opening import DatabaseUnusable, driver_url, open_database, prepare_database
from control_plane.adapters.database.stores import DatabaseProjectStore
from control_plane.domain.errors import StoreUnavailable
from tests.postgres import Postgres


@pytest.fixture(scope="module")
def own_server(postgres_server: Postgres) -> Postgres:
    """The server of this test process, which these tests may stop: tests of one process run in turn."""
    return postgres_server


@pytest.fixture
async def connection(postgres_url: str) -> AsyncGenerator[AsyncConnection]:
    engine = create_async_engine(driver_url(postgres_url), poolclass=sa.NullPool)
    async with engine.connect() as opened:
        yield opened


def test_control_planes_that_start_at_once_migrate_in_turn(postgres_server: Postgres):
    url = postgres_server.database()
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(prepare_database, url) for _ in range(4)]:
            done.result(60)


async def test_the_schema_is_what_the_code_expects_and_goes_down_and_up(connection: AsyncConnection):
    def work(migrating: sa.Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(opening.MIGRATIONS))
        config.attributes["connection"] = migrating
        command.downgrade(config, "base")
        assert sa.inspect(migrating).get_table_names() == ["alembic_version"]
        migrating.commit()
        command.upgrade(config, "head")
        assert compare_metadata(MigrationContext.configure(migrating), SQLModel.metadata) == []

    await connection.run_sync(work)


def test_a_server_that_is_not_there_or_newer_is_one_sentence(postgres_server: Postgres):
    nowhere = postgres_server.database().replace(str(postgres_server.folder), "/nonexistent")
    with pytest.raises(DatabaseUnusable, match="does not answer"):
        prepare_database(nowhere)
    with pytest.raises(DatabaseUnusable, match="does not answer"):
        prepare_database(f"postgresql://aimforge@/there_is_none?host={postgres_server.folder}")


async def test_the_stores_say_so_while_the_server_is_away_and_go_on_afterwards(own_server: Postgres, postgres_url: str):
    database = open_database(postgres_url)
    store = DatabaseProjectStore(database)
    assert list(await store.list()) == []
    await asyncio.to_thread(own_server.stop)
    try:
        with pytest.raises(StoreUnavailable):
            await store.list()
    finally:
        await asyncio.to_thread(own_server.start)
    assert list(await store.list()) == []
    await database.close()


async def test_one_leads_and_the_next_takes_over(postgres_url: str):
    url, lost = driver_url(postgres_url), asyncio.Event()
    leads = asyncio.Event()

    async def second() -> None:
        async with leading(url, lost.set):
            leads.set()

    async with asyncio.TaskGroup() as group:
        async with leading(url, lost.set):
            group.create_task(second())
            await until_waiting(url)
            assert not leads.is_set()
        async with asyncio.timeout(60):
            await leads.wait()
    assert not lost.is_set()


async def test_who_leads_still_leads_after_the_server_restarted(own_server: Postgres, postgres_url: str):
    url, lost = driver_url(postgres_url), asyncio.Event()
    async with leading(url, lost.set):
        await asyncio.to_thread(own_server.stop)
        await asyncio.to_thread(own_server.start)
        await until_held(url)
        assert not lost.is_set()


async def test_who_lost_the_lead_to_another_is_told_at_once(postgres_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(leadership, "REGAIN_WITHIN_SEC", 3600)  # for as long as it hopes, two would serve
    url, lost, end = driver_url(postgres_url), asyncio.Event(), asyncio.Event()

    async def second() -> None:
        async with leading(url, end.set):
            await end.wait()

    async with leading(url, lost.set):
        other = asyncio.create_task(second())
        await until_waiting(url)
        async with create_async_engine(url, poolclass=sa.NullPool).connect() as admin:
            await admin.execute(sa.text(f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE {OURS} AND granted"))
        async with asyncio.timeout(60):
            await lost.wait()
        end.set()
        await other


OURS = (
    f"locktype = 'advisory' AND classid::bigint << 32 | objid::bigint = {leadership.LEADING}"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


async def until_waiting(url: sa.URL) -> None:
    await until(url, f"SELECT count(*) FROM pg_locks WHERE {OURS} AND NOT granted")


async def until_held(url: sa.URL) -> None:
    await until(url, f"SELECT count(*) FROM pg_locks WHERE {OURS} AND granted")


async def until(url: sa.URL, query: str) -> None:
    engine = create_async_engine(url, poolclass=sa.NullPool)
    async with asyncio.timeout(60), engine.connect() as connection:
        while not (await connection.execute(sa.text(query))).scalar_one():
            await connection.commit()
            await asyncio.sleep(0.02)
