"""Errors that the agent's parts raise for its clients; the application answers with an ``ErrorBody``."""

from typing import Any

from sandbox_image.wire.errors import STATUS, ErrorBody, ErrorCode


class AgentError(Exception):
    """A refusal or failure that a client is told.

    ``message`` is for people: it names the thing and says what to do. ``detail`` is for programs and must be JSON.
    """

    def __init__(self, code: ErrorCode, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail

    @property
    def status(self) -> int:
        """The HTTP status of this error's code."""
        return STATUS[self.code]

    def body(self) -> ErrorBody:
        """Return what the client gets."""
        return ErrorBody(error=self.code.value, message=self.message, detail=self.detail)
