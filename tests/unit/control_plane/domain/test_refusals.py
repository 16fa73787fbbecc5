"""Each reason of a refusal is one that something is refused for, and goes out as its value."""

from pathlib import Path

import msgspec
import pytest

from control_plane.domain.access import Policy, check_role
from control_plane.domain.errors import Forbidden
from control_plane.domain.people import Person, Role, Scope
from control_plane.domain.refusals import Refusal

SOURCES = Path(__file__).parents[4] / "control_plane"


def test_each_reason_is_given_somewhere():
    code = "\n".join(file.read_text(encoding="utf-8") for file in SOURCES.rglob("*.py"))
    assert [refusal.name for refusal in Refusal if f"Refusal.{refusal.name}" not in code] == []


def test_a_reason_is_told_by_its_value():
    student = Person(id="s", name="Ada", role=Role.STUDENT, scope=Scope.ADMIN)
    with pytest.raises(Forbidden) as refused:
        check_role(Policy.ADMIN, student)
    assert msgspec.to_builtins(refused.value.detail) == {"reason": "admins_only"}
    check_role(Policy.ADMIN, Person(id="a", name="Grace", role=Role.ADMIN, scope=Scope.ADMIN))
