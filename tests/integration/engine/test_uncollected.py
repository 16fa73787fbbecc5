"""A container that the engine cannot remove yet, in a whole deployment: its removal is asked for again, and its people see nothing."""

from collections.abc import Generator

import pytest

from tests.integration.engine.refusing_wire import RefusingWire, refusing_wire
from tests.security.deployment import Deployment, deployed

pytestmark = pytest.mark.engine

ZOMBIE = "Could not kill running container x, cannot remove - container x PID 4711 is zombie and can not be killed."


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Generator[RefusingWire]:
    with refusing_wire(tmp_path_factory.mktemp("wire") / "engine.sock") as it:
        yield it


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, image: str, wire: RefusingWire) -> Generator[Deployment]:
    with deployed(tmp_path_factory.mktemp("uncollected"), image, DOCKER_HOST=wire.url) as it:
        yield it


@pytest.fixture(scope="module")
def project(server: Deployment) -> str:
    return server.make("Uncollected")


def test_a_sandbox_whose_process_is_not_collected_yet_is_stopped(server: Deployment, project: str, wire: RefusingWire):
    assert server.works(project)
    (container,) = server.containers(project)
    wire.refuse(2, ZOMBIE)
    stopped = server.call("POST", f"/api/project/{project}/sandbox/stop")
    assert wire.refused() == [container, container]
    assert (stopped["state"], server.containers(project)) == ("stopped", [])
    assert server.works(project)


def test_another_refusal_is_told_at_once(server: Deployment, project: str, wire: RefusingWire):
    """Asked again it would have been granted."""
    assert server.works(project)
    (container,) = server.containers(project)
    wire.refuse(1, "driver failed to remove the root file system")
    told = server.refused("POST", f"/api/project/{project}/sandbox/stop", 503)
    assert "driver failed to remove" in told
    assert wire.refused() == [container]
    state = server.call("GET", f"/api/project/{project}/sandbox")
    assert (state["state"], "driver failed" in state["message"]) == ("failed", True)
    assert server.works(project), "the next start removes what was left"
    assert container not in server.containers(project)
