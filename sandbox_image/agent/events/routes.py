"""The route of the event stream."""

import asyncio
from contextlib import suppress
from typing import Final

import msgspec
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox_image.agent.http import query_int
from sandbox_image.wire.closing import CLOSINGS, CloseCode

from .log import EventLog, Lagging, Subscription

COALESCE_SEC: Final = 0.005
"""Pause between two frames: the first event goes out at once, a flood goes out in few frames."""
SEND_TIMEOUT_SEC: Final = 30.0
"""A client that takes no frame for that long is cut off."""
CLOSE_TIMEOUT_SEC: Final = 5.0


def routes(log: EventLog) -> list[BaseRoute]:
    """``WS /events``."""

    async def events(socket: WebSocket) -> None:
        await socket.accept()
        try:
            after = query_int(socket, "after", default=-1)
            subscription = log.subscribe(None if after < 0 else after, socket.query_params.get("epoch", ""))
        except Lagging as lagging:
            await _close(socket, lagging.code)
            return
        with subscription:
            await _serve(socket, log, subscription)

    return [WebSocketRoute("/events", events)]


async def _serve(socket: WebSocket, log: EventLog, subscription: Subscription) -> None:
    """Send until the client has gone or lags. What the client says is read, to see that it goes, and dropped."""
    async with asyncio.TaskGroup() as tasks:
        sender = tasks.create_task(_send(socket, log, subscription))
        receiver = tasks.create_task(_until_gone(socket))
        await asyncio.wait({sender, receiver}, return_when=asyncio.FIRST_COMPLETED)
        sender.cancel()
        receiver.cancel()


async def _send(socket: WebSocket, log: EventLog, subscription: Subscription) -> None:
    try:
        hello = msgspec.json.encode({"epoch": log.epoch, "seq": subscription.cursor})
        await asyncio.wait_for(socket.send_text(hello.decode()), SEND_TIMEOUT_SEC)
        while True:
            frame = await subscription.next_frame()
            await asyncio.wait_for(socket.send_text(frame.decode()), SEND_TIMEOUT_SEC)
            await asyncio.sleep(COALESCE_SEC)
    except Lagging as lagging:
        await _close(socket, lagging.code)
    except TimeoutError:
        await _close(socket, CloseCode.SLOW_CONSUMER)
    except WebSocketDisconnect:
        return


async def _until_gone(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _close(socket: WebSocket, code: CloseCode) -> None:
    """Tell the client why; one that still reads nothing loses the connection without being told."""
    with suppress(TimeoutError):
        await asyncio.wait_for(socket.close(code, CLOSINGS[code].sentence), CLOSE_TIMEOUT_SEC)
