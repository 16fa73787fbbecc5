"""Runs whose sandbox ends meanwhile: lost, and with the reason."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from control_plane.api import lost_runs
from control_plane.domain.errors import SandboxFailed
from control_plane.domain.sandbox import EndReason
from sandbox_image.wire.errors import ErrorBody
from sandbox_image.wire.runs import NodeResult, RunError, RunKind, RunResult, RunStatus
from tests.fakes.agent_link import Asked, Reply
from tests.fakes.served import Served, served


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[Served]:
    async with served(tmp_path) as running:
        yield running


async def run_node(app: Served, project_id: str) -> Any:
    return await app.call("POST", "/api/code/execute-node", json={"project_id": project_id, "node_id": "n1"})


async def test_a_run_whose_sandbox_dies_is_lost_with_the_reason(app: Served):
    project_id = await app.make()

    async def die(_: Asked) -> Reply:
        raise SandboxFailed("The sandbox ran out of memory.", EndReason.OUT_OF_MEMORY)

    app.agent(project_id).on("POST", "/runs", die)
    got = await run_node(app, project_id)
    assert (got.status, got.json["status"]) == (200, "lost")
    assert got.json["error"]["message"] == "The sandbox ran out of memory."


async def test_a_run_whose_agent_falls_silent_is_lost_with_what_the_engine_says_later(app: Served):
    project_id = await app.make()
    await app.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")

    async def break_off(_: Asked) -> Reply:
        raise SandboxFailed("The sandbox cannot be reached.", EndReason.CRASHED)

    # One that goes on is not said to have ended.
    app.agent(project_id).on("POST", "/runs", break_off)
    got = await run_node(app, project_id)
    assert (got.json["status"], got.json["error"]["message"]) == ("lost", "The sandbox cannot be reached.")

    async def gone(asked: Asked) -> Reply:
        (container,) = app.outside.runtime.containers
        app.outside.runtime.end(container, EndReason.OUT_OF_MEMORY)
        return await break_off(asked)

    app.agent(project_id).on("GET", "/health", gone)
    got = await run_node(app, project_id)
    assert (got.json["status"], got.json["error"]["type"]) == ("lost", "SandboxLost")
    assert "memory" in got.json["error"]["message"]


async def test_a_run_that_is_broken_off_by_the_end_of_its_sandbox_is_lost(app: Served, monkeypatch: pytest.MonkeyPatch):
    project_id = await app.make()
    await app.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")

    async def told_to_stop(_: Asked) -> Reply:
        (container,) = app.outside.runtime.containers
        app.outside.runtime.end(container, EndReason.CRASHED)
        return Reply(status=500, chunks=[b"Internal Server Error"], headers={"content-type": "text/plain"})

    app.agent(project_id).on("POST", "/runs", told_to_stop)
    got = await run_node(app, project_id)
    assert (got.status, got.json["status"], got.json["error"]["type"]) == (200, "lost", "SandboxLost")
    assert "ended unexpectedly" in got.json["error"]["message"]

    # The same words of an agent that goes on are its own fault.
    monkeypatch.setattr(lost_runs, "END_WITHIN_SEC", 0.05)
    app.agent(project_id).answer("POST", "/runs", b"Internal Server Error", 500)
    got = await run_node(app, project_id)
    assert (got.status, got.json["error"]) == (502, "sandbox_misbehaved")


ERROR = RunError(type="SandboxStopped", message="The sandbox was stopped during this run.")
ENDED = RunResult(
    run_id="r1",
    kind=RunKind.NODE,
    status=RunStatus.LOST,
    created_at=1.0,
    nodes={"n1": NodeResult(node_id="n1", status=RunStatus.LOST, stdout="so far", error=ERROR)},
    error=ERROR,
)


async def test_a_run_that_an_agent_ended_as_it_was_told_to_stop_says_who_wanted_it(
    app: Served, monkeypatch: pytest.MonkeyPatch
):
    project_id = await app.make()
    await app.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")
    agent = app.agent(project_id)

    async def stopped(_: Asked) -> Reply:
        await app.call("POST", f"/api/project/{project_id}/sandbox/stop")
        return Reply(chunks=[msgspec.json.encode(ENDED)])

    agent.on("POST", "/runs", stopped)
    got = await run_node(app, project_id)
    assert (got.status, got.json["status"], got.json["error"]["type"]) == (200, "lost", "SandboxStopped")
    assert "by somebody who works in it" in got.json["error"]["message"]
    assert got.json["stdout"] == "so far"

    # Of an end that only the agent knows of, its own words stand.
    monkeypatch.setattr(lost_runs, "END_WITHIN_SEC", 0.05)
    agent.answer("POST", "/runs", ENDED)
    got = await run_node(app, project_id)
    assert (got.json["status"], got.json["error"]["message"]) == ("lost", ERROR.message)


async def test_a_run_that_is_cut_off_as_its_agent_stops_is_lost_with_who_wanted_it(
    app: Served, monkeypatch: pytest.MonkeyPatch
):
    project_id = await app.make()
    await app.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")
    refusal = ErrorBody(error="unavailable", message="The sandbox was stopped before it could answer.")

    async def cut_off(_: Asked) -> Reply:
        await app.call("POST", f"/api/project/{project_id}/sandbox/stop")
        return Reply(status=503, chunks=[msgspec.json.encode(refusal)])

    app.agent(project_id).on("POST", "/runs", cut_off)
    got = await run_node(app, project_id)
    assert (got.status, got.json["status"], got.json["error"]["type"]) == (200, "lost", "SandboxStopped")
    assert "by somebody who works in it" in got.json["error"]["message"]

    # Of an agent that goes on it is a refusal.
    monkeypatch.setattr(lost_runs, "END_WITHIN_SEC", 0.05)
    app.agent(project_id).answer("POST", "/runs", refusal, 503)
    got = await run_node(app, project_id)
    assert (got.status, got.json["error"]) == (503, "unavailable")
