import errno
from typing import Any

import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message

from sandbox_image.agent.app import application
from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorBody, ErrorCode


async def answered(error: Exception) -> tuple[int, ErrorBody]:
    """Status and body of the answer when a route fails with ``error``."""

    async def fail(request: Request) -> Response:
        raise error

    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": "/x",
        "headers": [],
        "query_string": b"",
        "server": None,
    }
    await application([Route("/x", fail)])(scope, receive, send)
    return sent[0]["status"], msgspec.json.decode(sent[1]["body"], type=ErrorBody)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (AgentError(ErrorCode.STALE, "Too late."), 412, "stale"),
        (OSError(errno.ENOSPC, "No space left"), 507, "disk_full"),
        (OSError(errno.EDQUOT, "Quota"), 507, "disk_full"),
        (OSError(errno.EMFILE, "Too many open files"), 429, "too_many"),
        (OSError(errno.EACCES, "Permission denied"), 403, "forbidden"),
    ],
)
async def test_errors_are_answered_with_their_code(error: Exception, status: int, code: str):
    answer, body = await answered(error)
    assert (answer, body.error) == (status, code)
    assert body.message


async def test_detail_is_for_programs_and_the_message_for_people():
    _, body = await answered(AgentError(ErrorCode.INVALID, "The title is taken.", field="title"))
    assert (body.message, body.detail) == ("The title is taken.", {"field": "title"})


async def test_what_nobody_expected_is_internal_and_tells_no_secret():
    with pytest.raises(RuntimeError):  # answered, and raised again for the server's log
        await answered(RuntimeError("a secret"))
    answer, body = await answered(OSError(errno.EIO, "a secret"))
    assert (answer, body.error) == (500, "internal")
    assert "secret" not in body.message
