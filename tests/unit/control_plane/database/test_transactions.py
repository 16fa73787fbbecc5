"""How often the database is written for what people do all the time: counted with the real stores, on a clock of the test."""

import asyncio
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event

from control_plane.adapters.database.identity_store import DatabaseAuditStore, DatabaseIdentityStore
from control_plane.adapters.database.opening import open_database, prepare_database
from control_plane.adapters.database.stores import DatabaseProjectStore
from control_plane.domain.audit import AuditAction, AuditFilter
from control_plane.domain.identity import Account, Put, Session, digest_of
from control_plane.domain.people import Role
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import Limits, SandboxRecord, SandboxState
from control_plane.services.audit import Actor, AuditLog
from control_plane.services.opened_projects import OpenedProjects
from control_plane.services.people.directory import Directory
from control_plane.services.people.people import HostedPeople
from control_plane.services.project_registry import ProjectRegistry
from tests.fakes.clock import FakeClock

PEOPLE = 200
SECONDS = 130
"""Long enough for what is written once a minute."""
MOST_A_SECOND = PEOPLE / 100
QUIET = 200


async def test_a_class_of_200_costs_no_more_than_one_transaction_a_second_for_each_hundred(tmp_path: Path):
    """Everybody asks for something each second, does what is audited each fifth, and opens a project each tenth."""
    url = f"sqlite+aiosqlite:///{tmp_path}/data/aimforge.db"
    prepare_database(url)
    database, clock = open_database(url), FakeClock()
    written = 0

    @event.listens_for(database.engine.sync_engine, "commit")
    def count(_: sa.Connection) -> None:
        nonlocal written
        written += 1

    directory = Directory(DatabaseIdentityStore(database), clock)
    await directory.load()
    numbers = range(PEOPLE)
    people = [
        Put(Account(id=f"p{n}", login=f"p{n}", name=f"P{n}", role=Role.STUDENT, created_at=clock.now()))
        for n in numbers
    ]
    sessions = [
        Put(
            Session(
                id=f"s{n}",
                digest=digest_of(f"secret{n}"),
                person_id=f"p{n}",
                created_at=clock.now(),
                seen_at=clock.now(),
                expires_at=clock.now() + 1e6,
            )
        )
        for n in numbers
    ]
    await directory.change(lambda _: ([*people, *sessions], None))
    store = DatabaseProjectStore(database)
    registry = ProjectRegistry(store)
    for n in numbers:
        await registry.add(
            ProjectRecord(id=f"w{n}", name="W", owner=f"p{n}", created_at=clock.now(), opened_at=clock.now()),
            SandboxRecord(
                project_id=f"w{n}",
                generation=0,
                state=SandboxState.ABSENT,
                uid=200_000 + n,
                limits=Limits(),
                template="empty",
                started_at=clock.now(),
                changed_at=clock.now(),
            ),
        )
    entering = HostedPeople(directory, clock)
    opened, audit = OpenedProjects(registry, store, clock), AuditLog(DatabaseAuditStore(database), clock, 365)
    written, each_second = 0, []
    loops = [asyncio.create_task(loop()) for loop in (audit.run, directory.follow, opened.run)]
    for second in range(SECONDS):
        for n in numbers:
            assert entering.by_session(f"secret{n}") is not None
            if (second + n) % 5 == 0:
                audit.record(AuditAction.EGRESS_DENIED, Actor(f"p{n}"), project_id=f"w{n}", second=second)
            if (second + n) % 10 == 0:
                opened.note(f"w{n}")
        before = written
        await clock.advance(1)
        await rested(audit, clock, len(loops))
        each_second.append(written - before)
    for loop in loops:
        loop.cancel()
    await asyncio.wait(loops)
    await opened.flush()
    await audit.flush()
    print(f"{PEOPLE} people: {sum(each_second) / SECONDS:.2f} transactions a second")
    assert 0 < sum(each_second) <= SECONDS * MOST_A_SECOND
    # Nothing was left out to get there.
    assert len(await audit.read(AuditFilter(action="egress.denied"), 10**6)) == PEOPLE * SECONDS / 5
    assert {record.opened_at for record in await store.list()} == {registry.get(f"w{n}").opened_at for n in numbers}
    await database.close()


async def rested(audit: AuditLog, clock: FakeClock, loops: int) -> None:
    """Let the loops, whose writes are done by threads, come to where they wait for the clock again; only a hang lasts longer.

    An audit log that has nothing to write waits for that instead, and nobody says so: a while without news is taken for it.
    """
    quiet = 0
    async with asyncio.timeout(60):
        while audit.waiting or (clock.sleepers < loops and quiet < QUIET):  # nobody says when a loop rests
            await asyncio.sleep(0.001)
            quiet = 0 if audit.waiting else quiet + 1
