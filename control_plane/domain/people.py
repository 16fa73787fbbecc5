"""People: who asks, in which role, and how much of it their credential carries."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from control_plane.domain.errors import Invalid
from control_plane.domain.refusals import Refusal

MAX_LOGIN: Final = 254
MAX_PERSON_NAME: Final = 120
MIN_PASSWORD: Final = 10
MAX_PASSWORD: Final = 1024


class Role(StrEnum):
    """What a person is in this deployment."""

    ADMIN = "admin"
    TEACHER = "teacher"
    STUDENT = "student"


class Scope(StrEnum):
    """How much of its owner's rights a credential carries; ``domain.access`` says what each allows."""

    READ = "read"
    EDIT = "edit"
    ADMIN = "admin"
    """All that its owner may; browser sessions have it."""


class Registration(StrEnum):
    """Who may make an account."""

    CLOSED = "closed"
    INVITE = "invite"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is signed in. ``name`` is shown to others; ``via`` is the id of the session or token."""

    id: str
    name: str
    role: Role = Role.STUDENT
    scope: Scope = Scope.ADMIN
    via: str = ""


LOCAL_PERSON = Person(id="local", name="You", role=Role.ADMIN)
"""The one person of local mode, who holds the token printed at the start."""


def canonical_login(login: str) -> str:
    """Return the one form of a login or e-mail address that is stored and compared. Raises ``Invalid``."""
    if len(login) > MAX_LOGIN:
        raise Invalid(f"A login has at most {MAX_LOGIN} characters.", field="login")
    canonical = unicodedata.normalize("NFKC", login).strip().casefold()
    if not canonical or len(canonical) > MAX_LOGIN or not canonical.isprintable() or " " in canonical:
        raise Invalid(
            "A login is an e-mail address or a short name without spaces.", field="login", reason=Refusal.BAD_LOGIN
        )
    return canonical


def check_person_name(name: str) -> str:
    """Return a person's name as it is shown. Raises ``Invalid``."""
    name = name.strip()
    if not name or len(name) > MAX_PERSON_NAME or not name.isprintable():
        raise Invalid(f"A name has 1 to {MAX_PERSON_NAME} characters that can be shown.", field="name")
    return name


def check_password(password: str) -> str:
    """Return a password that may be set. Raises ``Invalid``."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid(
            f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.",
            field="password",
            reason=Refusal.BAD_PASSWORD,
            least=MIN_PASSWORD,
            most=MAX_PASSWORD,
        )
    return password
