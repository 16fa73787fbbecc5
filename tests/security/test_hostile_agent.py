"""A sandbox whose agent is replaced by a program that lies, stalls and floods: contained, typed, and nobody else notices."""

import itertools
import shutil
import statistics
import time
import uuid
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from sandbox_image.wire.version import API_VERSION
from tests.security.deployment import Deployment, deployed, docker

pytestmark = pytest.mark.engine

MIB = 1024 * 1024
PROGRAM = Path(__file__).with_name("hostile_agent.py")
HELD_UP = 0.2
"""Of the time that something takes; it was almost all of it while large bodies were decoded between the requests of others."""
BROKEN_OFF = {"close", "cut", "huge"}
ANSWERS = ["close", "garbage", "long-head", "long-line", "redirect", "switch", "two-lengths", "both-lengths", "endless",
           "huge", "cut", "html", "wrong-shape", "deep", "no-utf8", "own-error", "bad-error"]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, image: str) -> Generator[Deployment]:
    folder = tmp_path_factory.mktemp("hostile")
    name = f"test-hostile:{uuid.uuid4().hex[:12]}"
    context = folder / "context"
    context.mkdir()
    shutil.copy(PROGRAM, context / "agent.py")
    (context / "Dockerfile").write_text(
        f'FROM {image}\nCOPY agent.py /agent.py\nCMD ["/opt/aimforge/venv/bin/python", "-I", "/agent.py", "{API_VERSION}"]\n'
    )
    docker("build", "--quiet", "--tag", name, str(context))
    try:
        with deployed(folder, name) as running:
            yield running
    finally:
        docker("rmi", "--force", name)


@pytest.fixture(scope="module")
def honest(server: Deployment) -> str:
    return server.make("Honest")


@pytest.fixture(scope="module")
def hostile(server: Deployment) -> str:
    project_id = server.call("POST", "/api/project/make", 201, json={"name": "Hostile <script>"})["id"]
    server.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")
    return project_id


@pytest.mark.parametrize("deed", ANSWERS)
def test_an_answer_that_is_not_as_agreed_is_a_typed_error(server: Deployment, honest: str, hostile: str, deed: str):
    before = server.resident()
    body = server.call("GET", f"/api/project/{hostile}/runs/{deed}", 502)
    assert set(body) == {"error", "message", "detail"}
    assert body["error"] == ("sandbox_failed" if deed in BROKEN_OFF else "sandbox_misbehaved"), body
    assert server.resident() - before < 64 * MIB
    assert server.call("GET", "/api/health")["status"] == "ok"
    assert server.works(honest)


def usual_wait(server: Deployment) -> float:
    """Seconds that somebody waits for an answer, the median."""
    waits: list[float] = []
    for _ in range(50):
        asked = time.monotonic()
        server.call("GET", "/api/health")
        waits.append(time.monotonic() - asked)
    return statistics.median(waits)


def longest_wait(server: Deployment, waiting: Future[httpx.Response]) -> float:
    """The longest that somebody else waits for an answer until then, as a part of that time."""
    began, longest = time.monotonic(), 0.0
    while not waiting.done():
        asked = time.monotonic()
        server.call("GET", "/api/health")
        longest = max(longest, time.monotonic() - asked)
    return longest / (time.monotonic() - began)


@pytest.mark.parametrize("deed", ["brackets", "objects"])
def test_an_answer_that_takes_seconds_to_read_holds_up_nobody_else(
    server: Deployment, honest: str, hostile: str, deed: str
):
    before = server.resident()
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(server.ask, "GET", f"/api/project/{hostile}/runs/{deed}") for _ in range(3)]
        assert longest_wait(server, waiting[0]) < HELD_UP
        assert server.works(honest)
        for each in waiting:
            answer = each.result()
            assert (answer.status_code, answer.json()["run_id"]) == (200, "<script>alert(1)</script>")
    assert server.resident() - before < 128 * MIB


def test_a_body_that_takes_seconds_to_read_holds_up_nobody_else(server: Deployment, honest: str):
    node = b'{"title": "x", "position": {"x": 0, "y": 0}, "settings": {"a": [%s[]]}}' % (b"[]," * 2_000_000)
    run = b'{"project_id": "%s", "node_id": "none", "params": {}, "input_data": [%s[]]}'
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.ask, "POST", f"/api/project/{honest}/nodes", content=node)
        assert longest_wait(server, waiting) < HELD_UP
        assert waiting.result().status_code in (201, 413, 422), waiting.result().text
        content = run % (honest.encode(), b"[]," * 2_000_000)
        waiting = pool.submit(server.ask, "POST", "/api/code/execute-node", content=content)
        assert waiting.result().status_code in (200, 404, 413), waiting.result().text
    assert server.works(honest)


def test_events_that_take_long_to_read_hold_up_nobody_else(server: Deployment, honest: str, hostile: str):
    before, quiet = server.resident(), usual_wait(server)
    path = f"/api/project/{hostile}/runs/bomb-events/events"
    with server.http.stream("GET", server.url + path) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_bytes()
        assert next(pieces)
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(sum, (len(piece) for piece in itertools.islice(pieces, 2000)))
            assert usual_wait(server) < 15 * quiet
            assert server.works(honest)
            answer.close()
            with suppress(httpx.StreamError, httpx.TransportError):
                reading.result()
    assert server.resident() - before < 128 * MIB


@pytest.mark.parametrize("deed", ["forged-event", "bad-event", "long-event", "garbage", "close", "html"])
def test_a_stream_of_events_is_broken_off(server: Deployment, honest: str, hostile: str, deed: str):
    before = server.resident()
    try:
        answer = server.ask("GET", f"/api/project/{hostile}/runs/{deed}/events")
        content, kind = answer.content, answer.headers["content-type"]
        assert kind.partition(";")[0] in {"application/json", "application/octet-stream", "application/x-ndjson"}
        assert answer.status_code == 502 or "attachment" in answer.headers.get("content-disposition", "")
    except httpx.RemoteProtocolError:
        content = b""
    assert b"presence" not in content
    assert server.resident() - before < 64 * MIB
    assert server.works(honest)


def test_nothing_that_it_sends_becomes_a_page_or_a_cookie(server: Deployment, hostile: str):
    answer = server.ask("GET", f"/api/project/{hostile}/files/content?path=html-file")
    assert answer.content == b"<script>alert(1)</script>"
    assert "html" not in answer.headers["content-type"]
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    answer = server.ask("GET", f"/api/project/{hostile}/runs/cookie")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert not {"set-cookie", "access-control-allow-origin"} & set(answer.headers)
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_one_that_stalls_holds_up_nobody_else(server: Deployment, honest: str, hostile: str):
    stalled = f"/api/project/{hostile}/runs/stall"
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(server.ask, "GET", stalled) for _ in range(8)]
        assert server.works(honest)
        server.call("POST", f"/api/project/{hostile}/sandbox/restart")
        assert {answer.result().status_code for answer in waiting} <= {502, 504}
    assert server.works(honest)


@pytest.mark.parametrize("path", ["terminal/{}/garbage", "terminal/{}/close", "lsp/ruff?project_id={}"])
def test_a_socket_that_it_spoils_is_closed_with_a_code(server: Deployment, honest: str, hostile: str, path: str):
    address = server.url.replace("http", "ws", 1) + "/api/" + path.format(hostile)
    headers = {"authorization": f"Bearer {server.token}"}
    with connect(address, additional_headers=headers, proxy=None, open_timeout=60) as socket:
        with suppress(ConnectionClosed):
            while True:
                socket.recv(timeout=60)
        assert socket.close_code is not None
        assert 4000 <= socket.close_code < 5000
    assert server.works(honest)
