"""A process that begins to accept in the place of agents whose porter ended with the one before it (gVisor)."""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL, GENERATION_LABEL, PROJECT_LABEL
from control_plane.adapters.docker.runtime import DockerRuntime
from control_plane.adapters.docker.spec import ContainerSettings
from control_plane.adapters.handover import Sockets
from control_plane.domain.errors import EngineUnavailable
from control_plane.ports import AgentAddress
from tests.fakes.docker_engine import RecordingEngine, inspected

ADDRESS = AgentAddress(project_id="prices", generation=3)
LABELS = {DEPLOYMENT_LABEL: "school", PROJECT_LABEL: "prices", GENERATION_LABEL: "3"}


@dataclass
class Away(RecordingEngine):
    async def call(self, method: str, path: str, **_: Any) -> Any:
        raise EngineUnavailable(f"{method} {path}: nobody is there.")


@pytest.fixture
def sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sockets:
    monkeypatch.chdir(tmp_path)
    made = Sockets(tmp_path)
    made.prepare(ADDRESS.project_id)
    return made


def engine_with(runtime: str) -> RecordingEngine:
    thing = inspected("c1", {"Labels": LABELS})
    state = thing["State"] | {"Status": "running", "Running": True}
    return RecordingEngine(things={"c1": thing | {"State": state, "HostConfig": {"Runtime": runtime}}})


def docker(engine: Engine, sockets: Sockets, runtime: str) -> DockerRuntime:
    return DockerRuntime(engine, ContainerSettings(deployment="school", image="x", runtime=runtime), sockets)


def is_heard(sockets: Sockets) -> bool:
    with socket.socket(socket.AF_UNIX) as dialled:
        return dialled.connect_ex(sockets.agent_path(ADDRESS)) == 0


async def test_agents_can_be_dialled_before_anybody_lists_them(sockets: Sockets):
    made = docker(engine_with("runsc"), sockets, "runsc")
    assert not is_heard(sockets)
    await made.accept_again()
    try:
        assert is_heard(sockets)
    finally:
        await made.close()


async def test_where_agents_accept_by_themselves_the_engine_is_not_asked(sockets: Sockets):
    engine = engine_with("runc")
    made = docker(engine, sockets, "")
    await made.accept_again()
    assert (engine.asked, is_heard(sockets)) == ([], False)
    await made.close()


async def test_an_engine_that_is_away_keeps_nothing_from_starting(sockets: Sockets):
    made = docker(Away(), sockets, "runsc")
    await made.accept_again()
    assert not is_heard(sockets)
    await made.close()
