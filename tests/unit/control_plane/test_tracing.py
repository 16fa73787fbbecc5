"""Traces reach a collector that listens, and logs carry ids: neither says what people wrote."""

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog

from control_plane.settings import Settings
from sandbox_image.wire.runs import NodeResult, Output, RunKind, RunResult, RunStatus
from tests.fakes.agent_link import Asked, Reply
from tests.fakes.collector import attributes, collecting
from tests.fakes.served import BEARER, TOKEN, Served, served

WRITTEN = "what-Ada-wrote"
"""Stands in code, names, inputs, outputs and queries; it may be in no log and no trace."""
RESULT = RunResult(
    run_id="r1",
    kind=RunKind.NODE,
    status=RunStatus.SUCCEEDED,
    created_at=1.0,
    duration_ms=4.0,
    nodes={
        "n1": NodeResult(
            node_id="n1",
            status=RunStatus.SUCCEEDED,
            output=Output(type="str", mime={"text/plain": WRITTEN}, size=5),
            stdout=WRITTEN,
            duration_ms=3.5,
        )
    },
)


def line(seq: int, type_: str, data: Any) -> bytes:
    return msgspec.json.encode({"seq": seq, "at": 1.0, "type": type_, "data": data}) + b"\n"


EVENTS = [
    line(1, "run_started", {"run_id": "r2", "kind": "node", "node_ids": ["n1"]}),
    line(2, "node_stream", {"run_id": "r2", "node_id": "n1", "stream": "stdout", "text": WRITTEN})
    + line(3, "run_finished", {"run_id": "r2", "status": "failed", "duration_ms": 3.0}),
]


async def use(app: Served) -> tuple[str, dict[str, str]]:
    """Do what people do; return the project's id, and the request ids of its two runs."""
    project_id = await app.make(WRITTEN)
    agent = app.agent(project_id)
    agent.answer("POST", "/runs", RESULT)
    agent.answer("PUT", "/files/content", {"name": "a", "path": "a", "kind": "file", "size": 3}, 201)
    body = {"project_id": project_id, "node_id": WRITTEN, "input_data": WRITTEN, "params": {WRITTEN: WRITTEN}}
    ran = await app.call("POST", "/api/code/execute-node", json=body)

    async def stream(_: Asked) -> Reply:
        return Reply(chunks=EVENTS, headers={"content-type": "application/x-ndjson"})

    agent.on("POST", "/runs", stream)
    headers = BEARER | {"accept": "application/x-ndjson"}
    streamed = await app.call("POST", "/api/code/execute-node", json=body, headers=headers)
    assert (ran.status, streamed.status, streamed.content) == (200, 200, b"".join(EVENTS))
    for method, path in (
        ("PUT", f"/api/project/{project_id}/files/content?path={WRITTEN}"),
        ("GET", f"/api/project/{project_id}/nodes/{WRITTEN}/code"),
        ("GET", f"/api/{WRITTEN}?{WRITTEN}={WRITTEN}"),
        ("GET", f"/login?token={TOKEN}"),
        ("POST", "/api/project/make"),
    ):
        await app.call(method, path, data=WRITTEN.encode() if method != "GET" else None)
    return project_id, {"r1": ran.headers["x-request-id"], "r2": streamed.headers["x-request-id"]}


async def test_requests_starts_and_runs_are_told_to_a_collector_with_ids_alone(tmp_path: Path):
    with collecting() as collector:
        async with served(tmp_path, otlp_endpoint=collector.url, deployment="school") as app:
            project_id, requests = await use(app)
        assert set(collector.paths) == {"/v1/traces"}
        sent = b"".join(collector.bodies)
        assert b"school" in sent
        for word in (WRITTEN, TOKEN):
            assert word.encode() not in sent
        starts = collector.named("sandbox start")
        assert [attributes(span)["aimforge.project_id"] for span in starts] == [project_id]
        steps = [span.name for span in collector.spans if span.parent_span_id == starts[0].span_id]
        assert {"queue", "container", "agent"} <= set(steps)
        runs = {attributes(span)["aimforge.run_id"]: span for span in collector.named("run")}
        assert {run: attributes(span)["aimforge.status"] for run, span in runs.items()} == {
            "r1": "succeeded",
            "r2": "failed",
        }
        served_spans = {attributes(s)["aimforge.request_id"]: s for s in collector.named("POST /api/code/execute-node")}
        for run, request_id in requests.items():
            request = served_spans[request_id]
            assert (request.kind, runs[run].trace_id, runs[run].parent_span_id) == (
                2,
                request.trace_id,
                request.span_id,
            )
            told = attributes(request)
            assert told["aimforge.project_id"] == project_id
            assert (told["http.route"], told["http.response.status_code"]) == ("/api/code/execute-node", 200)
        assert collector.named("GET /api/project/{project_id}/nodes/{node_id}/code")


async def test_a_collector_that_is_away_or_refuses_keeps_nobody_from_working(tmp_path: Path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
        async with served(tmp_path, otlp_endpoint=nowhere) as app:
            assert (await app.call("GET", "/api/me")).status == 200
    with collecting() as collector:
        collector.status = 400
        async with served(tmp_path, otlp_endpoint=collector.url) as app:
            assert (await app.call("GET", "/api/me")).status == 200
        assert collector.paths


async def test_without_an_endpoint_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with collecting() as collector:
        # What FastAPI would look at: its own traces carry queries, and so the token of local mode.
        monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
        async with served(tmp_path) as app:
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
            await use(app)
    assert collector.paths == []


def test_the_usual_variable_is_honoured_and_ours_comes_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    assert Settings().otlp_endpoint == "http://collector:4318"
    monkeypatch.setenv("AIMFORGE_OTLP_ENDPOINT", "http://ours:4318")
    assert Settings().otlp_endpoint == "http://ours:4318"


def test_a_start_without_an_endpoint_imports_neither_the_exporter_nor_what_only_paints_tracebacks():
    code = "import sys, control_plane.__main__, control_plane.app, control_plane.commands.logs; print(*sys.modules)"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True, timeout=120)
    modules = done.stdout.split()
    assert "control_plane.app" in modules
    slow = (
        "opentelemetry.sdk",
        "opentelemetry.exporter",
        "google.protobuf",
        "requests",
        "rich.",
        "aiohttp.web_runner.",
    )
    assert [name for name in modules if name.startswith(slow)] == []


async def test_log_lines_carry_request_project_and_run_and_nothing_that_people_wrote(tmp_path: Path):
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        async with served(tmp_path) as app:
            project_id, requests = await use(app)
    ended = [line for line in lines if line["event"] == "run_ended"]
    assert [(line["run_id"], line["status"], line["request_id"], line["project_id"]) for line in ended] == [
        ("r1", "succeeded", requests["r1"], project_id),
        ("r2", "failed", requests["r2"], project_id),
    ]
    answered = [line for line in lines if line["event"] == "answered"]
    assert {"route", "status", "ms", "request_id"} <= set(answered[-1])
    assert requests["r1"] in [line["request_id"] for line in answered if line.get("project_id") == project_id]
    assert [line["project_id"] for line in lines if line["event"] == "sandbox_ready"] == [project_id]
    for word in (WRITTEN, TOKEN):
        assert not [line for line in lines if word in repr(line)]


async def test_two_requests_do_not_share_ids(tmp_path: Path):
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        async with served(tmp_path) as app:
            await app.call("GET", f"/api/project/{await app.make()}/sandbox")
            me = await app.call("GET", "/api/me")
    (line_of_me,) = [line for line in lines if line.get("request_id") == me.headers["x-request-id"]]
    assert "project_id" not in line_of_me
