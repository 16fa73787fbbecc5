"""A run's time limit counts the time in which its sandbox is awake: what the engine's pause takes is nobody's fault."""

import threading
import time
import uuid
from typing import Any

import pytest

from tests.security.deployment import Deployment, docker, until

pytestmark = pytest.mark.engine

LIMIT_SEC = 12.0
SHORT_LIMIT_SEC = 4.0
PAUSE_SEC = LIMIT_SEC + 4
WAIT = """
import pathlib, time
def main():
    pathlib.Path("/workspace/{name}.begun").touch()
    while not pathlib.Path("/workspace/{name}.go").exists():
        time.sleep(0.05)
    return {{"went": "on"}}
"""


class Waiting:
    """A run that goes on until it is told, or until its limit ends it."""

    def __init__(self, server: Deployment, project: str, name: str, limit_sec: float) -> None:
        self._server = server
        name = f"{name}-{uuid.uuid4().hex[:8]}"
        self._content = f"/api/project/{project}/files/content?path={name}"
        node = server.node(project, WAIT.format(name=name))
        self._results: list[dict[str, Any]] = []
        self._thread = threading.Thread(
            target=lambda: self._results.append(server.run_node(project, node, timeout_sec=limit_sec))
        )
        self._thread.start()

    def has_begun(self) -> bool:
        return self._server.ask("GET", f"{self._content}.begun").status_code == 200

    def go_on(self) -> None:
        self._server.call("PUT", f"{self._content}.go", 201, content=b"")

    def result(self) -> dict[str, Any]:
        self._thread.join(120)
        (result,) = self._results
        return result


def test_a_pause_uses_up_no_time_limit_and_the_limit_holds_after_it(server: Deployment, project: str):
    assert server.works(project)
    limit = Waiting(server, project, "limited", SHORT_LIMIT_SEC)
    assert limit.result()["status"] == "timed_out"  # the control: nothing else lets such a run go on

    patient, endless = (Waiting(server, project, name, LIMIT_SEC) for name in ("patient", "endless"))
    for run in (patient, endless):
        until(run.has_begun, "the run")
    (container,) = server.containers(project)
    docker("pause", container)
    try:
        time.sleep(PAUSE_SEC)  # longer than the limit, which is what this is about
    finally:
        docker("unpause", container)
    patient.go_on()
    result = patient.result()
    assert (result["status"], result["error"]) == ("succeeded", None)
    assert endless.result()["status"] == "timed_out"
    assert server.works(project)
