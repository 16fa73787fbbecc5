"""Errors that an agent answered with, told on as ours."""

from collections.abc import AsyncIterator
from typing import Any, ClassVar, Final, NoReturn

import msgspec

from control_plane.domain.errors import AimforgeError, SandboxMisbehaved
from control_plane.services.unreadable import UNREADABLE
from sandbox_image.wire.errors import ErrorBody, ErrorCode

OURS = frozenset({ErrorCode.UNAUTHENTICATED})
"""Codes that an agent can only send when the control plane made a mistake."""
CODES = frozenset(ErrorCode)
MAX_ERROR: Final = 32 * 1024
"""Bytes of an error's body."""


class _Error(msgspec.Struct):
    error: str


class AgentRefused(AimforgeError):
    """The agent refused a request, and says why; ``error`` is its code."""

    code: ClassVar = ErrorCode.INTERNAL

    def __init__(self, message: str, error: ErrorCode, detail: dict[str, Any]) -> None:
        super().__init__(message, **detail)
        self.error = error


async def bounded(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    """Read a streamed answer that must be small. Raises ``SandboxMisbehaved`` for a larger one."""
    found = bytearray()
    async for chunk in chunks:
        found += chunk
        if len(found) > limit:
            raise SandboxMisbehaved("The sandbox's answer is too large.")
    return bytes(found)


def error_code(body: bytes) -> str | None:
    """Return the code of an answer that is an error as the contract has it, None of any other."""
    try:
        return msgspec.json.decode(body, type=_Error).error
    except UNREADABLE:
        return None


def raise_for_agent(status: int, body: bytes) -> NoReturn:
    """Raise what an agent's error answer says. Raises ``SandboxMisbehaved`` when it is no answer of the contract."""
    if len(body) > MAX_ERROR:
        raise SandboxMisbehaved(f"The sandbox answered with {status}, and a reason of more than {MAX_ERROR} bytes.")
    try:
        error = msgspec.json.decode(body, type=ErrorBody)
    except UNREADABLE as cause:
        raise SandboxMisbehaved(f"The sandbox answered with {status} and no reason that can be read.") from cause
    if error.error not in CODES or error.error in OURS:
        raise SandboxMisbehaved(f"The sandbox answered with {status}: {error.message[:200]}", status=status)
    raise AgentRefused(error.message, ErrorCode(error.error), error.detail)
