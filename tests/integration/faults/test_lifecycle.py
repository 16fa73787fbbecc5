"""Ends from outside: of a container, of the control plane. Sockets learn why, nothing is lost, nothing leaks."""

import json
import threading
from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from sandbox_image.wire.closing import CloseCode
from sandbox_image.wire.terminals import INPUT, OUTPUT, OUTPUT_HEADER
from tests.security.deployment import Deployment, deployed, docker, until

pytestmark = pytest.mark.engine

WAIT = """
import pathlib, time
def main():
    pathlib.Path("/workspace/{name}.begun").touch()
    while not pathlib.Path("/workspace/{name}.go").exists():
        time.sleep(0.05)
    return {{"went": True}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, image: str) -> Generator[Deployment]:
    """A deployment of its own: its server is killed, and its sandboxes rest as soon as nobody uses them."""
    with deployed(
        tmp_path_factory.mktemp("lifecycle"), image, IDLE_PAUSE_SEC="1", REAP_SEC="0.2", COUNTDOWN_SEC="0"
    ) as it:
        yield it


@pytest.fixture(scope="module")
def project(server: Deployment) -> str:
    return server.make("Lasting")


@pytest.fixture(autouse=True)
def awake(server: Deployment, project: str) -> None:
    """A test that is about something else must not be slower than the rest comes."""
    server.call("POST", f"/api/project/{project}/sandbox/keep-awake", json={"seconds": 3600})


def open_socket(server: Deployment, path: str) -> ClientConnection:
    headers = {"authorization": f"Bearer {server.token}"}
    return connect(server.url.replace("http", "ws", 1) + path, additional_headers=headers, proxy=None, open_timeout=60)


def open_terminal(server: Deployment, project: str) -> tuple[str, ClientConnection]:
    terminal = server.call("POST", f"/api/project/{project}/terminals", 201, json={})["id"]
    return terminal, open_socket(server, f"/api/terminal/{project}/{terminal}?from=0")


def type_and_read(socket: ClientConnection, number: int) -> None:
    """Type a command and wait for what only its execution prints."""
    socket.send(bytes([INPUT]) + f"echo $(({number} + 1))\r".encode())
    seen = b""
    while str(number + 1).encode() not in seen:
        frame = socket.recv(timeout=60)
        if isinstance(frame, bytes) and frame[0] == OUTPUT:
            seen += frame[OUTPUT_HEADER.size :]


def closed_with(socket: ClientConnection) -> int | None:
    try:
        while True:
            socket.recv(timeout=60)
    except ConnectionClosed:
        return socket.close_code


def sandbox_events(socket: ClientConnection, wanted: str) -> dict[str, Any]:
    """Wait until the event stream tells that the sandbox is in a state."""
    while True:
        frame = json.loads(socket.recv(timeout=60))
        for event in frame if isinstance(frame, list) else []:
            if event["type"] == "sandbox" and event["data"]["state"] == wanted:
                return event["data"]


def test_a_killed_container_is_told_on_its_sockets_and_starts_again(server: Deployment, project: str):
    assert server.works(project)
    before = server.call("GET", f"/api/project/{project}/sandbox")["generation"]
    _, terminal = open_terminal(server, project)
    with terminal, open_socket(server, f"/api/project/{project}/events") as events:
        type_and_read(terminal, 41_000)
        (container,) = server.containers(project)
        docker("kill", container)
        assert closed_with(terminal) == CloseCode.SANDBOX_CRASHED
        assert sandbox_events(events, "failed")["reason"] == "crashed"
        assert server.works(project)
        sandbox_events(events, "ready")
    assert server.call("GET", f"/api/project/{project}/sandbox")["generation"] > before
    assert len(server.containers(project)) == 1


def run_until(server: Deployment, project: str, name: str, end: Callable[[], Any], source: str = "") -> dict[str, Any]:
    """Begin a run that does not end by itself, end it, and return its result."""
    node = server.node(project, source or WAIT.format(name=name))
    results: list[dict[str, Any]] = []
    running = threading.Thread(target=lambda: results.append(server.run_node(project, node)))
    running.start()
    begun = f"/api/project/{project}/files/content?path={name}.begun"
    until(lambda: server.ask("GET", begun).status_code == 200, "the run")
    end()
    running.join(60)
    return results[0]


def test_a_run_whose_container_is_killed_is_lost(server: Deployment, project: str):
    lost = run_until(server, project, "lost", lambda: docker("kill", *server.containers(project)))
    assert (lost["status"], lost["error"]["type"]) == ("lost", "SandboxLost")
    assert server.works(project)


def test_a_run_whose_sandbox_is_stopped_says_by_whom(server: Deployment, project: str):
    stop = f"/api/project/{project}/sandbox/stop"
    ended = run_until(server, project, "by_us", lambda: server.call("POST", stop))
    assert (ended["status"], ended["error"]["type"]) == ("lost", "SandboxStopped")
    assert "by somebody who works in it" in ended["error"]["message"]
    kept = server.call("GET", f"/api/project/{project}/runs/{ended['run_id']}")
    assert (kept["status"], kept["error"]["type"]) == ("lost", "SandboxStopped")

    # What the control plane did not ask for, the agent says by itself.
    ended = run_until(server, project, "outside", lambda: docker("stop", *server.containers(project)))
    assert (ended["status"], ended["error"]["type"]) == ("lost", "SandboxStopped")
    assert ended["error"]["message"] == "The sandbox was stopped during this run."
    assert server.works(project)


HALTS_ITS_ZYGOTE = """
import os, signal, time
def main():
    print("so far", flush=True)
    os.kill(os.getppid(), signal.SIGSTOP)
    time.sleep(600)
"""


def stream_until(server: Deployment, project: str, source: str, end: Callable[[], Any]) -> list[dict[str, Any]]:
    """Stream the events of a run that does not end by itself, end it once it printed, and return all of them."""
    wanted = {"project_id": project, "node_id": server.node(project, source), "use_cache": False}
    events: list[dict[str, Any]] = []
    with server.http.stream(
        "POST", f"{server.url}/api/code/execute-node", json=wanted, headers={"accept": "application/x-ndjson"}
    ) as stream:
        ending = threading.Thread(target=end)
        for line in stream.iter_lines():
            events.append(json.loads(line))
            if events[-1]["type"] == "node_stream":
                ending.start()
    ending.join(60)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    return events


def test_a_run_that_cannot_end_in_time_is_lost_with_what_it_printed(server: Deployment, project: str):
    """Nobody tells its agent that its process has ended, and so it is not waited for."""
    stop = f"/api/project/{project}/sandbox/stop"
    events = stream_until(server, project, HALTS_ITS_ZYGOTE, lambda: server.call("POST", stop))
    node, end = events[-2:]
    result = node["data"]["result"]
    assert (result["status"], result["error"]["type"], result["stdout"]) == ("lost", "SandboxStopped", "so far\n")
    assert (end["type"], end["data"]["status"]) == ("run_finished", "lost")
    for sentence in (result["error"]["message"], end["data"]["error"]):
        assert "by somebody who works in it" in sentence
    kept = server.call("GET", f"/api/project/{project}/runs/{end['data']['run_id']}")
    assert (kept["status"], [node["stdout"] for node in kept["nodes"].values()]) == ("lost", ["so far\n"])

    waits = HALTS_ITS_ZYGOTE.replace("os.kill(", 'open("/workspace/halts.begun", "w").close()\n    os.kill(')
    ended = run_until(server, project, "halts", lambda: server.call("POST", stop), waits)
    assert (ended["status"], ended["error"]["type"]) == ("lost", "SandboxStopped")
    assert (bool(ended["run_id"]), ended["stdout"]) == (True, "so far\n")
    assert server.works(project)


def test_a_streamed_run_whose_container_is_killed_says_so_at_its_end(server: Deployment, project: str):
    source = 'import time\ndef main():\n    print("so far", flush=True)\n    time.sleep(600)\n'
    events = stream_until(server, project, source, lambda: docker("kill", *server.containers(project)))
    node, end = events[-2:]
    assert (node["data"]["result"]["status"], node["data"]["result"]["error"]["type"]) == ("lost", "SandboxLost")
    assert (end["type"], end["data"]["status"]) == ("run_finished", "lost")
    assert end["data"]["run_id"] == events[0]["data"]["run_id"]
    assert server.works(project)


def test_a_sleeping_sandbox_wakes_for_an_open_terminal(server: Deployment, project: str):
    _, terminal = open_terminal(server, project)
    state = f"/api/project/{project}/sandbox"
    server.call("POST", f"{state}/keep-awake", json={"seconds": 0})
    with terminal:
        type_and_read(terminal, 42_000)
        for number in (43_000, 44_000):
            until(lambda: server.call("GET", state)["state"] == "paused", "the pause")
            type_and_read(terminal, number)


STREAM = """
import http.server, time
class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b".")
            time.sleep(0.2)
http.server.ThreadingHTTPServer(("127.0.0.1", 8124), Slow).serve_forever()
"""


@pytest.mark.timeout(400)
def test_a_preview_that_somebody_watches_keeps_its_sandbox_awake(server: Deployment, project: str):
    """Nothing but the stream does: its server is no program of a terminal, and no run."""
    server.call("POST", f"/api/project/{project}/sandbox/start?wait=true")
    (container,) = server.containers(project)
    docker("exec", "-i", container, "sh", "-c", "cat > /tmp/stream.py", data=STREAM.encode())
    docker("exec", "-d", container, "python3", "/tmp/stream.py")
    ports = f"/api/project/{project}/ports"
    until(lambda: 8124 in [port["port"] for port in server.call("GET", ports)], "the server in the sandbox")
    entry = httpx.URL(server.call("GET", f"/api/project/{project}/preview/8124")["url"])
    idle = server.make("Idle")
    with httpx.Client(headers={"host": entry.netloc.decode()}, timeout=60, trust_env=False) as page:
        entered = page.get(server.url + entry.raw_path.decode())
        cookie = {"cookie": entered.headers["set-cookie"].partition(";")[0]}
        with page.stream("GET", server.url + entered.headers["location"], headers=cookie) as shown:
            pieces = shown.iter_raw(1)
            assert next(pieces) == b"."
            for one in (idle, project):
                server.call("POST", f"/api/project/{one}/sandbox/keep-awake", json={"seconds": 0})
            until(
                lambda: server.call("GET", f"/api/project/{idle}/sandbox")["state"] == "paused", "the idle one's pause"
            )
            # Its agent is asked only once the sandbox would be paused otherwise.
            state = f"/api/project/{project}/sandbox"
            until(lambda: server.call("GET", state)["busy"] == ["port 8124 in use"], "the look at what keeps it awake")
            assert server.call("GET", state)["state"] == "ready"
            assert next(pieces) == b"."


def test_a_killed_control_plane_loses_and_leaks_nothing(server: Deployment, project: str):
    node = server.node(project, WAIT.format(name="kept"))
    name, terminal = open_terminal(server, project)
    type_and_read(terminal, 45_000)
    wanted = {"project_id": project, "node_id": node, "timeout_sec": 120, "use_cache": False}
    with server.http.stream(
        "POST", f"{server.url}/api/code/execute-node", json=wanted, headers={"accept": "application/x-ndjson"}
    ) as stream:
        started = next(json.loads(line) for line in stream.iter_lines() if line)
        run = f"/api/project/{project}/runs/{started['data']['run_id']}"
        begun = f"/api/project/{project}/files/content?path=kept.begun"
        until(lambda: server.ask("GET", begun).status_code == 200, "the run")
        containers = server.containers()
        before = server.call("GET", f"/api/project/{project}/sandbox")["generation"]
        server.kill()
        server.start()
    closed_with(terminal)
    assert server.containers() == containers, "sandboxes outlive the control plane"

    assert server.call("GET", run)["status"] == "running"
    server.call("PUT", f"/api/project/{project}/files/content?path=kept.go", 201, content=b"")
    ended = until(lambda: (got := server.call("GET", run))["status"] != "running" and got, "the run's end")
    assert ended["status"] == "succeeded", ended
    assert ended["nodes"][node]["output"]["mime"]["application/json"] == {"went": True}
    again = server.call("GET", f"/api/project/{project}/sandbox")
    assert again["generation"] == before
    with (
        open_socket(server, f"/api/terminal/{project}/{name}?from=0") as terminal,
        open_socket(server, f"/api/project/{project}/events") as events,
    ):
        assert set(json.loads(events.recv(timeout=60))) >= {"epoch", "seq"}
        type_and_read(terminal, 46_000)
    assert server.works(project)
    assert server.containers() == containers


def test_a_container_that_nobody_knows_is_not_taken_for_ours(server: Deployment, project: str):
    """Someone else's container, of the same image and without our label, is left alone by a start, a stop, a restart."""
    image = server.inspect(server.containers(project)[0])["Image"]
    stranger = docker("run", "--detach", "--network", "none", image, "sleep", "600").strip()
    try:
        server.call("POST", f"/api/project/{project}/sandbox/restart")
        server.call("POST", f"/api/project/{project}/sandbox/stop")
        assert server.containers(project) == []
        assert server.inspect(stranger)["State"]["Running"]
        assert server.works(project)
    finally:
        docker("rm", "--force", stranger)
