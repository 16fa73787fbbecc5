"""An editor's socket: what waits for it is bounded, and each end has its code."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message
from starlette.websockets import WebSocket

from sandbox_image.agent.language import connection as module
from sandbox_image.agent.language.connection import MAX_QUEUED, Connection


class Browser:
    """The other end of a WebSocket, at the level of ASGI."""

    def __init__(self, *, reads: bool = True) -> None:
        self.sent: asyncio.Queue[Message] = asyncio.Queue()
        self.got: list[Message] = []
        self._reads = reads
        self.sent.put_nowait({"type": "websocket.connect"})

    async def open(self) -> Connection:
        socket = WebSocket({"type": "websocket", "headers": [], "path": "/"}, self.sent.get, self._take)
        await socket.accept()
        self.got.clear()
        return Connection(socket, view_only=False)

    def say(self, **content: Any) -> None:
        self.sent.put_nowait({"type": "websocket.receive", **content})

    def hang_up(self) -> None:
        self.sent.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def _take(self, message: Message) -> None:
        if message["type"] == "websocket.send" and not self._reads:
            await asyncio.Event().wait()
        self.got.append(message)

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.got if message["type"] == "websocket.send"]

    @property
    def codes(self) -> list[int]:
        return [message["code"] for message in self.got if message["type"] == "websocket.close"]


async def ignore(data: bytes) -> None:
    pass


async def test_messages_pass_both_ways_until_the_browser_hangs_up():
    browser = Browser()
    connection = await browser.open()
    received: list[bytes] = []

    async def echo(data: bytes) -> None:
        received.append(data)
        connection.deliver(data)

    browser.say(text="é")
    browser.say(bytes=b"two")
    browser.hang_up()
    await connection.run(echo)
    assert received == ["é".encode(), b"two"]
    assert browser.codes == []


async def test_what_is_queued_is_sent_before_the_close_and_bytes_that_are_no_text_are_replaced():
    browser = Browser()
    connection = await browser.open()
    connection.deliver(b"last \xff words")
    connection.close(module.CloseCode.NORMAL)
    connection.close(module.CloseCode.BAD_FRAME)
    connection.deliver(b"too late")
    await connection.run(ignore)
    assert (browser.texts, browser.codes) == (["last � words"], [1000])


async def test_a_client_that_does_not_read_is_cut_off_and_forgotten(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "CLOSE_SEC", 0.01)
    browser = Browser(reads=False)
    connection = await browser.open()
    running = asyncio.create_task(connection.run(ignore))
    for _ in range(20):
        connection.deliver(b"x" * (MAX_QUEUED // 4))
        await asyncio.sleep(0)
    await asyncio.wait_for(running, 60)
    assert (browser.texts, browser.codes) == ([], [4008])
    assert not connection._queue


async def test_one_message_may_be_larger_than_the_queue():
    browser = Browser()
    connection = await browser.open()
    connection.deliver(b"x" * (MAX_QUEUED + 1))
    connection.close(module.CloseCode.NORMAL)
    await connection.run(ignore)
    assert (len(browser.texts[0]), browser.codes) == (MAX_QUEUED + 1, [1000])


@pytest.mark.parametrize(("text", "code"), [("x" * 11, 1009), ("é" * 6, 1009), ("x" * 10, 1000)])
async def test_a_message_has_at_most_so_many_bytes(text: str, code: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_LSP_MESSAGE", 10)
    browser = Browser()
    connection = await browser.open()

    async def finish(data: bytes) -> None:
        connection.close(module.CloseCode.NORMAL)

    browser.say(text=text)
    await connection.run(finish)
    assert browser.codes == [code]
