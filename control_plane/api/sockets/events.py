"""``WS /api/project/{project_id}/events?after=N&epoch=E``: what happens in a project, in order.

The first frame is ``{"epoch", "seq"}``; all others are JSON arrays of events. Nothing is expected from the client, and
what it sends is dropped: its only way to say something is to leave.
"""

import asyncio
from typing import Final

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from control_plane.api.guard import guarded_socket
from control_plane.api.sockets.relay import close, code_of
from control_plane.domain.access import Policy
from control_plane.domain.errors import AimforgeError
from control_plane.domain.people import Person
from control_plane.services.events.event_stream import ReloadNeeded, SlowConsumer, Subscription
from sandbox_image.wire.closing import CloseCode

MAX_UPSTREAM: Final = 1024
"""Bytes of a message from a client; there is nothing to say, and a ping of an old proxy is shorter."""


async def events(websocket: WebSocket) -> None:
    """Serve a viewer that the guard let through."""
    services = websocket.app.state.services
    person: Person = websocket.state.person
    project_id: str = websocket.path_params["project_id"]
    after = websocket.query_params.get("after")
    epoch = websocket.query_params.get("epoch", "")
    await websocket.accept()
    try:
        number = int(after) if after else None
    except ValueError:
        await close(websocket, CloseCode.BAD_FRAME, "after must be a number: the last seq that was seen.")
        return
    try:
        with services.open_sockets.register(person.id, project_id, "events", person.via) as registered:
            async with services.hub.subscribe(project_id, person=person, after=number, epoch=epoch) as subscription:
                code = await _pump(websocket, subscription, registered.closing)
    except ReloadNeeded:
        await close(websocket, CloseCode.RELOAD)
    except SlowConsumer:
        await close(websocket, CloseCode.SLOW_CONSUMER)
    except AimforgeError as error:
        await close(websocket, code_of(error), error.message)
    except WebSocketDisconnect:
        return
    else:
        await close(websocket, code)


async def _pump(websocket: WebSocket, subscription: Subscription, closing: "asyncio.Future[CloseCode]") -> CloseCode:
    async with asyncio.TaskGroup() as group:
        up = group.create_task(_drop_upstream(websocket))
        down = group.create_task(_send_frames(websocket, subscription))
        await asyncio.wait({up, down, closing}, return_when=asyncio.FIRST_COMPLETED)
        error = down.result() if down.done() else None
        code = closing.result() if closing.done() else up.result() if up.done() else CloseCode.NORMAL
        up.cancel()
        down.cancel()
    if error is not None:
        raise error
    return code


async def _drop_upstream(websocket: WebSocket) -> CloseCode:
    while (event := await websocket.receive())["type"] != "websocket.disconnect":
        if len(event.get("text") or event.get("bytes") or "") > MAX_UPSTREAM:
            return CloseCode.MESSAGE_TOO_BIG
    return CloseCode.NORMAL


async def _send_frames(websocket: WebSocket, subscription: Subscription) -> AimforgeError | None:
    """Send until the subscription ends, or the viewer has left (None). An error is returned, so that all ends in order."""
    frame = subscription.first
    try:
        while True:
            await websocket.send({"type": "websocket.send", "text": frame.decode()})
            frame = await subscription.next_frame()
    except (ReloadNeeded, SlowConsumer) as error:
        return error
    except WebSocketDisconnect:
        return None


def routes() -> list[WebSocketRoute]:
    """The routes of this module."""
    return [guarded_socket("/api/project/{project_id}/events", events, Policy.VIEW)]
