"""A write of the audit log that is called off while the database commits it: written once, and not twice."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from control_plane.adapters.database.identity_store import DatabaseAuditStore
from control_plane.adapters.database.opening import open_database, prepare_database
from control_plane.domain.audit import AuditAction, AuditFilter
from control_plane.services.audit import AuditLog
from tests.fakes.clock import FakeClock


async def test_a_flush_that_is_cancelled_while_it_commits_writes_each_entry_once(tmp_path: Path):
    url = f"sqlite+aiosqlite:///{tmp_path}/data/aimforge.db"
    prepare_database(url)
    database = open_database(url)
    audit = AuditLog(DatabaseAuditStore(database), FakeClock())
    for number in range(3):
        audit.record(AuditAction.SIGN_IN, number=number)
    flushing = asyncio.create_task(audit.flush())
    cancelled = 0

    @event.listens_for(database.engine.sync_engine, "commit")
    def call_off(_: sa.Connection) -> None:
        nonlocal cancelled
        cancelled += flushing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await flushing
    event.remove(database.engine.sync_engine, "commit", call_off)
    assert cancelled
    entries = await audit.read(AuditFilter(), 100)
    assert sorted(entry.detail["number"] for entry in entries) == [0, 1, 2]
    assert audit.waiting == 0
    await database.close()
