"""A client of the control plane's sockets that hangs up before it is answered is no fault, and nothing of it stays."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from tests.fakes.agent_link import Asked, Peer
from tests.fakes.hanging_up import DEADLINE_SEC, Watched, faults, hang_up_in_handshake
from tests.fakes.served import TOKEN, Served, served
from tests.fakes.serving import serving, tcp_listener

SOCKETS = ["/api/terminal/{project}/t1", "/api/lsp/ruff?project_id={project}", "/api/lsp/none?project_id={project}"]
SOCKETS += ["/api/project/{project}/events"]


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[Served]:
    async with served(tmp_path) as running:
        yield running


async def hung_up(app: Served, path: str) -> None:
    watched, listener = Watched(app.app), tcp_listener()
    async with serving(watched, listener):
        await hang_up_in_handshake(watched, listener.getsockname()[1], f"{path}\nAuthorization: Bearer {TOKEN}")


@pytest.mark.parametrize("path", SOCKETS)
async def test_who_hangs_up_in_the_handshake_is_no_fault(app: Served, path: str, caplog: pytest.LogCaptureFixture):
    project = await app.make()
    await hung_up(app, path.format(project=project))
    assert faults(caplog) == []
    assert len(app.app.state.services.open_sockets) == 0
    opened = [asked.path for asked in app.agent(project).asked if asked.method == "WS"]
    assert opened == [], "nothing is opened for one who has gone"


async def test_who_stays_is_served(app: Served):
    async def echo(peer: Peer, _: Asked) -> None:
        while (message := await peer.receive()) is not None:
            peer.send(message)

    project = await app.make()
    app.agent(project).on_socket("/terminals/t1/attach", echo)
    watched, listener = Watched(app.app), tcp_listener()
    watched.go_on.set()
    async with serving(watched, listener):
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}/api/terminal/{project}/t1"
        headers = {"authorization": f"Bearer {TOKEN}"}
        async with connect(url, additional_headers=headers, proxy=None, open_timeout=DEADLINE_SEC) as client:
            await client.send(b"\x02typed")
            assert await client.recv() == b"\x02typed"


async def test_a_fault_meanwhile_is_told_as_one(app: Served, caplog: pytest.LogCaptureFixture):
    """What the first test would see."""

    async def broken(websocket: WebSocket) -> None:
        raise RuntimeError("cannot be")

    app.app.router.routes.insert(0, WebSocketRoute("/broken", broken))
    await hung_up(app, "/broken")
    assert any("Exception in ASGI application" in fault for fault in faults(caplog))
