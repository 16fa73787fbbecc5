"""The directory in memory, and others who change the same store."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from control_plane.domain.courses import Course
from control_plane.domain.errors import StoreUnavailable
from control_plane.domain.identity import Account, ApiToken, Change, Drop, Identity, Put, Session, digest_of
from control_plane.domain.people import Role, Scope
from control_plane.services.people.directory import Directory
from control_plane.services.people.people import HostedPeople
from control_plane.services.people.record_index import RecordIndex
from tests.fakes.clock import FakeClock
from tests.fakes.identity import FakeIdentityStore
from tests.fakes.stores import FakeDatabase

ADA = Account(id="a", login="ada", name="Ada", role=Role.ADMIN, created_at=0)
SESSION = Session(id="s", digest=digest_of("secret"), person_id="a", created_at=0, seen_at=0, expires_at=2e6)

TOKEN = ApiToken(id="t", digest=digest_of("token"), person_id="a", name="x", scope=Scope.EDIT, created_at=0)


def put(*records: Account | Session) -> Sequence[Change]:
    return [Put(record) for record in records]


async def test_what_another_process_changed_is_seen_within_two_seconds_and_not_lost():
    clock, store = FakeClock(), FakeIdentityStore(FakeDatabase())
    here, there = Directory(store, clock), Directory(store, clock)
    await here.change(lambda _: (put(ADA, SESSION), None))
    people = HostedPeople(there, clock)
    assert people.by_session("secret") is None
    looks: list[int] = []
    there.on_look(lambda: looks.append(1))
    async with asyncio.TaskGroup() as group:
        following = group.create_task(there.follow())
        await clock.advance(1)
        person = people.by_session("secret")
        assert person is not None
        assert (person.id, person.role, person.scope, person.via) == ("a", Role.ADMIN, Scope.ADMIN, "s")
        await here.change(lambda _: ([Drop(Session, "s")], None))
        assert people.current("a", "s") is not None
        assert people.current("b", "s") is None  # somebody else's session is nobody's here
        await clock.advance(1)
        assert people.current("a", "s") is None
        following.cancel()
    assert len(looks) == 2


async def test_a_change_is_made_from_what_is_stored_now():
    clock, store = FakeClock(), FakeIdentityStore(FakeDatabase())
    here, there = Directory(store, clock), Directory(store, clock)
    await here.change(lambda _: (put(ADA), None))
    seen: list[int] = []

    def count(identity: Identity) -> tuple[Sequence[Change], None]:
        seen.append(len(identity.all(Account)))
        return put(SESSION), None

    await there.change(count)
    assert seen == [0, 1]
    assert set(there.identity.all(Account)) == {"a"}


async def test_a_database_that_is_down_changes_nothing_here():
    clock, database = FakeClock(), FakeDatabase()
    directory = Directory(FakeIdentityStore(database), clock)
    database.down = True
    with pytest.raises(StoreUnavailable):
        await directory.change(lambda _: (put(ADA), None))
    assert directory.identity.all(Account) == {}
    database.down = False
    await directory.change(lambda _: (put(ADA), None))
    assert set(directory.identity.by_login) == {"ada"}


async def test_while_the_database_is_down_sessions_still_end_and_uses_are_kept():
    clock, database = FakeClock(), FakeDatabase()
    store = FakeIdentityStore(database)
    directory = Directory(store, clock)
    short = replace(SESSION, expires_at=clock.now() + 90)
    await directory.change(lambda _: (put(ADA, short), None))
    people = HostedPeople(directory, clock)
    looked_at: list[bool] = []
    directory.on_look(lambda: looked_at.append(people.current("a", "s") is None))
    assert people.by_session("secret") is not None
    used_at = clock.now()
    database.down = True
    async with asyncio.TaskGroup() as group:
        following = group.create_task(directory.follow())
        await clock.advance(91)
        assert (looked_at[0], looked_at[-1]) == (False, True)
        database.down = False
        following.cancel()
    assert directory.session_seen_at(short) == used_at


async def test_uses_are_written_in_a_batch_and_sessions_that_are_over_are_forgotten():
    clock, store = FakeClock(), FakeIdentityStore(FakeDatabase())
    directory = Directory(store, clock)
    await directory.change(lambda _: (put(ADA, SESSION), None))
    for _ in range(3):
        assert HostedPeople(directory, clock).by_session("secret") is not None
    await directory.note_uses()
    stored = (await store.load()).get(Session, "s")
    assert stored is not None
    assert stored.seen_at == clock.now()
    clock._now = 2e6
    assert HostedPeople(directory, clock).by_session("secret") is None
    await directory.note_uses()
    assert (await store.load()).get(Session, "s") is None


def test_a_change_leaves_the_tables_and_indexes_of_other_kinds_as_they_are():
    before = Identity.of(1, [ADA, SESSION])
    course = Course(id="c", title="Weather", created_by="a", created_at=0)
    after = before.changed(2, [Put(course)])
    assert after.get(Course, "c") == course
    assert after.by_digest is before.by_digest
    assert after.by_login is before.by_login
    assert after.all(Account) is before.all(Account)
    assert before.get(Course, "c") is None
    gone = after.changed(3, [Drop(Session, "s"), Put(replace(ADA, login="lovelace"))])
    assert gone.with_secret(Session, "secret") is None
    assert set(gone.by_login) == {"lovelace"}
    assert gone.all(Course) is after.all(Course)


def test_what_is_derived_from_a_kind_is_made_anew_only_when_that_kind_changed():
    built: list[int] = []

    def count(courses: Iterable[Course]) -> int:
        built.append(1)
        return len(list(courses))

    index, identity = RecordIndex(Course, count), Identity.of(1, [ADA])
    course = Course(id="c", title="Weather", created_by="a", created_at=0)
    for _ in range(3):
        assert index.of(identity) == 0
    identity = identity.changed(2, [Put(course)])
    assert index.of(identity) == index.of(identity.changed(3, [Put(SESSION)])) == 1
    assert index.of(identity.changed(3, [Drop(Course, "c")])) == 0
    assert len(built) == 4


async def test_when_sessions_and_tokens_were_last_used_is_known_after_it_was_written_down():
    clock, store = FakeClock(), FakeIdentityStore(FakeDatabase())
    directory = Directory(store, clock)
    await directory.change(lambda _: ([*put(ADA, SESSION), Put(TOKEN)], None))
    people = HostedPeople(directory, clock)
    await clock.advance(10)
    assert people.by_session("secret")
    assert people.by_token("token")
    used_at = clock.now()

    def told() -> tuple[float, float | None]:
        identity = directory.identity
        session, token = identity.get(Session, "s"), identity.get(ApiToken, "t")
        assert session is not None
        assert token is not None
        return directory.session_seen_at(session), directory.token_used_at(token)

    assert told() == (used_at, used_at)
    await clock.advance(60)
    await directory.note_uses()
    assert told() == (used_at, used_at)
    assert store.identity.all(Session)["s"].seen_at == used_at
    # It was no change of anybody's rights, so nobody reads everything anew for it.
    assert directory.identity.revision == await store.revision()
