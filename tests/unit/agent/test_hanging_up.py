"""A client of the agent's sockets that hangs up before it is answered is no fault of the sandbox."""

import pytest
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from sandbox_image.agent.app import application
from sandbox_image.agent.events import EventLog
from sandbox_image.agent.events import routes as event_routes
from sandbox_image.agent.preview import Preview
from sandbox_image.agent.preview import routes as preview_routes
from tests.fakes.hanging_up import Watched, faults, hang_up_in_handshake
from tests.fakes.serving import serving, tcp_listener


async def hung_up(routes: list[BaseRoute], path: str) -> None:
    watched = Watched(application(routes))
    listener = tcp_listener()
    async with serving(watched, listener):
        await hang_up_in_handshake(watched, listener.getsockname()[1], path)


@pytest.mark.parametrize("path", ["/events", "/preview/1/"])
async def test_who_hangs_up_in_the_handshake_is_no_fault(path: str, caplog: pytest.LogCaptureFixture):
    await hung_up([*event_routes(EventLog()), *preview_routes(Preview())], path)
    assert faults(caplog) == []


async def test_a_fault_meanwhile_is_told_as_one(caplog: pytest.LogCaptureFixture):
    """What the test above would see."""

    async def broken(websocket: WebSocket) -> None:
        raise OSError("cannot be")

    await hung_up([WebSocketRoute("/broken", broken)], "/broken")
    assert any("unexpected error at /broken" in fault for fault in faults(caplog))
