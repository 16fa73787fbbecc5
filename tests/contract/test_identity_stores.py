"""What every ``IdentityStore`` and ``AuditStore`` does: the fakes of the tests, and the database."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from control_plane.adapters.database.identity_store import DatabaseAuditStore, DatabaseIdentityStore
from control_plane.adapters.database.opening import open_database, prepare_database
from control_plane.adapters.database.stores import DatabaseProjectStore
from control_plane.domain.access import Share
from control_plane.domain.audit import AuditAction, AuditEntry, AuditFilter
from control_plane.domain.courses import Assignment, Course, CourseRole, Exam, Look, Member, Submission
from control_plane.domain.errors import Conflict, Stale, StoreUnavailable
from control_plane.domain.identity import (
    Account,
    ApiToken,
    Change,
    Drop,
    Grant,
    Identity,
    Invitation,
    Put,
    Record,
    Session,
    ShareLink,
)
from control_plane.domain.people import Role, Scope
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import Limits, SandboxRecord, SandboxState
from control_plane.ports import AuditStore, IdentityStore
from tests.fakes.identity import FakeAuditStore, FakeIdentityStore
from tests.fakes.stores import FakeDatabase

ADA = Account(
    id="a",
    login="ada@school",
    name="Ada",
    role=Role.TEACHER,
    created_at=1.5,
    password="hash",
    subject="i#1",
    role_by_claim=True,
)
RECORDS: list[Record] = [
    ADA,
    Session(id="s", digest="d1", person_id="a", created_at=1, seen_at=2, expires_at=3.5, address="::1", agent="Fox"),
    ApiToken(id="t", digest="d2", person_id="a", name="CI", scope=Scope.EDIT, created_at=1, expires_at=None),
    Invitation(id="i", digest="d3", role=Role.STUDENT, created_by="a", created_at=1, expires_at=9, course_id="c"),
    Grant(id="p:a", project_id="p", person_id="a", share=Share.EDITOR, created_by="a", created_at=1),
    ShareLink(id="l", digest="d4", project_id="p", share=Share.VIEWER, created_by="a", created_at=1, expires_at=9),
    Course(id="c", title="Weather", created_by="a", created_at=1, claim="class 7"),
    Member(id="c:bob", course_id="c", login="bob", name="Bob", role=CourseRole.STUDENT, created_at=1, by_claim=True),
    Assignment(
        id="x",
        course_id="c",
        title="Rain",
        text='Do "it".',
        project_id="p",
        created_by="a",
        created_at=1,
        hidden_nodes=("n1", "n2"),
        tests=(("n1", "Täst"),),
        due_at=7.5,
        version=2,
        archive_id="z",
        archive_size=2**31 - 1,
    ),
    Submission(
        id="x:bob", assignment_id="x", course_id="c", login="bob", late=True, collected=False, comment="+", points=1.5
    ),
    Submission(
        id="x:eve",
        assignment_id="x",
        course_id="c",
        login="eve",
        uncollected_code="timed_out",
        uncollected_message="Zu spät.",
        collect_failures=2,
        collect_at=9.5,
    ),
    Exam(id="e", course_id="c", title="Test", starts_at=1, ends_at=2.5, created_by="a", created_at=1),
    Look(id="o", project_id="p", person_id="a", course_id="c", at=1.5, until=2),
]


@dataclass
class Stores:
    identity: IdentityStore
    audit: AuditStore


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
        yield Stores(FakeIdentityStore(fake), FakeAuditStore(fake))
        return
    database = open_database(database_url)
    await DatabaseProjectStore(database).add(
        ProjectRecord(id="p", name="P", owner="a", created_at=1, opened_at=1),
        SandboxRecord(project_id="p", generation=0, state=SandboxState.ABSENT, uid=5, limits=Limits()),
    )
    yield Stores(DatabaseIdentityStore(database), DatabaseAuditStore(database))
    await database.close()


def records(identity: Identity) -> list[Record]:
    return [record for table in identity.rows.values() for record in table.values()]


async def test_every_kind_of_record_is_found_again_replaced_and_dropped(stores: Stores):
    store = stores.identity
    assert await store.write([Put(record) for record in RECORDS], 0) == 1
    found = await store.load()
    assert (found.revision, records(found)) == (1, RECORDS)
    disabled = replace(ADA, disabled=True, role=Role.ADMIN)
    assert await store.write([Put(disabled)], 1) == await store.revision() == 2
    assert (await store.load()).get(Account, "a") == disabled
    await store.write([Drop(type(record), record.id) for record in reversed(RECORDS)], 2)
    assert records(await store.load()) == []


async def test_what_belongs_to_a_course_goes_with_it(stores: Stores):
    """The database sees to it by itself; our services name all that goes, so that memory agrees."""
    store = stores.identity
    await store.write([Put(record) for record in RECORDS], 0)
    below = [record for record in RECORDS if isinstance(record, Member | Assignment | Submission | Exam)]
    await store.write([*(Drop(type(record), record.id) for record in reversed(below)), Drop(Course, "c")], 1)
    assert records(await store.load()) == [r for r in RECORDS if r not in below and not isinstance(r, Course)]


async def test_changes_are_made_in_their_order_however_many_are_alike(stores: Stores):
    members = [
        Member(id=f"c:{n}", course_id="c", login=str(n), name="N", role=CourseRole.STUDENT, created_at=1)
        for n in range(5000)
    ]
    course = Course(id="c", title="Weather", created_by="a", created_at=1)
    renamed = [replace(member, name="M") for member in members[:2]]
    changes: list[Change] = [
        Put(course),
        *map(Put, members),
        *map(Put, renamed),
        Drop(Member, "c:2"),
        Drop(Member, "-"),
    ]
    await stores.identity.write([*changes, Put(members[2]), Drop(Member, "c:3")], 0)
    found = await stores.identity.load()
    assert found.get(Course, "c") == course
    expected = {member.id: member for member in (*renamed, members[2], *members[4:])}
    assert found.all(Member) == expected


async def test_who_did_not_see_the_last_change_changes_nothing(stores: Stores):
    store = stores.identity
    await store.write([Put(ADA)], 0)
    with pytest.raises(Stale):
        await store.write([Drop(Account, "a")], 0)
    assert records(await store.load()) == [ADA]


@pytest.mark.parametrize("other", [replace(ADA, id="b", subject=""), replace(ADA, id="b", login="bob")])
async def test_a_login_and_an_identity_belong_to_one_account_and_a_refused_batch_leaves_nothing(
    stores: Stores, other: Account
):
    store = stores.identity
    await store.write([Put(ADA)], 0)
    with pytest.raises(Conflict):
        await store.write([Put(replace(ADA, name="Changed")), Put(other)], 1)
    assert records(await store.load()) == [ADA]
    await store.write([Put(replace(ADA, id="b", login="bob", subject=""))], 1)
    await store.write([Put(replace(ADA, id="c", login="cyd", subject=""))], 2)


async def test_uses_are_noted_without_a_new_revision(stores: Stores):
    await stores.identity.write([Put(record) for record in RECORDS], 0)
    await stores.identity.touch({"s": 7.5, "gone": 1}, {"t": 8.5})
    found = await stores.identity.load()
    session, token = found.get(Session, "s"), found.get(ApiToken, "t")
    assert session is not None
    assert token is not None
    assert (found.revision, session.seen_at, token.used_at) == (1, 7.5, 8.5)


async def test_the_audit_log_is_read_by_filter_newest_first_and_pruned(stores: Stores):
    entries = [
        AuditEntry(at=1, action=AuditAction.SIGN_IN, actor="a", address="::1"),
        AuditEntry(at=2, action=AuditAction.SIGN_IN_FAILED, detail={"login": "x%"}),
        AuditEntry(at=3, action=AuditAction.SANDBOX_ENDED, project_id="p", detail={"reason": "idle"}),
    ]
    await stores.audit.append(entries[:2])
    await stores.audit.append(entries[2:])

    async def times(**wanted: object) -> list[float]:
        return [entry.at for entry in await stores.audit.read(AuditFilter(**wanted), 10)]  # pyright: ignore[reportArgumentType]

    read = await stores.audit.read(AuditFilter(), 2)
    assert [replace(entry, id=0) for entry in read] == [entries[2], entries[1]]
    assert await times(before_id=read[-1].id) == [1]
    assert await times(actor="a") == [1]
    assert await times(project_id="p") == [3]
    assert await times(action="session.") == [2, 1]
    assert await times(action="session.sign_in") == [1]
    assert await times(since=2, until=3) == [2]
    assert await stores.audit.prune(2) == 1
    assert await times() == [3, 2]


async def test_of_many_writers_who_saw_the_same_one_wins(stores: Stores):
    changes = [[Put(replace(ADA, id=str(n), login=f"p{n}", subject=""))] for n in range(8)]
    done = await asyncio.gather(*(stores.identity.write(c, 0) for c in changes), return_exceptions=True)
    assert sorted(str(type(result).__name__) for result in done) == ["Stale"] * 7 + ["int"]
    assert len(records(await stores.identity.load())) == await stores.identity.revision() == 1


async def test_the_database_itself_keeps_the_audit_log_as_it_was(database_url: str, stores: Stores):
    if not database_url:
        return
    await stores.audit.append([AuditEntry(at=1, action=AuditAction.SIGN_IN, actor="a")])
    database = open_database(database_url)
    with pytest.raises(StoreUnavailable, match="never changed"):
        async with database.write() as connection:
            await connection.execute(sa.text("UPDATE audit SET actor = 'b'"))
    await database.close()
    assert [entry.actor for entry in await stores.audit.read(AuditFilter(), 10)] == ["a"]
