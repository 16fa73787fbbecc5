"""What every ``ProjectStore`` and ``SandboxStore`` does: the fakes of the tests, and the database."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from control_plane.adapters.database.opening import open_database, prepare_database
from control_plane.adapters.database.stores import DatabaseProjectStore, DatabaseSandboxStore
from control_plane.domain.errors import NotFound, Stale, StoreUnavailable
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import EndReason, Limits, SandboxRecord, SandboxState
from control_plane.ports import ProjectStore, SandboxStore
from tests.fakes.stores import FakeDatabase, FakeProjectStore, FakeSandboxStore


@dataclass
class Stores:
    projects: ProjectStore
    sandboxes: SandboxStore


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
    if not database_url:
        fake = FakeDatabase()
        yield Stores(FakeProjectStore(fake), FakeSandboxStore(fake))
        return
    database = open_database(database_url)
    yield Stores(DatabaseProjectStore(database), DatabaseSandboxStore(database))
    await database.close()


def project(id_: str = "p1", owner: str = "ada", created_at: float = 1.5) -> ProjectRecord:
    return ProjectRecord(
        id=id_, name=f"Näme {id_}", owner=owner, created_at=created_at, opened_at=2.25, description="d"
    )


def sandbox(id_: str = "p1", uid: int = 200_000) -> SandboxRecord:
    return SandboxRecord(project_id=id_, generation=3, state=SandboxState.ABSENT, uid=uid, limits=Limits(cpus=1.5))


async def test_what_is_added_is_found_again(stores: Stores):
    await stores.projects.add(project(), sandbox())
    assert await stores.projects.get("p1") == project()
    assert await stores.sandboxes.get("p1") == sandbox()
    assert list(await stores.sandboxes.list()) == [sandbox()]


async def test_projects_are_listed_oldest_first_and_by_owner(stores: Stores):
    await stores.projects.add(project("b", created_at=2), sandbox("b", 200_001))
    await stores.projects.add(project("a", "bob", created_at=3), sandbox("a", 200_002))
    await stores.projects.add(project("c", created_at=1), sandbox("c", 200_003))
    assert [p.id for p in await stores.projects.list()] == ["c", "b", "a"]
    assert [p.id for p in await stores.projects.list("ada")] == ["c", "b"]
    assert list(await stores.projects.list("nobody")) == []


async def test_a_project_is_replaced_as_a_whole(stores: Stores):
    await stores.projects.add(project(), sandbox())
    changed = replace(project(), name="x", deleted_at=7.5, deleting=True)
    await stores.projects.update(changed)
    assert await stores.projects.get("p1") == changed


async def test_openings_are_noted_together_and_those_of_projects_that_are_gone_do_no_harm(stores: Stores):
    await stores.projects.add(project("p1"), sandbox("p1", 200_001))
    await stores.projects.add(project("p2"), sandbox("p2", 200_002))
    await stores.projects.note_opened({"p1": 10.5, "gone": 11.0})
    assert await stores.projects.get("p1") == replace(project("p1"), opened_at=10.5)
    assert await stores.projects.get("p2") == project("p2")


async def test_deleting_removes_both_rows_and_may_be_repeated(stores: Stores):
    await stores.projects.add(project(), sandbox())
    await stores.projects.delete("p1")
    await stores.projects.delete("p1")
    assert (list(await stores.projects.list()), list(await stores.sandboxes.list())) == ([], [])


async def test_what_is_not_there_is_said_not_to_be_there(stores: Stores):
    with pytest.raises(NotFound, match="p1"):
        await stores.projects.get("p1")
    with pytest.raises(NotFound):
        await stores.projects.update(project())
    with pytest.raises(NotFound):
        await stores.sandboxes.get("p1")
    with pytest.raises(NotFound):
        await stores.sandboxes.save(sandbox())


async def test_every_state_and_reason_can_be_stored(stores: Stores):
    await stores.projects.add(project(), sandbox())
    for state in SandboxState:
        for reason in (None, *EndReason):
            record = replace(sandbox(), state=state, end_reason=reason, deadline=9.5, message="m", container_id="c")
            await stores.sandboxes.save(record)
            assert await stores.sandboxes.get("p1") == record


async def test_an_older_generation_cannot_overwrite_a_newer_one(stores: Stores):
    await stores.projects.add(project(), sandbox())
    newer = replace(sandbox(), generation=4, state=SandboxState.READY)
    await stores.sandboxes.save(newer)
    with pytest.raises(Stale):
        await stores.sandboxes.save(replace(sandbox(), state=SandboxState.FAILED))
    assert await stores.sandboxes.get("p1") == newer
    await stores.sandboxes.save(replace(newer, state=SandboxState.PAUSING))
    assert (await stores.sandboxes.get("p1")).state is SandboxState.PAUSING


async def test_two_projects_cannot_have_one_id_or_one_uid(stores: Stores):
    await stores.projects.add(project(), sandbox())
    with pytest.raises(StoreUnavailable):
        await stores.projects.add(project(), sandbox())
    with pytest.raises(StoreUnavailable):
        await stores.projects.add(project("p2"), sandbox("p2"))
    assert [p.id for p in await stores.projects.list()] == ["p1"]
