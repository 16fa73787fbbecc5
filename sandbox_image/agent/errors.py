"""The one error that a part of the agent raises to answer a request with something other than success."""

import errno
from typing import Any

from sandbox_image.wire.closing import CloseCode
from sandbox_image.wire.errors import STATUS, ErrorBody, ErrorCode


class AgentError(Exception):
    """Answered as ``ErrorBody`` with the status of ``code``.

    ``message`` is for people: it names the thing and says what to do. ``detail`` is for programs.
    """

    def __init__(self, code: ErrorCode, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return STATUS[self.code]

    @property
    def close_code(self) -> CloseCode:
        """What a WebSocket is closed with that ends by this error."""
        return CLOSE_CODES.get(self.code, CloseCode.BAD_FRAME)

    def body(self) -> ErrorBody:
        """The answer's body."""
        return ErrorBody(error=self.code, message=self.message, detail=self.detail)


CLOSE_CODES: dict[ErrorCode, CloseCode] = {
    ErrorCode.UNAUTHENTICATED: CloseCode.UNAUTHENTICATED,
    ErrorCode.FORBIDDEN: CloseCode.FORBIDDEN,
    ErrorCode.NOT_FOUND: CloseCode.NOT_FOUND,
    ErrorCode.TOO_LARGE: CloseCode.MESSAGE_TOO_BIG,
    ErrorCode.UNAVAILABLE: CloseCode.SANDBOX_UNAVAILABLE,
}

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


def from_os_error(error: OSError) -> AgentError | None:
    """The typed form of an operating system's refusal that is the workspace's fault; None for any other."""
    if error.errno in _NO_SPACE:
        return AgentError(ErrorCode.DISK_FULL, "The workspace is full. Delete files to go on.")
    if error.errno in {errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM}:
        return AgentError(
            ErrorCode.TOO_MANY,
            f"The sandbox is at one of its limits ({error.strerror}). End programs in it and try again.",
        )
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return AgentError(ErrorCode.FORBIDDEN, f"The file system does not allow it: {error.strerror}.")
    return None
