"""What a role answers with: a value, or an error that becomes the same error on the other side."""

from typing import Any, Final

import msgspec

from control_plane.domain import errors
from control_plane.domain.errors import AimforgeError, SandboxFailed
from control_plane.domain.sandbox import EndReason

KNOWN: Final[dict[str, type[AimforgeError]]] = {
    kind.__name__: kind
    for kind in (
        errors.BadRequest,
        errors.Conflict,
        errors.EngineUnavailable,
        errors.Forbidden,
        errors.ImageMissing,
        errors.Invalid,
        errors.NotFound,
        errors.SandboxFailed,
        errors.TimedOut,
        errors.TooMany,
    )
}
"""Errors that cross. Others, and subclasses, cross as the nearest of these that they are."""


class Value(msgspec.Struct, frozen=True, tag="value"):
    """What was asked for, as JSON of the type that the call promises."""

    value: msgspec.Raw = msgspec.Raw(b"null")


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """Why there is no value. ``reason`` is an ``EndReason`` for a sandbox that failed."""

    error: str
    message: str
    reason: EndReason | None = None
    detail: dict[str, Any] = {}


Answer = Value | Failed


def failed(error: AimforgeError) -> Failed:
    """Write an error down for the other side."""
    kind = next((each.__name__ for each in type(error).__mro__ if each.__name__ in KNOWN), "EngineUnavailable")
    reason = error.reason if isinstance(error, SandboxFailed) else None
    detail = {name: value for name, value in error.detail.items() if isinstance(value, str | int | float | bool)}
    return Failed(error=kind, message=error.message, reason=reason, detail=detail)


def raised(answer: Failed) -> AimforgeError:
    """Return the error that the other side wrote down."""
    kind = KNOWN.get(answer.error, errors.EngineUnavailable)
    detail = {name: value for name, value in answer.detail.items() if name not in ("message", "reason", "self")}
    if kind is SandboxFailed:
        return SandboxFailed(answer.message, answer.reason or EndReason.CRASHED, **detail)
    return kind(answer.message, **detail)
