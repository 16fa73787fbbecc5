"""Runs whose events are streamed while their sandbox ends: the last events say so, and who wanted it."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from control_plane.api import lost_runs
from control_plane.domain.errors import SandboxFailed
from control_plane.domain.sandbox import EndReason
from sandbox_image.wire.events import TYPE_NAMES, NodeFinished, NodeStatus, NodeStream, RunFinished, RunStarted
from sandbox_image.wire.runs import NodeResult, RunError, RunKind, RunStatus
from tests.fakes.agent_link import Asked, Reply
from tests.fakes.served import BEARER, Got, Served, served

NDJSON = {"content-type": "application/x-ndjson"}
AGENTS = RunError(type="SandboxStopped", message="The sandbox was stopped during this run.")
BEGUN = (
    RunStarted(run_id="r1", kind=RunKind.FLOW, node_ids=["n0", "n1", "n2"]),
    NodeStatus(run_id="r1", node_id="n0", status=RunStatus.RUNNING),
    NodeFinished(run_id="r1", result=NodeResult(node_id="n0", status=RunStatus.SUCCEEDED)),
    NodeStatus(run_id="r1", node_id="n1", status=RunStatus.RUNNING),
    NodeStream(run_id="r1", node_id="n1", stream="stdout", text="so far"),
)
ENDED = (
    NodeFinished(run_id="r1", result=NodeResult(node_id="n1", status=RunStatus.LOST, stdout="so far", error=AGENTS)),
    RunFinished(run_id="r1", status=RunStatus.LOST, duration_ms=1.0, error=AGENTS.message),
)


def lines(*events: Any, after: int = 0, at: float = 1.5) -> bytes:
    """Events as an agent sends them."""
    named = [{"type": TYPE_NAMES[type(data)], "data": data} for data in events]
    return b"".join(
        msgspec.json.encode({"seq": seq, "at": at, **event}) + b"\n" for seq, event in enumerate(named, after + 1)
    )


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[Served]:
    async with served(tmp_path) as running:
        yield running


@pytest.fixture
async def project_id(app: Served) -> str:
    made = await app.make()
    await app.call("POST", f"/api/project/{made}/sandbox/start?wait=true")
    return made


async def streamed(app: Served, project_id: str) -> Got:
    headers = BEARER | {"accept": "application/x-ndjson"}
    return await app.call("POST", "/api/project/execute-flow", json={"project_id": project_id}, headers=headers)


async def test_an_end_that_somebody_wanted_is_told_as_theirs(
    app: Served, project_id: str, monkeypatch: pytest.MonkeyPatch
):
    sent = [lines(*BEGUN), lines(*ENDED, after=len(BEGUN))]

    async def stopped(_: Asked) -> Reply:
        await app.call("POST", f"/api/project/{project_id}/sandbox/stop")
        return Reply(chunks=sent, headers=NDJSON)

    app.agent(project_id).on("POST", "/runs", stopped)
    got = (await streamed(app, project_id)).content
    assert got.startswith(sent[0]), "what was before is passed on as it is"
    node, end = [json.loads(line) for line in got.removeprefix(sent[0]).splitlines()]
    assert (node["seq"], node["at"], node["data"]["run_id"], end["seq"]) == (6, 1.5, "r1", 7)
    result = node["data"]["result"]
    assert (result["status"], result["error"]["type"], result["stdout"]) == ("lost", "SandboxStopped", "so far")
    assert "by somebody who works in it" in result["error"]["message"]
    assert (end["data"]["status"], end["data"]["error"]) == ("lost", result["error"]["message"])

    # Of an end that only the agent knows of, its own words stand.
    monkeypatch.setattr(lost_runs, "END_WITHIN_SEC", 0.05)
    await app.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")
    app.agent(project_id).answer("POST", "/runs", b"".join(sent), content_type=NDJSON["content-type"])
    assert (await streamed(app, project_id)).content == b"".join(sent)


async def test_the_ends_that_are_missing_are_added(app: Served, project_id: str):
    async def gone() -> None:
        await app.call("POST", f"/api/project/{project_id}/sandbox/stop")
        raise SandboxFailed("The sandbox was stopped.", EndReason.BY_USER)

    async def broken_off(_: Asked) -> Reply:
        return Reply(chunks=[lines(*BEGUN[:-1]), lines(*BEGUN[-1:], after=4)], then=gone, headers=NDJSON)

    app.agent(project_id).on("POST", "/runs", broken_off)
    got = (await streamed(app, project_id)).content
    assert got.startswith(lines(*BEGUN))
    node, end = [json.loads(line) for line in got.removeprefix(lines(*BEGUN)).splitlines()]
    assert [(event["seq"], event["type"]) for event in (node, end)] == [(6, "node_finished"), (7, "run_finished")]
    result = node["data"]["result"]
    assert (node["data"]["run_id"], result["node_id"], result["status"]) == ("r1", "n1", "lost")
    assert (result["error"]["type"], result["error"]["message"]) == ("SandboxStopped", "The sandbox was stopped.")
    assert (end["data"]["run_id"], end["data"]["status"]) == ("r1", "lost")
    assert end["data"]["error"] == "The sandbox was stopped."


async def test_who_reads_a_run_on_is_told_as_well_and_of_one_that_was_over_nothing_new(
    app: Served, project_id: str, monkeypatch: pytest.MonkeyPatch
):
    path = f"/api/project/{project_id}/runs/r1/events?after=5&follow=true"
    now = time.time() + 3600.0

    async def stopped(_: Asked) -> Reply:
        await app.call("POST", f"/api/project/{project_id}/sandbox/stop")
        return Reply(chunks=[lines(*ENDED, after=5, at=now)], headers=NDJSON)

    app.agent(project_id).on("GET", "/runs/r1/events", stopped)
    node, end = [json.loads(line) for line in (await app.call("GET", path)).content.splitlines()]
    for sentence in (node["data"]["result"]["error"]["message"], end["data"]["error"]):
        assert "by somebody who works in it" in sentence

    async def gone() -> None:
        raise SandboxFailed("The sandbox was stopped.", EndReason.BY_USER)

    async def of_old(_: Asked) -> Reply:
        return Reply(chunks=[lines(*BEGUN), lines(ENDED[0], after=5)], then=gone, headers=NDJSON)

    app.agent(project_id).on("GET", "/runs/r1/events", of_old)
    got = bytearray()
    monkeypatch.setattr(
        "control_plane.api.lost_runs.END_WITHIN_SEC", 600.0
    )  # for an end that has nothing to do with it
    async with asyncio.timeout(60), app.session.get(app.url + path, headers=BEARER) as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await read_on(response, got)
    assert got == lines(*BEGUN) + lines(ENDED[0], after=5), "it may have ended otherwise"


@pytest.mark.parametrize(
    "sent", [b"", lines(*BEGUN, RunFinished(run_id="r1", status=RunStatus.SUCCEEDED, duration_ms=1))]
)
async def test_nothing_is_added_to_a_run_that_is_over_or_not_known(app: Served, project_id: str, sent: bytes):
    async def gone() -> None:
        raise SandboxFailed("The sandbox was stopped.", EndReason.BY_USER)

    async def broken_off(_: Asked) -> Reply:
        return Reply(chunks=[sent] if sent else [], then=gone, headers=NDJSON)

    app.agent(project_id).on("POST", "/runs", broken_off)
    headers = BEARER | {"accept": "application/x-ndjson"}
    async with app.session.post(
        f"{app.url}/api/project/execute-flow", json={"project_id": project_id}, headers=headers
    ) as response:
        got = bytearray()
        with pytest.raises(aiohttp.ClientPayloadError):
            await read_on(response, got)
    assert got == sent


async def read_on(response: aiohttp.ClientResponse, got: bytearray) -> None:
    while piece := await response.content.readany():
        got += piece


async def test_a_run_may_be_silent_for_long_and_other_streams_not(app: Served, project_id: str):
    silences: list[float] = []

    async def answered(asked: Asked) -> Reply:
        silences.append(asked.silence_sec)
        return Reply(chunks=[lines(*BEGUN)], headers=NDJSON)

    agent = app.agent(project_id)
    for method, path in (("POST", "/runs"), ("GET", "/runs/r1/events"), ("GET", "/project/export")):
        agent.on(method, path, answered)
    await streamed(app, project_id)
    await app.call("GET", f"/api/project/{project_id}/runs/r1/events?follow=true")
    await app.call("GET", f"/api/project/{project_id}/export")
    assert len(silences) == 3
    assert min(silences[:2]) >= 3600.0
    assert silences[2] <= 60.0
