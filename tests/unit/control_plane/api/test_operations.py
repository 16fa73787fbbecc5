"""What operations do with requests, and with what agents answer."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from sandbox_image.wire.errors import ErrorBody
from sandbox_image.wire.project import Node, Position, Project
from sandbox_image.wire.runs import NodeResult, Output, RunError, RunKind, RunResult, RunStatus
from tests.fakes.agent_link import Asked, Reply
from tests.fakes.served import BEARER, Served, served

NODE = Node(id="n1", title="Clean", position=Position(x=1, y=2), file="nodes/clean.py")
GOOD = RunResult(
    run_id="r1",
    kind=RunKind.NODE,
    status=RunStatus.SUCCEEDED,
    created_at=1.0,
    duration_ms=4.0,
    nodes={
        "n1": NodeResult(
            node_id="n1",
            status=RunStatus.SUCCEEDED,
            output=Output(type="int", mime={"text/plain": "42"}, size=5),
            stdout="hello\n",
            duration_ms=3.5,
        )
    },
)


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[Served]:
    async with served(tmp_path) as running:
        yield running


async def run_node(app: Served, project_id: str, **more: Any) -> Any:
    body = {"project_id": project_id, "node_id": "n1"} | more
    return await app.call("POST", "/api/code/execute-node", json=body)


async def test_a_project_is_made_listed_changed_deleted_and_restored(app: Served):
    made = await app.call("POST", "/api/project/make", json={"name": " Weather ", "description": "of Bern"})
    assert made.status == 201
    assert made.json["name"] == "Weather"
    project_id = made.json["id"]
    assert (await app.call("GET", "/api/project")).json == (await app.call("GET", "/api/project/")).json
    listed = await app.call("GET", "/api/project/?search=bern")
    assert [p["id"] for p in listed.json] == [project_id]
    app.agent(project_id).answer("PATCH", "/project", {"name": "Climate"})
    renamed = await app.call("PATCH", f"/api/project/{project_id}", json={"name": "Climate"})
    assert renamed.json["name"] == "Climate"
    deleted = await app.call("DELETE", f"/api/project/{project_id}")
    assert deleted.json == {"id": project_id, "restorable_until": app.outside.clock.now() + 60}
    assert (await app.call("GET", f"/api/project/{project_id}/sandbox")).status == 404
    assert (await app.call("POST", f"/api/project/{project_id}/restore")).status == 200
    gone = await app.call("DELETE", f"/api/project/{project_id}?now=true")
    assert gone.status == 200
    assert (app.outside.database.projects, app.outside.runtime.containers) == ({}, {})


async def test_a_graph_is_answered_with_our_id_and_name_and_the_agents_etag(app: Served):
    project_id = await app.make()
    app.agent(project_id).answer("GET", "/project", Project(name="folder's", nodes=[NODE]), etag='"v1"')
    got = await app.call("GET", f"/api/project/{project_id}")
    assert (got.status, got.headers["etag"]) == (200, '"v1"')
    assert (got.json["id"], got.json["name"], got.json["nodes"][0]["title"]) == (project_id, "Weather", "Clean")


async def test_conditions_reach_the_agent_and_its_refusals_come_back(app: Served):
    project_id = await app.make()
    stale = ErrorBody(error="stale", message="Somebody else saved it meanwhile.", detail={"etag": '"v2"'})
    app.agent(project_id).answer("PUT", "/project", stale, 412)
    graph = {"nodes": [], "edges": []}
    headers = BEARER | {"if-match": '"v1"'}
    got = await app.call("PUT", f"/api/project/{project_id}", json=graph, headers=headers)
    assert (got.status, got.json) == (412, msgspec.to_builtins(stale))
    asked = app.agent(project_id).asked[-1]
    assert (asked.headers["if-match"], asked.user) == ('"v1"', "You")


async def test_one_nodes_result_is_flat(app: Served):
    project_id = await app.make()
    app.agent(project_id).answer("POST", "/runs", GOOD)
    got = await run_node(app, project_id, input_data={"a": 1}, timeout_sec=5)
    assert got.status == 200
    expected = {
        "run_id": "r1",
        "status": "succeeded",
        "stdout": "hello\n",
        "stderr": "",
        "error": None,
        "duration_ms": 3.5,
        "cached": False,
    }
    assert expected.items() <= got.json.items()
    assert got.json["output"]["mime"] == {"text/plain": "42"}
    sent = json.loads(app.agent(project_id).asked[-1].body)
    assert (sent["kind"], sent["node_id"], sent["input_data"], sent["timeout_sec"]) == ("node", "n1", {"a": 1}, 5.0)


async def test_null_is_passed_on_as_input_data_and_nothing_is_not(app: Served):
    project_id = await app.make()
    for given, sent in (({"input_data": None}, {"input_data": None}), ({}, {})):
        app.agent(project_id).answer("POST", "/runs", GOOD)
        assert (await run_node(app, project_id, **given)).status == 200
        asked = json.loads(app.agent(project_id).asked[-1].body)
        assert {name: value for name, value in asked.items() if name == "input_data"} == sent


async def test_a_run_that_could_not_begin_says_why(app: Served):
    project_id = await app.make()
    failed = RunResult(
        run_id="r2",
        kind=RunKind.NODE,
        status=RunStatus.FAILED,
        created_at=1.0,
        error=RunError(type="EnvironmentNotReady", message="uv could not install pandas"),
    )
    app.agent(project_id).answer("POST", "/runs", failed)
    got = await run_node(app, project_id)
    assert (got.json["status"], got.json["error"]["type"]) == ("failed", "EnvironmentNotReady")


async def test_a_flow_is_answered_with_all_its_nodes(app: Served):
    project_id = await app.make()
    app.agent(project_id).answer("POST", "/runs", GOOD)
    body = {"project_id": project_id, "params": {"City": "Bern"}, "max_workers": 2, "halt_on_error": True}
    got = await app.call("POST", "/api/project/execute-flow", json=body)
    assert (got.json["run_id"], got.json["status"], list(got.json["nodes"])) == ("r1", "succeeded", ["n1"])
    sent = json.loads(app.agent(project_id).asked[-1].body)
    assert (sent["kind"], sent["params"], sent["max_workers"], sent["halt_on_error"]) == (
        "flow",
        {"City": "Bern"},
        2,
        True,
    )


def event(seq: int, type_: str, data: Any) -> bytes:
    return msgspec.json.encode({"seq": seq, "at": 1.0, "type": type_, "data": data}) + b"\n"


async def test_a_runs_events_stream_as_lines_each_checked(app: Served):
    project_id = await app.make()
    lines = b"".join(event(n, "node_status", {"run_id": "r", "node_id": "n", "status": "running"}) for n in range(1, 4))
    chunks = [lines[:10], lines[10:150], lines[150:]]

    async def stream(asked: Asked) -> Reply:
        assert asked.headers["accept"] == "application/x-ndjson"
        return Reply(chunks=chunks, headers={"content-type": "application/x-ndjson"})

    app.agent(project_id).on("POST", "/runs", stream)
    headers = BEARER | {"accept": "application/x-ndjson"}
    body = {"project_id": project_id, "node_id": "n1"}
    got = await app.call("POST", "/api/code/execute-node", json=body, headers=headers)
    assert (got.headers["content-type"], got.content) == ("application/x-ndjson", lines)
    chunks[:] = [lines, event(4, "sandbox", {"state": "deleted"})]
    with pytest.raises(aiohttp.ClientPayloadError):
        await app.call("POST", "/api/code/execute-node", json=body, headers=headers)


@pytest.mark.parametrize(
    "answer",
    [
        b"not json",
        b"{}",
        b'{"run_id": 5}',
        msgspec.json.encode(GOOD).replace(b'"succeeded"', b'"splendid"'),
        b"\xff\xfe",
    ],
)
async def test_an_agent_that_breaks_the_contract_is_a_bad_gateway(app: Served, answer: bytes):
    project_id = await app.make()
    app.agent(project_id).answer("POST", "/runs", answer)
    got = await run_node(app, project_id)
    assert (got.status, got.json["error"]) == (502, "sandbox_misbehaved")
    app.agent(project_id).answer("POST", "/runs", GOOD)
    assert (await run_node(app, project_id)).status == 200


async def test_an_agent_cannot_claim_that_the_caller_is_not_signed_in(app: Served):
    project_id = await app.make()
    app.agent(project_id).answer("POST", "/runs", ErrorBody(error="unauthenticated", message="give me the token"), 401)
    assert (await run_node(app, project_id)).status == 502


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "no JSON"),
        (b"{", 400, "no JSON"),
        (b"[]", 422, "Expected `object`"),
        (b'{"node_id": "n"}', 422, "project_id"),
        (b'{"project_id": "P", "node_id": 5}', 422, "$.node_id"),
        (b'{"project_id": "P", "node_id": "n", "timeout_sec": 0}', 422, "timeout_sec"),
        (b'{"project_id": "P", "node_id": "n", "timeout_sec": 1e9}', 422, "timeout_sec"),
        (b'{"project_id": "nope", "node_id": "n"}', 404, "nope"),
        (b'"' + b"x" * (9 * 1024 * 1024) + b'"', 413, "larger than"),
    ],
)
async def test_bad_requests_name_what_is_wrong(app: Served, body: bytes, status: int, words: str):
    project_id = await app.make()
    got = await app.call("POST", "/api/code/execute-node", data=body.replace(b'"P"', f'"{project_id}"'.encode()))
    assert got.status == status
    assert words in got.json["message"]


@pytest.mark.parametrize("workers", [0, 65])
async def test_a_flow_has_at_least_one_worker_and_no_more_than_there_may_be(app: Served, workers: int):
    body = {"project_id": await app.make(), "max_workers": workers}
    refused = await app.call("POST", "/api/project/execute-flow", json=body)
    assert (refused.status, refused.json["detail"]) == (422, {"field": "max_workers"})


async def test_node_and_edge_routes_pass_through_with_their_names_escaped(app: Served):
    project_id = await app.make()
    agent = app.agent(project_id)
    agent.answer("POST", "/project/nodes", NODE, 201)
    new = {"title": "Clean", "code": "def main(): ...", "position": {"x": 1, "y": 2}}
    got = await app.call("POST", f"/api/project/{project_id}/nodes", json=new)
    assert (got.status, got.json["file"]) == (201, "nodes/clean.py")
    bad = await app.call("POST", f"/api/project/{project_id}/nodes", json={"title": "x"})
    assert (bad.status, bad.json["error"]) == (422, "invalid")
    agent.answer("PATCH", "/project/nodes/n1", NODE)
    cleared = await app.call("PATCH", f"/api/project/{project_id}/nodes/n1", json={"timeout_sec": None})
    assert (cleared.status, agent.asked[-1].body) == (200, b'{"timeout_sec": null}')
    unnamed = await app.call("PATCH", f"/api/project/{project_id}/nodes/n1", json={"title": None})
    assert (unnamed.status, unnamed.json["error"]) == (422, "invalid")
    await app.call("DELETE", f"/api/project/{project_id}/nodes/a%3Fb%23c%20d")
    assert (agent.asked[-1].method, agent.asked[-1].path) == ("DELETE", "/project/nodes/a%3Fb%23c%20d")


async def test_code_is_text_both_ways(app: Served):
    project_id = await app.make()
    agent = app.agent(project_id)
    agent.answer("PUT", "/project/nodes/n1/code", NODE, etag='"c2"')
    agent.answer("GET", "/project/nodes/n1/code", b"def main(): ...", content_type="text/x-python", etag='"c1"')
    saved = await app.call("PUT", f"/api/project/{project_id}/nodes/n1/code", data=b"x = 1\n")
    assert (saved.status, saved.headers["etag"], agent.asked[-1].body) == (200, '"c2"', b"x = 1\n")
    got = await app.call("GET", f"/api/project/{project_id}/nodes/n1/code")
    assert got.content == b"def main(): ..."
    assert got.headers["content-type"].startswith("text/x-python")
    assert got.headers["content-disposition"] == "attachment"


async def test_a_workspaces_files_are_never_shown_as_pages_of_ours(app: Served):
    project_id = await app.make()
    page = b"<script>alert(1)</script>"
    app.agent(project_id).answer("GET", "/files/content", page, content_type="text/html", set_cookie="a=b", etag='"f"')
    got = await app.call("GET", f"/api/project/{project_id}/files/content?path=a.html&other=1")
    assert got.content == page
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"] == "attachment"
    assert got.headers["content-security-policy"].startswith("sandbox")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in got.headers
    assert app.agent(project_id).asked[-1].query == "path=a.html"


async def test_uploads_stream_through(app: Served):
    project_id = await app.make()
    entry = {"name": "a.csv", "path": "a.csv", "kind": "file", "size": 3}
    app.agent(project_id).answer("PUT", "/files/content", entry, 201, etag='"f1"')
    got = await app.call("PUT", f"/api/project/{project_id}/files/content?path=a.csv", data=b"abc")
    assert (got.status, got.json["path"], got.headers["etag"]) == (201, "a.csv", '"f1"')
    assert app.agent(project_id).asked[-1].body == b"abc"


async def test_the_sandbox_can_be_looked_at_stopped_and_started(app: Served):
    project_id = await app.make()
    path = f"/api/project/{project_id}/sandbox"
    ready = await app.call("POST", path + "/start?wait=true")
    assert (ready.status, ready.json["state"], ready.json["generation"]) == (200, "ready", 1)
    assert ready.json["limits"]["memory"] == 1024**3
    stopped = await app.call("POST", path + "/stop")
    assert (stopped.json["state"], stopped.json["reason"]) == ("stopped", "by_user")
    assert (await app.call("GET", path)).json["state"] == "stopped"
    polled = await app.call("GET", f"/api/project/{project_id}/usage")
    assert (polled.status, polled.json["error"]) == (409, "conflict")
    assert (await app.call("POST", path + "/restart")).json["generation"] == 2
    assert (await app.call("POST", path + "/keep-awake", json={"seconds": 1e9})).status == 422
    assert (await app.call("POST", path + "/keep-awake", json={"seconds": 60})).status == 200


async def test_the_language_servers_log_is_read_for_one_project_or_for_all_that_run(app: Served):
    ids = [await app.make(name) for name in ("Weather", "Traffic", "Asleep")]
    for at, project_id in enumerate(ids):
        app.agent(project_id).answer("GET", "/lsp/logs", [{"at": at, "kind": "pyright", "line": f"line {at}"}])
        app.agent(project_id).answer("GET", "/files", {"path": "", "entries": [], "truncated": False})
        assert (await app.call("GET", f"/api/project/{project_id}/files")).status == 200
    await app.call("POST", f"/api/project/{ids[2]}/sandbox/stop")
    one = await app.call("GET", f"/api/lsp/logs?n=5&project_id={ids[0]}")
    assert [(line["line"], line["project_id"]) for line in one.json] == [("line 0", ids[0])]
    assert [line["line"] for line in (await app.call("GET", "/api/lsp/logs?n=50")).json] == ["line 0", "line 1"]
    assert [line["line"] for line in (await app.call("GET", "/api/lsp/logs?n=1")).json] == ["line 1"]
    app.agent(ids[1]).answer("GET", "/lsp/logs", [{"at": "x"}])
    assert [line["line"] for line in (await app.call("GET", "/api/lsp/logs")).json] == ["line 0"]
    assert (await app.call("GET", "/api/lsp/logs?project_id=none")).status == 404
    assert (await app.call("GET", "/api/lsp/logs", headers={})).status == 401


async def test_events_come_over_a_socket(app: Served):
    project_id = await app.make()
    url = f"{app.url.replace('http', 'ws')}/api/project/{project_id}/events"
    async with app.session.ws_connect(url, headers=BEARER) as socket, asyncio.timeout(60):
        hello = await socket.receive_json()
        assert set(hello) == {"epoch", "seq"}
        await app.call("POST", f"/api/project/{project_id}/sandbox/stop")
        states: list[str] = []
        while "stopped" not in states:
            states += [e["data"]["state"] for e in await socket.receive_json() if e["type"] == "sandbox"]
        await app.call("DELETE", f"/api/project/{project_id}")
        while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        assert socket.close_code == message.data == 4027


async def test_health_is_told_to_who_asks_for_the_head_alone(app: Served):
    whole, head = [await app.call(method, "/api/health", headers={}) for method in ("GET", "HEAD")]
    assert (whole.status, head.status, head.content) == (200, 200, b"")
    for name in ("content-length", "content-type", "x-content-type-options"):
        assert head.headers[name] == whole.headers[name]
    assert (await app.call("HEAD", "/api/me")).status == 405
    document = (await app.call("GET", "/api/openapi.json")).json
    assert list(document["paths"]["/api/health"]) == ["get"]


async def test_unknown_paths_and_methods_have_error_bodies(app: Served):
    for method, path, status in (
        ("GET", "/api/nope", 404),
        ("POST", "/api/nope", 404),
        ("DELETE", "/nope", 404),
        ("DELETE", "/api/health", 405),
        ("GET", "/preview/x", 404),
    ):
        got = await app.call(method, path)
        assert (got.status, set(got.json)) == (status, {"error", "message", "detail"})


async def test_an_unknown_socket_is_refused_before_it_opens_with_an_error_body(app: Served):
    project_id = await app.make()
    upgrade = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for headers in (BEARER | upgrade, upgrade):
        got = await app.call("GET", "/api/nope/events", headers=headers)
        assert (got.status, got.json["error"], set(got.json)) == (404, "not_found", {"error", "message", "detail"})
        assert "/api/nope/events" in got.json["message"]
    elsewhere = await app.call("GET", "/api/nope", headers=upgrade | {"host": "evil.example"})
    assert (elsewhere.status, elsewhere.json["error"]) == (403, "forbidden")
    async with app.session.ws_connect(
        f"{app.url.replace('http', 'ws')}/api/project/{project_id}/events", headers=BEARER
    ) as socket:
        assert set(await socket.receive_json()) == {"epoch", "seq"}


async def test_an_administrator_changes_the_limits_of_a_sandbox_while_it_runs(app: Served):
    project_id = await app.make()
    path = f"/api/admin/sandboxes/{project_id}/limits"
    got = await app.call("PATCH", path, json={"memory": 2 * 1024**3, "cpus": 1.5})
    assert (got.status, got.json["memory"], got.json["cpus"]) == (200, 2 * 1024**3, 1.5)
    shown = await app.call("GET", f"/api/project/{project_id}/sandbox")
    assert shown.json["limits"]["memory"] == 2 * 1024**3
    refused = await app.call("PATCH", path, json={"pids": 10**9})
    assert (refused.status, refused.json["detail"]["field"]) == (422, "pids")
    said = app.app.state.services.allowances.get(f"project:{project_id}").allowance
    assert (said.memory, said.pids) == (2 * 1024**3, None)
