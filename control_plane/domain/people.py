"""People: who asks, and in which role."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is in this deployment."""

    ADMIN = "admin"
    TEACHER = "teacher"
    STUDENT = "student"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is signed in. ``name`` is shown to others."""

    id: str
    name: str
    role: Role = Role.STUDENT


LOCAL_PERSON = Person(id="local", name="You", role=Role.ADMIN)
"""The one person of local mode, who holds the token printed at the start."""
