"""The errors that people are told.

- ``AimforgeError``: has a code, a sentence that says what to do, and a detail for programs.

  - ``BadRequest``, ``NotFound``, ``Conflict``, ``Stale``, ``Invalid``, ``TooLarge``, ``TooMany``, ``Unauthenticated``, ``Forbidden``
  - ``SandboxFailed``: it could not be started, or ended meanwhile; carries the ``EndReason``
  - ``SandboxMisbehaved``: it sent what the contract does not allow
  - ``EngineUnavailable``: the container engine does not answer
  - ``ImageMissing``: the sandbox image is not there
  - ``StoreUnavailable``: the database does not answer
  - ``ProviderUnavailable``: the identity provider does not answer
  - ``TimedOut``
"""

from typing import Any, ClassVar

from control_plane.domain.sandbox import EndReason
from sandbox_image.wire.errors import ErrorCode


class AimforgeError(Exception):
    """Base of all errors that reach people. ``message`` names the thing and says what to do."""

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class BadRequest(AimforgeError):
    """The request cannot be read."""

    code = ErrorCode.BAD_REQUEST


class NotFound(AimforgeError):
    """There is no such thing, or the caller may not know of it."""

    code = ErrorCode.NOT_FOUND


class Conflict(AimforgeError):
    """The thing is in a state that does not allow this."""

    code = ErrorCode.CONFLICT


class Stale(AimforgeError):
    """Somebody else changed it since the caller read it."""

    code = ErrorCode.STALE


class Invalid(AimforgeError):
    """The request is well formed and asks for what cannot be."""

    code = ErrorCode.INVALID


class TooLarge(AimforgeError):
    """More bytes than allowed."""

    code = ErrorCode.TOO_LARGE


class TooMany(AimforgeError):
    """More of them than allowed at once."""

    code = ErrorCode.TOO_MANY


class Unauthenticated(AimforgeError):
    """Nobody is signed in."""

    code = ErrorCode.UNAUTHENTICATED


class Forbidden(AimforgeError):
    """The person may not do this."""

    code = ErrorCode.FORBIDDEN


class SandboxFailed(AimforgeError):
    """The sandbox could not be started, or ended meanwhile."""

    code = ErrorCode.SANDBOX_FAILED

    def __init__(self, message: str, reason: EndReason, **detail: Any) -> None:
        super().__init__(message, reason=reason.value, **detail)
        self.reason = reason


class SandboxMisbehaved(AimforgeError):
    """The sandbox sent what the contract does not allow."""

    code = ErrorCode.SANDBOX_MISBEHAVED


class EngineUnavailable(AimforgeError):
    """The container engine does not answer."""

    code = ErrorCode.UNAVAILABLE


class ImageMissing(AimforgeError):
    """The sandbox image is not there."""

    code = ErrorCode.UNAVAILABLE


class StoreUnavailable(AimforgeError):
    """The database does not answer."""

    code = ErrorCode.UNAVAILABLE


class ProviderUnavailable(AimforgeError):
    """The identity provider does not answer, or not as agreed."""

    code = ErrorCode.UNAVAILABLE


class TimedOut(AimforgeError):
    """It took longer than allowed."""

    code = ErrorCode.TIMED_OUT
