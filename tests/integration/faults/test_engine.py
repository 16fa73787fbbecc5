"""The engine goes away and comes back, its disk fills up: what runs goes on where it can, and nothing is lost."""

import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL
from tests.integration.faults.own_engine import OwnEngine, own_engine
from tests.integration.faults.recovery import report
from tests.security.deployment import Deployment, deployed, until

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

MIB = 1024 * 1024
WAIT = """
import pathlib, time
def main():
    pathlib.Path("/workspace/{name}.begun").touch()
    while not pathlib.Path("/workspace/{name}.go").exists():
        time.sleep(0.05)
    return {{"went": True}}
"""
FILL = """
def main():
    with open("/workspace/fill", "wb") as file:
        file.write(bytes(2**22))
"""


NODE = {"title": "One more", "position": {"x": 0, "y": 0}}


@pytest.fixture(scope="module")
def own(image: str) -> Generator[OwnEngine]:
    with own_engine(image) as engine:
        yield engine


@pytest.fixture(scope="module")
def server(own: OwnEngine, image: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Deployment]:
    folder = tmp_path_factory.mktemp("engine")
    with deployed(folder, image, DOCKER_HOST=own.url, MEMORY=str(256 * MIB), PIDS="128") as running:
        yield running


@pytest.fixture(scope="module")
def project(server: Deployment) -> str:
    return server.make("Lasting")


@pytest.fixture(scope="module")
def other(server: Deployment) -> str:
    """A project that is stopped, to be started when the engine is not well."""
    project_id = server.make("Other")
    server.call("POST", f"/api/project/{project_id}/sandbox/stop")
    return project_id


@pytest.fixture(autouse=True)
def running_again(own: OwnEngine) -> Generator[None]:
    """A test that fails half way leaves the next one an engine that runs, with room."""
    yield
    if not own.runs:
        own.start()


def containers(own: OwnEngine, server: Deployment) -> list[str]:
    filters = f"label={DEPLOYMENT_LABEL}={server.label}"
    return own.docker("ps", "--all", "--quiet", "--no-trunc", "--filter", filters).split()


def state(server: Deployment, project: str) -> dict[str, Any]:
    return server.call("GET", f"/api/project/{project}/sandbox")


def health(server: Deployment) -> dict[str, Any]:
    return server.call("GET", "/api/health")


def begin_run(server: Deployment, project: str, name: str) -> Callable[[], dict[str, Any]]:
    """Begin a run that ends when its file is there; returns what waits for its result."""
    node = server.node(project, WAIT.format(name=name))
    results: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: results.append(server.run_node(project, node, timeout_sec=120)))
    thread.start()
    begun = f"/api/project/{project}/files/content?path={name}.begun"
    until(lambda: server.ask("GET", begun).status_code == 200, "the run")

    def result() -> dict[str, Any]:
        thread.join(120)
        return results[0]

    return result


def starts(server: Deployment, project: str) -> bool:
    return server.ask("POST", f"/api/project/{project}/sandbox/start?wait=true").status_code == 200


def test_a_restart_that_ends_all_containers_loses_runs_and_no_files(
    own: OwnEngine, server: Deployment, project: str, other: str
):
    """Without live-restore, as most engines are: the containers end with it."""
    own.stop()
    own.live_restore = False
    own.start()
    until(lambda: starts(server, project), "a start")
    result = begin_run(server, project, "lost")
    before = state(server, project)["generation"]

    own.stop()
    ended = result()
    assert (ended["status"], ended["error"]["type"]) == ("lost", "SandboxStopped"), ended
    assert "unavailable" in server.refused("POST", f"/api/project/{other}/sandbox/start?wait=true", 503)
    until(lambda: health(server)["reason"] == "engine_unavailable", "the server's notice")
    time.sleep(1)
    own.start()
    back = time.monotonic()
    until(lambda: health(server)["status"] == "ok", "the server's notice")
    report("engine restarted, containers ended", "health tells", back)
    until(lambda: server.works(project), "a run that works")
    report("engine restarted, containers ended", "first run", back)
    assert state(server, project)["generation"] > before
    kept = f"/api/project/{project}/files/content?path=lost.begun"
    assert server.ask("GET", kept).status_code == 200
    until(lambda: starts(server, other), "the other's start")
    server.call("POST", f"/api/project/{other}/sandbox/stop")
    until(lambda: len(containers(own, server)) == 1, "the removal of what ended")


def test_a_killed_engine_with_live_restore_loses_nothing_at_all(
    own: OwnEngine, server: Deployment, project: str, other: str
):
    own.stop()
    own.live_restore = True
    own.start()
    until(lambda: server.works(project), "a run that works")
    result = begin_run(server, project, "kept")
    before, ours = state(server, project)["generation"], containers(own, server)

    own.kill()
    # What runs needs no engine: neither the relay nor the agent asks it.
    assert server.works(project)
    assert "unavailable" in server.refused("POST", f"/api/project/{other}/sandbox/start?wait=true", 503)
    assert "unavailable" in server.refused("POST", f"/api/project/{project}/sandbox/restart", 503)
    until(lambda: health(server)["reason"] == "engine_unavailable", "the server's notice")
    own.start()
    back = time.monotonic()
    until(lambda: health(server)["status"] == "ok", "the server's notice")
    report("engine killed, live-restore", "health tells", back)
    until(lambda: starts(server, other), "the other's start")
    report("engine killed, live-restore", "first start of another sandbox", back)

    server.call("PUT", f"/api/project/{project}/files/content?path=kept.go", 201, content=b"")
    ended = result()
    assert (ended["status"], ended["output"]["mime"]["application/json"]) == ("succeeded", {"went": True})
    assert state(server, project)["generation"] == before
    assert set(ours) < set(containers(own, server))
    server.call("POST", f"/api/project/{other}/sandbox/stop")
    assert containers(own, server) == ours


def test_a_full_disk_of_the_engine_is_told_and_what_runs_goes_on(
    own: OwnEngine, server: Deployment, project: str, other: str
):
    until(lambda: server.works(project), "a run that works")
    filling, small = server.node(project, FILL), server.node(project, "def main():\n    return {'runs': True}\n")
    own.disk.fill()
    try:
        full = server.run_node(project, filling)
        assert (full["status"], full["error"]["type"]) == ("failed", "DiskFull"), full
        assert "disk_full" in server.refused("POST", f"/api/project/{project}/nodes", 507, json=NODE)
        assert server.run_node(project, small)["status"] == "succeeded"
        answer = server.ask("POST", f"/api/project/{other}/sandbox/start?wait=true")
        assert (answer.status_code, answer.json()["detail"]["reason"]) == (502, "disk_full"), answer.text
        assert state(server, other)["reason"] == "disk_full"
    finally:
        own.disk.free()
    back = time.monotonic()
    until(lambda: starts(server, other), "the other's start")
    report("engine's disk full", "first start once there is room", back)
    until(lambda: server.works(other), "a run that works")
    assert server.works(project)
    server.call("POST", f"/api/project/{other}/sandbox/stop")
    until(lambda: len(containers(own, server)) == 1, "the removal of what could not start")
