"""When an editor whose own server keeps ending is turned away."""

import pytest

from sandbox_image.agent.language import editor_faults
from sandbox_image.agent.language.editor_faults import EditorFaults
from sandbox_image.agent.language.restart_policy import LONGEST_DELAY
from sandbox_image.wire.closing import CloseCode

RESTARTED, GAVE_UP = CloseCode.LANGUAGE_SERVER_RESTARTED, CloseCode.LANGUAGE_SERVER_GAVE_UP


class Clock:
    time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_after_so_many_ends_a_person_is_turned_away_for_a_while_and_nobody_else_is():
    clock = Clock()
    faults = EditorFaults(3, 60, clock)
    assert [faults.ended("ada", 1) for _ in range(3)] == [RESTARTED, RESTARTED, GAVE_UP]
    assert faults.turns_away("ada")
    assert not faults.turns_away("bob")
    assert faults.ended("bob", 1) is RESTARTED
    clock.time += LONGEST_DELAY + 1
    assert not faults.turns_away("ada")
    assert faults.ended("ada", 1) is GAVE_UP  # still the same fault
    faults.forgive()
    assert not faults.turns_away("ada")
    assert faults.ended("ada", 1) is RESTARTED


def test_a_server_that_served_long_counts_for_none():
    faults = EditorFaults(2, 60)
    assert [faults.ended("ada", served) for served in (1, 60, 60, 1)] == [RESTARTED, RESTARTED, RESTARTED, GAVE_UP]


def test_only_so_many_people_are_remembered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(editor_faults, "MAX_PEOPLE", 2)
    faults = EditorFaults(1, 60)
    for person in ("ada", "bob", "ada", "eve"):
        assert faults.ended(person, 1) is GAVE_UP
    assert [faults.turns_away(person) for person in ("ada", "bob", "eve")] == [True, False, True]
