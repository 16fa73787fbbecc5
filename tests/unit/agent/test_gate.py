import asyncio
from typing import Any

import msgspec
import pytest
from starlette.types import Message, Receive, Scope, Send

from sandbox_image.agent.activity import Activity
from sandbox_image.agent.gate import Gate
from sandbox_image.wire.errors import ErrorBody


async def through(
    headers: dict[str, str], kind: str = "http", method: str = "GET"
) -> tuple[list[Message], Scope | None]:
    """What the gate sends by itself, and the scope that came through."""
    passed: list[Scope] = []
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": kind, "method": method, "path": "/", "headers": raw}
    await Gate(app, "secret", Activity())(scope, receive, send)
    return sent, passed[0] if passed else None


@pytest.mark.parametrize(
    "given", ["", "secret", "Bearer", "Bearer secre", "Bearer secrett", "bearer secret", "Basic secret"]
)
async def test_only_the_token_opens(given: str):
    sent, scope = await through({"Authorization": given})
    assert (sent[0]["status"], scope) == (401, None)
    sent, scope = await through({"Authorization": given}, kind="websocket")
    assert (sent[0]["type"], sent[0]["code"], scope) == ("websocket.close", 4001, None)
    sent, scope = await through({"Authorization": "Bearer secret"})
    assert sent == []
    assert scope is not None


async def test_who_asks_goes_on_and_the_token_does_not():
    headers = {"Authorization": "Bearer secret", "X-Aimforge-User": "Ada %C5%81ovelace", "Accept": "x"}
    _, scope = await through(headers)
    assert scope is not None
    assert scope["state"] == {"user": "Ada Łovelace", "view_only": False}
    assert scope["headers"] == [(b"accept", b"x")]


@pytest.mark.parametrize(("method", "passes"), [("GET", True), ("HEAD", True), ("POST", False), ("DELETE", False)])
async def test_a_viewer_only_reads(method: str, passes: bool):
    headers = {"Authorization": "Bearer secret", "X-Aimforge-Mode": "view"}
    sent, scope = await through(headers, method=method)
    assert (scope is not None) is passes
    assert [message.get("status") for message in sent] == ([] if passes else [403, None])
    _, scope = await through({**headers, "X-Aimforge-Mode": "edit"}, method=method)
    assert scope is not None


async def test_an_unknown_mode_is_the_careful_one():
    _, scope = await through({"Authorization": "Bearer secret", "X-Aimforge-Mode": "admin"})
    assert scope is not None
    assert scope["state"]["view_only"] is True


@pytest.mark.parametrize("begun", [False, True])
async def test_who_waits_when_the_server_ends_is_told_so_unless_the_answer_had_begun(begun: bool):
    waiting = asyncio.Event()
    sent: list[Message] = []
    start: Message = {"type": "http.response.start", "status": 200, "headers": []}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if begun:
            await send(start)
        waiting.set()
        await asyncio.Event().wait()

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"authorization", b"Bearer secret")]}
    request = asyncio.create_task(Gate(app, "secret", Activity())(scope, receive, send))
    await waiting.wait()
    request.cancel()
    if begun:
        with pytest.raises(asyncio.CancelledError):
            await request
        assert sent == [start]
    else:
        await request
        assert sent[0]["status"] == 503
        error = msgspec.json.decode(sent[1]["body"], type=ErrorBody)
        assert (error.error, "was stopped" in error.message) == ("unavailable", True)
