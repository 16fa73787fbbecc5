"""An engine that cannot kill a container, because its process is dead and nobody has collected it yet.

A real engine does so now and then (Docker 20.10 with runsc), and cannot be made to: only its answer is played here.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from control_plane.adapters.docker import runtime
from control_plane.adapters.docker.engine import EngineRefused
from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL, GENERATION_LABEL, PROJECT_LABEL, volume_name
from control_plane.adapters.docker.runtime import DockerRuntime
from control_plane.adapters.docker.spec import ContainerSettings
from control_plane.adapters.handover import Sockets
from control_plane.domain.errors import EngineUnavailable, SandboxFailed
from control_plane.domain.sandbox import Limits
from control_plane.ports import SandboxSpec
from tests.fakes.docker_engine import RecordingEngine, inspected

LABELS = {DEPLOYMENT_LABEL: "school", PROJECT_LABEL: "prices", GENERATION_LABEL: "1"}
SPEC = SandboxSpec(
    project_id="prices", project_name="Prices", generation=2, uid=20001, limits=Limits(), template="empty"
)
VOLUME = volume_name("school", "prices")
VOLUMES = {VOLUME: {"Name": VOLUME, "Labels": LABELS}}
ZOMBIE = (
    "Could not kill running container c1, cannot remove - container c1 PID 4711 is zombie and can not be killed. "
    "Use the --init option when creating containers to run an init inside the container"
)


@dataclass
class Refusing(RecordingEngine):
    """Refuses to stop and to remove, ``refusals`` times in all."""

    refusals: int = 0
    reason: str = ZOMBIE

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        timeout_sec: float = 60.0,
    ) -> Any:
        if (method == "DELETE" or path.endswith("/stop")) and self.refusals:
            self.refusals -= 1
            raise EngineRefused(500, self.reason)
        return await super().call(method, path, params=params, body=body, timeout_sec=timeout_sec)

    def removed(self) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.asked if asked.method != "GET"]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "UNCOLLECTED_WAITS_SEC", (0.0, 0.0, 0.0))


def running(thing: dict[str, Any]) -> dict[str, Any]:
    return thing | {"State": thing["State"] | {"Status": "running", "Running": True}}


def stopping(folder: Path, **engine: Any) -> tuple[DockerRuntime, Refusing]:
    refusing = Refusing(things={"c1": inspected("c1", {"Labels": LABELS})}, **engine)
    return DockerRuntime(refusing, ContainerSettings(deployment="school", image="x"), Sockets(folder)), refusing


async def test_a_removal_is_asked_for_again_until_the_process_is_collected(tmp_path: Path) -> None:
    docker, engine = stopping(tmp_path, refusals=3)
    await docker.stop("c1")
    assert engine.removed() == ["DELETE containers/c1", "POST containers/c1/wait"]


async def test_a_stop_that_is_refused_so_goes_on_to_the_removal(tmp_path: Path) -> None:
    docker, engine = stopping(tmp_path, refusals=2)
    engine.things["c1"] = running(engine.things["c1"])
    await docker.stop("c1")
    assert engine.removed() == ["DELETE containers/c1", "POST containers/c1/wait"]


async def test_a_process_that_nobody_collects_is_told_of(tmp_path: Path) -> None:
    docker, engine = stopping(tmp_path, refusals=4)
    with pytest.raises(EngineUnavailable, match="was not collected") as caught:
        await docker.stop("c1")
    assert caught.value.detail == {"container": "c1"}
    await docker.stop("c1")
    assert engine.removed() == ["DELETE containers/c1", "POST containers/c1/wait"]


async def test_another_refusal_is_not_repeated(tmp_path: Path) -> None:
    docker, engine = stopping(tmp_path, refusals=2, reason="driver failed")
    with pytest.raises(EngineRefused, match="driver failed"):
        await docker.stop("c1")
    assert engine.refusals == 1


async def test_a_failed_start_is_told_of_although_its_container_cannot_be_removed(tmp_path: Path) -> None:
    refusing = Refusing(refusals=1, reason="driver failed", volumes=dict(VOLUMES))
    docker = DockerRuntime(refusing, ContainerSettings(deployment="school", image="x"), Sockets(tmp_path))
    with pytest.raises(SandboxFailed, match="agent ended with code 0"):
        await docker.start(SPEC)
    assert refusing.refusals == 0
    left = len(refusing.asked)
    with pytest.raises(SandboxFailed, match="agent ended with code 0"):
        await docker.start(replace(SPEC, generation=3))
    first = next(iter(refusing.things))
    assert f"DELETE containers/{first}" in [f"{asked.method} {asked.path}" for asked in refusing.asked[left:]]


async def test_a_start_that_is_called_off_stays_called_off_although_its_container_cannot_be_removed(
    tmp_path: Path,
) -> None:
    class Hanging(Refusing):
        async def call(self, method: str, path: str, **more: Any) -> Any:
            if path.endswith("/start"):
                begun.set()
                await asyncio.Event().wait()
            return await super().call(method, path, **more)

    begun, refusing = asyncio.Event(), Hanging(refusals=1, reason="driver failed", volumes=dict(VOLUMES))
    docker = DockerRuntime(refusing, ContainerSettings(deployment="school", image="x"), Sockets(tmp_path))
    starting = asyncio.create_task(docker.start(SPEC))
    await begun.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert refusing.refusals == 0
