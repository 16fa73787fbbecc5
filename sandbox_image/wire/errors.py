"""The one shape of every error that a person or a program can be told, and its codes."""

from enum import StrEnum
from typing import Any

from msgspec import Struct, field


class ErrorCode(StrEnum):
    """What went wrong, for programs. The HTTP status follows from the code, see ``STATUS``."""

    BAD_REQUEST = "bad_request"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    STALE = "stale"
    PRECONDITION_REQUIRED = "precondition_required"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA = "unsupported_media"
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable"
    INVALID = "invalid"
    TOO_MANY = "too_many"
    DISK_FULL = "disk_full"
    INTERNAL = "internal"
    SANDBOX_FAILED = "sandbox_failed"
    SANDBOX_MISBEHAVED = "sandbox_misbehaved"
    UNAVAILABLE = "unavailable"
    TIMED_OUT = "timed_out"


STATUS: dict[ErrorCode, int] = {
    ErrorCode.BAD_REQUEST: 400,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.STALE: 412,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.UNSUPPORTED_MEDIA: 415,
    ErrorCode.RANGE_NOT_SATISFIABLE: 416,
    ErrorCode.INVALID: 422,
    ErrorCode.PRECONDITION_REQUIRED: 428,
    ErrorCode.TOO_MANY: 429,
    ErrorCode.INTERNAL: 500,
    ErrorCode.SANDBOX_FAILED: 502,
    ErrorCode.SANDBOX_MISBEHAVED: 502,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.TIMED_OUT: 504,
    ErrorCode.DISK_FULL: 507,
}


class ErrorBody(Struct, frozen=True, kw_only=True):
    """Body of every answer with a status of 400 or more.

    ``message`` is for people: it names the thing and says what to do. ``detail`` is for programs.
    """

    error: str
    message: str
    detail: dict[str, Any] = field(default_factory=dict[str, Any])
