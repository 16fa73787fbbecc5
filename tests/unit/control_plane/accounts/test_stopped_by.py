"""Who stopped a sandbox is told to whoever works in it: by state, event and close code."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from control_plane.domain.people import Role
from sandbox_image.wire.closing import CLOSINGS, CloseCode
from tests.fakes.agent_link import Asked, Peer
from tests.fakes.hosted import Hosted, closed_with, hosted


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[Hosted]:
    async with hosted(tmp_path) as running:
        yield running


async def told(socket: Any) -> dict[str, Any]:
    """Read a project's events until its sandbox has stopped; return what was said of it."""
    async with asyncio.timeout(60):
        while True:
            for event in await socket.receive_json():
                if event["type"] == "sandbox" and event["data"]["state"] == "stopped":
                    return event["data"]


@pytest.mark.parametrize(
    ("by_admin", "reason", "code"),
    [
        (True, "by_admin", CloseCode.SANDBOX_STOPPED_BY_ADMIN),
        (False, "by_user", CloseCode.SANDBOX_STOPPED_BY_USER),
    ],
)
async def test_its_people_are_told_who_stopped_a_sandbox(app: Hosted, by_admin: bool, reason: str, code: CloseCode):
    root, ada = await app.joined("root", Role.ADMIN), await app.joined("ada")
    project_id = await app.make(ada)
    sandbox = f"/api/project/{project_id}/sandbox"
    assert await app.status("POST", f"{sandbox}/start?wait=true", ada) == 200
    attached: asyncio.Future[Peer] = asyncio.get_running_loop().create_future()

    async def attach(peer: Peer, _: Asked) -> None:
        attached.set_result(peer)

    app.served.agent(project_id).on_socket("/terminals/t/attach", attach)
    async with (
        app.connect(f"/api/project/{project_id}/events", ada) as events,
        app.connect(f"/api/terminal/{project_id}/t", ada) as terminal,
    ):
        async with asyncio.timeout(60):
            assert "epoch" in await events.receive_json()
        path = f"/api/admin/sandboxes/{project_id}/stop" if by_admin else f"{sandbox}/stop"
        assert await app.status("POST", path, root if by_admin else ada) == 200
        said = await told(events)
        async with asyncio.timeout(60):
            (await attached).close(1006)  # the container is gone
            assert await closed_with(terminal) == code
    assert (said["reason"], said["message"]) == (reason, CLOSINGS[code].sentence)
    shown = (await app.served.call("GET", sandbox, headers=ada)).json
    assert (shown["state"], shown["reason"], shown["message"]) == ("stopped", reason, CLOSINGS[code].sentence)
