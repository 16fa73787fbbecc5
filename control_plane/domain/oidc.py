"""Which people of an OpenID Connect provider are let in, and in which role: decided from their claims alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from control_plane.domain.people import Role


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """A claim that has a value, or holds it in a list. A dot in ``claim`` leads into a nested object."""

    claim: str
    value: str

    def fits(self, claims: Mapping[str, Any]) -> bool:
        """Tell whether the claims fulfil the rule."""
        found: Any = claims
        for part in (self.claim,) if self.claim in claims else self.claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        values: list[Any] = found if isinstance(found, list) else [found]  # pyright: ignore[reportUnknownVariableType]
        return any(_text(value) == self.value for value in values)


@dataclass(frozen=True, slots=True)
class DomainRule:
    """A checked e-mail address in a domain."""

    domain: str

    def fits(self, claims: Mapping[str, Any]) -> bool:
        """Tell whether the claims fulfil the rule."""
        return email_of(claims).endswith("@" + self.domain)


@dataclass(frozen=True, slots=True)
class Rules:
    """Who is let in (nobody, without a rule) and which claims make which role; the first that fits counts."""

    allow: tuple[ClaimRule | DomainRule, ...]
    roles: tuple[tuple[ClaimRule, Role], ...]

    @classmethod
    def parse(cls, allow: Sequence[str], roles: Sequence[str]) -> "Rules":
        """Read ``@domain`` or ``claim=value``, and ``claim=value:role``. Raises ``ValueError``."""
        return cls(tuple(_allow_rule(word) for word in allow), tuple(_role_rule(word) for word in roles))

    def lets_in(self, claims: Mapping[str, Any]) -> bool:
        """Tell whether somebody is let in."""
        return any(rule.fits(claims) for rule in self.allow)

    def role_of(self, claims: Mapping[str, Any]) -> Role | None:
        """Return the role that the claims make; None where no rule says anything."""
        return next((role for rule, role in self.roles if rule.fits(claims)), None)


def email_of(claims: Mapping[str, Any]) -> str:
    """Return the e-mail address that the provider has checked, in lower case; empty when there is none."""
    email = claims.get("email")
    return email.strip().casefold() if isinstance(email, str) and claims.get("email_verified") is True else ""


def safe_next(path: str) -> str:
    """Return a path of our own to go on to; the start page for what leads elsewhere."""
    parts = urlsplit(path) if path.isprintable() and "\\" not in path else None
    own = parts is not None and not parts.scheme and not parts.netloc and path.startswith("/")
    return path if own and not path.startswith("//") and len(path) <= 2000 else "/"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _claim_rule(word: str) -> ClaimRule:
    claim, separator, value = word.partition("=")
    if not (claim and separator and value):
        message = f"{word!r} is no rule: write @domain or claim=value."
        raise ValueError(message)
    return ClaimRule(claim.strip(), value.strip())


def _allow_rule(word: str) -> ClaimRule | DomainRule:
    return DomainRule(word[1:].casefold()) if word.startswith("@") and len(word) > 1 else _claim_rule(word)


def _role_rule(word: str) -> tuple[ClaimRule, Role]:
    rule, _, role = word.rpartition(":")
    if role not in frozenset(Role):
        message = f"{word!r} is no rule: write claim=value:role, with one of admin, teacher, student."
        raise ValueError(message)
    return _claim_rule(rule), Role(role)
