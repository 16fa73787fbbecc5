"""One editor's WebSocket: one JSON-RPC message in each frame, a bounded queue towards the editor."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox_image.wire.closing import CLOSINGS, CloseCode
from sandbox_image.wire.limits import MAX_LSP_MESSAGE

MAX_QUEUED: Final = 8 * 1024 * 1024
"""Bytes that wait for an editor to read them; a single message may be larger."""
CLOSE_SEC: Final = 2.0
"""What an editor has left to read what is queued, and then the close frame."""


class Connection:
    """An accepted WebSocket as a ``Client`` of a server."""

    def __init__(self, websocket: WebSocket, *, view_only: bool) -> None:
        self.view_only = view_only
        self._websocket = websocket
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self._code: CloseCode | None = None

    def deliver(self, message: bytes) -> None:
        """Queue a message; a client that lets too much wait is cut off."""
        if self._code is not None:
            return
        if self._queue and self._queued + len(message) > MAX_QUEUED:
            self._queue.clear()
            self.close(CloseCode.SLOW_CONSUMER)
            return
        self._queue.append(message)
        self._queued += len(message)
        self._wake.set()

    def close(self, code: CloseCode) -> None:
        """End the connection once what is queued was sent, or could not be sent in time. The first code counts."""
        if self._code is None:
            self._code = code
            self._closing.set()
            self._wake.set()

    async def run(self, received: Callable[[bytes], Awaitable[None]]) -> None:
        """Pass messages both ways until either side ends the connection.

        ``received`` may wait, so that a client is read no faster than its messages are taken.
        """
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(self._send_queued())
            receiving = group.create_task(self._receive(received))
            closing = group.create_task(self._closing.wait())
            await asyncio.wait({sending, receiving, closing}, return_when=asyncio.FIRST_COMPLETED)
            if closing.done() and self._code is not CloseCode.SLOW_CONSUMER:
                await asyncio.wait({sending}, timeout=CLOSE_SEC)
            for task in (sending, receiving, closing):
                task.cancel()
        if self._code is not None:
            with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
                async with asyncio.timeout(CLOSE_SEC):
                    await self._websocket.close(self._code, CLOSINGS[self._code].sentence)

    async def _send_queued(self) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                while self._queue:
                    message = self._queue.popleft()
                    self._queued -= len(message)
                    # A server that was tampered with may send any bytes; a text frame may not hold them.
                    text = message.decode(errors="replace")
                    await self._websocket.send({"type": "websocket.send", "text": text})
                if self._code is not None:
                    return
                self._wake.clear()
                await self._wake.wait()

    async def _receive(self, received: Callable[[bytes], Awaitable[None]]) -> None:
        while (message := await self._websocket.receive())["type"] == "websocket.receive":
            # Some clients send the same JSON in binary frames.
            text = message.get("text")
            data: bytes = message["bytes"] if text is None else text.encode(errors="replace")
            if len(data) > MAX_LSP_MESSAGE:
                self.close(CloseCode.MESSAGE_TOO_BIG)
                return
            await received(data)
