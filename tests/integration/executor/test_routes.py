"""The HTTP interface of runs, over a real executor."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.flow.routes import routes
from sandbox_image.agent.http import json_response

from .conftest import FlowBench


async def refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, AgentError)
    return json_response(error.body(), error.status)


@pytest.fixture
async def client(flows: FlowBench) -> AsyncIterator[httpx.AsyncClient]:
    flows.graph.code_node("load", "import pandas as pd\ndef main():\n    return pd.DataFrame({'n': range(5)})\n")
    flows.graph.code_node("size", "def main(x):\n    print('sizing')\n    return len(x)\n")
    flows.graph.link("load", "size")
    app = Starlette(routes=routes(flows.runs), exception_handlers={AgentError: refuse})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://agent", timeout=60) as found:
        yield found


def lines(answer: httpx.Response) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in answer.content.splitlines()]


async def test_a_run_is_answered_listed_read_and_its_events_read_again(client: httpx.AsyncClient) -> None:
    answer = await client.post("/runs", json={"kind": "flow", "started_by": "forged"})
    assert answer.status_code == 200
    result = answer.json()
    assert (result["status"], result["started_by"]) == ("succeeded", "")
    assert result["nodes"]["size"]["output"]["mime"]["application/json"] == 5
    run = result["run_id"]
    assert [found["run_id"] for found in (await client.get("/runs")).json()] == [run]
    assert (await client.get(f"/runs/{run}")).json()["nodes"] == result["nodes"]
    events = lines(await client.get(f"/runs/{run}/events?follow=true"))
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert lines(await client.get(f"/runs/{run}/events?after=2")) == events[2:]
    assert (await client.post(f"/runs/{run}/cancel")).json()["status"] == "succeeded"


async def test_events_can_be_the_answer_and_a_run_needs_no_client(client: httpx.AsyncClient) -> None:
    accept = {"Accept": "application/x-ndjson"}
    types = [event["type"] for event in lines(await client.post("/runs", json={"kind": "flow"}, headers=accept))]
    assert (types[0], types[-1], types.count("node_finished")) == ("run_started", "run_finished", 2)
    answer = await client.post("/runs?wait=false", json={"kind": "node", "node_id": "size"})
    assert answer.status_code == 202
    run = answer.json()["run_id"]
    assert lines(await client.get(f"/runs/{run}/events?follow=true"))[-1]["type"] == "run_finished"
    assert (await client.get(f"/runs/{run}")).json()["status"] == "succeeded"


async def test_tables_freshness_and_cache(client: httpx.AsyncClient) -> None:
    assert (await client.get("/project/nodes/load/table")).status_code == 409
    await client.post("/runs", json={"kind": "flow"})
    page = await client.get("/project/nodes/load/table?offset=1&limit=2&column=n&order=desc")
    assert page.json() == {"columns": [{"name": "n", "type": "int64"}], "rows": [[3], [2]], "total_rows": 5}
    assert {node["state"] for node in (await client.get("/project/freshness")).json()} == {"fresh"}
    assert (await client.delete("/cache")).status_code == 204
    assert {node["state"] for node in (await client.get("/project/freshness")).json()} == {"never_run"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/runs", b"{", 400),
        ("POST", "/runs", b'{"kind": "party"}', 422),
        ("POST", "/runs", b'{"kind": "node", "node_id": "nope"}', 404),
        ("POST", "/runs", b'{"kind": "flow", "timeout_sec": -1}', 422),
        ("GET", "/runs/nope", b"", 404),
        ("GET", "/runs/nope/events", b"", 404),
        ("POST", "/runs/nope/cancel", b"", 404),
        ("GET", "/runs?limit=0", b"", 422),
        ("GET", "/project/nodes/nope/table", b"", 404),
        ("GET", "/project/nodes/load/table?order=up", b"", 422),
    ],
)
async def test_bad_requests_are_refused(
    client: httpx.AsyncClient, method: str, path: str, body: bytes, status: int
) -> None:
    answer = await client.request(method, path, content=body)
    assert answer.status_code == status
    assert answer.json()["message"]
