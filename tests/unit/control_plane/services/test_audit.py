"""The audit log: noted at once, written in batches, bounded."""

import asyncio

from control_plane.domain.audit import AuditAction, AuditFilter
from control_plane.services.audit import MAX_WAITING, Actor, AuditLog
from control_plane.services.events.observed_events import DENIALS_A_MINUTE, ObservedEvents
from control_plane.services.metrics import Metrics
from sandbox_image.wire import events
from tests.fakes.clock import FakeClock
from tests.fakes.identity import FakeAuditStore
from tests.fakes.stores import FakeDatabase


async def test_a_burst_is_one_transaction_a_second_and_survives_a_database_that_is_down():
    clock, database = FakeClock(), FakeDatabase()
    store = FakeAuditStore(database)
    audit = AuditLog(store, clock)
    database.down = True
    async with asyncio.TaskGroup() as group:
        running = group.create_task(audit.run())
        for number in range(500):
            audit.record(AuditAction.SIGN_IN, Actor("ada", "::1"), number=number)
        await clock.advance(2)
        assert store.entries == []
        database.down = False
        await clock.advance(1)
        assert store.transactions == 1
        audit.record(AuditAction.SIGN_OUT, note="x" * 1000)
        await clock.advance(1)
        running.cancel()
    assert store.transactions == 2
    assert [entry.detail.get("number") for entry in store.entries[:500]] == list(range(500))
    assert len(store.entries[-1].detail["note"]) == 200


async def test_more_than_it_can_hold_is_counted():
    store = FakeAuditStore(FakeDatabase())
    audit = AuditLog(store, FakeClock())
    for _ in range(MAX_WAITING + 7):
        audit.record(AuditAction.EGRESS_DENIED)
    newest = (await audit.read(AuditFilter(), 1))[0]
    assert (newest.action, newest.detail, len(store.entries)) == (
        AuditAction.AUDIT_LOST,
        {"entries": 7},
        MAX_WAITING + 1,
    )
    await audit.flush()
    assert len(store.entries) == MAX_WAITING + 1


async def test_old_entries_go_when_their_time_is_over():
    clock, store = FakeClock(), FakeAuditStore(FakeDatabase())
    audit = AuditLog(store, clock, retention_days=1)
    audit.record(AuditAction.SIGN_IN)
    await audit.flush()
    clock._now += 86401
    async with asyncio.TaskGroup() as group:
        running = group.create_task(audit.run())
        audit.record(AuditAction.SIGN_OUT)
        await clock.advance(1)
        running.cancel()
    assert [entry.action for entry in store.entries] == [AuditAction.SIGN_OUT]


class Viewers:
    def __init__(self) -> None:
        self.published: list[object] = []

    def publish(self, project_id: str, data: object) -> None:
        self.published.append(data)


async def test_starts_ends_and_refused_connections_are_written_down_and_passed_on():
    clock, store, metrics, viewers = FakeClock(), FakeAuditStore(FakeDatabase()), Metrics(), Viewers()
    audit = AuditLog(store, clock)
    sink = ObservedEvents(viewers, audit, metrics, clock)
    for state, reason in (("queued", ""), ("starting", ""), ("starting", ""), ("ready", ""), ("ready", "")):
        sink.publish("p", events.Sandbox(state=state, reason=reason))
        clock._now += 0.5
    for state in ("stopping", "stopped", "stopped"):
        sink.publish("p", events.Sandbox(state=state, reason="idle"))
    for _ in range(DENIALS_A_MINUTE + 5):
        sink.publish("p", events.EgressDenied(host="h", port=443, reason="not allowed"))
    await audit.flush()
    actions = [entry.action for entry in store.entries]
    assert actions[:2] == [AuditAction.SANDBOX_STARTED, AuditAction.SANDBOX_ENDED]
    assert (store.entries[0].detail, store.entries[1].detail["reason"]) == ({"seconds": 1.5}, "idle")
    assert actions.count(AuditAction.EGRESS_DENIED) == DENIALS_A_MINUTE
    assert len(viewers.published) == 8 + DENIALS_A_MINUTE + 5
    text = metrics.text({"stopped": 1}, {})
    for line in (
        'aimforge_sandboxes{state="stopped"} 1',
        'aimforge_sandbox_ends_total{reason="idle"} 1',
        f"aimforge_egress_denied_total {DENIALS_A_MINUTE + 5}",
        'aimforge_sandbox_start_seconds_bucket{le="1"} 0',
        'aimforge_sandbox_start_seconds_bucket{le="2.5"} 1',
        'aimforge_sandbox_start_seconds_bucket{le="+Inf"} 1',
        "aimforge_sandbox_start_seconds_sum 1.5",
    ):
        assert line in text.splitlines()
