"""Token buckets: how much passes, by a clock of the test's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.adapters.egress.ledger import MAX_DECISIONS, Ledger
from control_plane.adapters.egress.rate import Rate
from control_plane.adapters.egress.splice import CHUNK, LEAST_CHUNK, piece
from control_plane.domain.egress import Traffic


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_one_seconds_worth_passes_at_once_and_then_as_much_as_time_allows():
    clock = Clock()
    rate = Rate(1000, clock)
    rate.spend(1000)
    assert rate.wait_sec() == 0
    rate.spend(500)
    assert rate.wait_sec() == pytest.approx(0.5)
    clock.now = 0.5
    assert rate.wait_sec() == 0
    clock.now = 100
    rate.spend(1000)
    assert rate.wait_sec() == 0
    rate.spend(1)
    assert rate.wait_sec() > 0


def test_without_a_limit_nobody_waits():
    rate = Rate(0, Clock())
    rate.spend(10**12)
    assert rate.wait_sec() == 0


def test_a_rate_that_changes_holds_for_those_who_wait():
    clock = Clock()
    rate = Rate(1000, clock)
    rate.spend(61_000)
    assert rate.wait_sec() == pytest.approx(60)
    rate.per_sec = 100_000
    assert rate.wait_sec() == pytest.approx(0.6)
    rate.per_sec = 10
    assert rate.wait_sec() <= 1
    rate.per_sec = 0
    assert rate.wait_sec() == 0


@given(st.integers(1, 10_000), st.lists(st.tuples(st.integers(1, 5000), st.floats(0, 3)), max_size=50))
def test_over_any_time_no_more_passes_than_the_rate_and_one_burst(per_sec: int, takes: list[tuple[int, float]]):
    clock = Clock()
    rate = Rate(per_sec, clock)
    passed, largest = 0, 0
    for amount, pause in takes:
        if rate.wait_sec() == 0:
            rate.spend(amount)
            passed, largest = passed + amount, max(largest, amount)
        clock.now += pause
    assert passed <= per_sec * (clock.now + 1) + largest + 1e-6 * passed


@pytest.mark.parametrize(("per_sec", "size"), [(0, CHUNK), (1024, LEAST_CHUNK), (80_000, 10_000), (10**9, CHUNK)])
def test_at_a_low_rate_little_is_passed_at_once(per_sec: int, size: int):
    assert piece(Rate(per_sec, Clock())) == size


def test_the_ledger_keeps_the_latest_decisions_and_how_often_each_was_made():
    clock = Clock()
    ledger = Ledger(clock)
    for second, host in enumerate(["a.example", "b.example", "a.example"]):
        clock.now = second
        ledger.note("p", host, 443, allowed=False, reason="no")
    ledger.note("p", "a.example", 443, allowed=True)
    assert [(d.host, d.allowed, d.times, d.at) for d in ledger.recent("p")] == [
        ("a.example", True, 1, 2),
        ("a.example", False, 2, 2),
        ("b.example", False, 1, 1),
    ]
    for number in range(3 * MAX_DECISIONS):
        ledger.note("p", f"h{number}.example", 443, allowed=False)
    assert len(ledger.recent("p")) == MAX_DECISIONS
    assert ledger.recent("q") == []


def test_a_ledger_of_many_projects_forgets_the_oldest_and_none_of_their_bytes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("control_plane.adapters.egress.ledger.MAX_PROJECTS", 2)
    ledger = Ledger()
    for name in ("a", "b", "a", "c"):
        ledger.account(name).sent += 1
    assert ledger.traffic() == {"a": Traffic(2, 0), "c": Traffic(1, 0), "": Traffic(1, 0)}
