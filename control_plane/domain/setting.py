"""Settings in force, as administrators see them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast

_CREDENTIALS: Final = re.compile(r"(?<=://)\S*@")
_QUERY: Final = re.compile(r"([a-z][a-z0-9+.-]*://[^\s?#]*)[?#]\S*", re.IGNORECASE)
MASK: Final = "***"


class SettingSource(StrEnum):
    """Where a value comes from. ``FILE``: it was made at the first start, and is kept in the data directory."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingInForce:
    """A setting. ``value`` and ``default`` are written as one would set them: lists with commas, ``true`` and ``false``.

    Of a secret, ``value`` is only whether there is one: ``set``, or empty. ``enforced`` is false for a limit that nothing here
    keeps, such as one that the engine cannot.
    """

    name: str
    value: str
    default: str
    source: SettingSource
    secret: bool
    description: str
    enforced: bool = True


def written(value: object) -> str:
    """Write a value as one would set it, without what only those may know who set it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(written(part) for part in cast("tuple[object, ...]", value))
    return masked(str(value))


def masked(text: str) -> str:
    """Hide what a URL may carry besides scheme, host and path: a user with a password, and parameters.

    Of a password that was not escaped, more is hidden rather than less.
    """
    return _QUERY.sub(rf"\1?{MASK}", _CREDENTIALS.sub(f"{MASK}@", text))
