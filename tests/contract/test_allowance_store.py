"""What every ``AllowanceStore`` does: the fake of the tests, and the database."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from control_plane.adapters.database.allowance_store import DatabaseAllowanceStore
from control_plane.adapters.database.opening import open_database, prepare_database
from control_plane.domain.allowance import Allowance, AllowanceRecord
from control_plane.domain.egress import EgressMode
from control_plane.ports import AllowanceStore
from tests.fakes.stores import FakeAllowanceStore, FakeDatabase

EVERYTHING = AllowanceRecord(
    subject="course:c",
    allowance=Allowance(
        memory=1,
        cpus=0.5,
        pids=3,
        open_files=4,
        shm=5,
        tmp=6,
        disk=7 << 40,
        at_once=0,
        projects=8,
        run_sec=1.5,
        egress=EgressMode.OPEN,
        bytes_per_sec=0,
        hosts=("a.example", "*.b.example:8080!"),
    ),
    by_teacher=True,
    set_by="ada",
    set_at=1.25,
    asked=("c.example",),
)


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
async def store(database_url: str) -> AsyncGenerator[AllowanceStore]:
    if not database_url:
        yield FakeAllowanceStore(FakeDatabase())
        return
    database = open_database(database_url)
    yield DatabaseAllowanceStore(database)
    await database.close()


async def test_what_is_put_is_listed_by_subject(store: AllowanceStore):
    assert list(await store.list()) == []
    nothing = AllowanceRecord(subject="project:p")
    await store.put(nothing)
    await store.put(EVERYTHING)
    assert list(await store.list()) == [EVERYTHING, nothing]


async def test_a_subject_has_one_record_the_last(store: AllowanceStore):
    await store.put(EVERYTHING)
    other = replace(EVERYTHING, allowance=Allowance(), asked=())
    await store.put(other)
    assert list(await store.list()) == [other]


async def test_deleting_may_be_repeated(store: AllowanceStore):
    await store.put(EVERYTHING)
    await store.delete(EVERYTHING.subject)
    await store.delete(EVERYTHING.subject)
    assert list(await store.list()) == []
