"""``kill -9`` of each role while people work: what runs goes on, nothing that was answered is lost, nothing is left over."""

import time
from collections.abc import Collection, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL
from tests.integration.faults.load import COUNT, TYPED, Worker, at_work
from tests.integration.faults.recovery import report
from tests.integration.roles.processes import Api, Role, Stack, stack
from tests.security.deployment import docker, until

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

PROJECTS = 3
ASK_GATE = """
import http.client
def main():
    connection = http.client.HTTPConnection("127.0.0.1", 3128, timeout=30)
    try:
        connection.request("GET", "http://elsewhere.example/")
        return connection.getresponse().status
    except OSError:
        return 0
"""
REFUSED = "403"
"""What the gate answers for a host that is not on the list: that it answers at all is what counts here."""


@dataclass
class Running:
    there: Stack
    roles: dict[str, Role]
    stack: ExitStack
    deployment: str
    workers: list[Worker]
    gate: str

    @property
    def api(self) -> Api:
        return Api.at(self.roles["serve"].line)

    def kill(self, name: str) -> float:
        """End a role as a crash would, and start it anew at once; when that was, monotonic."""
        self.roles[name].kill()
        killed = time.monotonic()
        self.roles[name] = self.stack.enter_context(self.there.role(name))
        return killed

    def containers(self) -> set[str]:
        listed = docker(
            "ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={DEPLOYMENT_LABEL}={self.deployment}"
        )
        return set(listed.split())

    def generations(self) -> list[int]:
        return [self.api.call("GET", f"/api/project/{each.project_id}/sandbox")["generation"] for each in self.workers]

    def gate_answers(self) -> bool:
        return self.api.run_node(self.workers[0].project_id, self.gate) == REFUSED


@pytest.fixture(scope="module")
def running(image: str) -> Generator[Running]:
    with roles_at_work(image, AIMFORGE_PIDS="128") as made:
        yield made


@contextmanager
def roles_at_work(image: str, **settings: str) -> Generator[Running]:
    """Start the three roles, and projects with a sandbox each; all are gone afterwards."""
    deployment = f"test-kills-{time.time_ns():x}"
    with (
        stack(deployment, image, AIMFORGE_REAP_SEC="1", **settings) as there,
        ExitStack() as open_,
    ):
        open_.callback(remove, deployment)
        (there.folder / "serve").mkdir()
        (there.folder / "serve" / "welcomed").touch()
        roles = {name: open_.enter_context(there.role(name)) for name in ("launcher", "egress", "serve")}
        made = Running(there, roles, open_, deployment, [], "")
        for number in range(PROJECTS):
            id_ = made.api.call("POST", "/api/project/make", {"name": f"Project {number}"})["id"]
            made.api.call("POST", f"/api/project/{id_}/sandbox/start?wait=true")
            made.workers.append(Worker(lambda: made.api, id_, made.api.add_node(id_, COUNT)))
        made.gate = made.api.add_node(made.workers[0].project_id, ASK_GATE, "Gate")
        for worker in made.workers:
            ready(worker)
        yield made


def ready(worker: Worker) -> None:
    """The environment is there once a run succeeds."""

    def ran() -> int:
        worker.run_once()
        return worker.answered

    until(ran, "the first run")


def remove(deployment: str) -> None:
    """Remove what the roles' own end leaves on purpose: sandboxes outlive their control plane."""
    for kind, verb in (("ps", ("rm", "--force")), ("volume", ("volume", "rm", "--force"))):
        listing = ("ps", "--all") if kind == "ps" else ("volume", "ls")
        found = docker(*listing, "--quiet", "--filter", f"label={DEPLOYMENT_LABEL}={deployment}").split()
        if found:
            docker(*verb, *found)


@pytest.mark.parametrize("name", ["egress", "launcher", "serve"])
def test_a_killed_role_loses_and_leaks_nothing(running: Running, name: str):
    check_kill(running, name, TYPED if name == "serve" else ())


def check_kill(running: Running, name: str, ends: Collection[str]) -> None:
    """Kill a role while people work. ``ends``: how runs that go through it may end besides well; empty where none does."""
    containers, generations = running.containers(), running.generations()
    for worker in running.workers:
        worker.ends.clear()
        worker.asked = worker.answered = worker.broken_off = 0
    counts = [worker.counted for worker in running.workers]
    with at_work(running.workers):
        until(lambda: all(worker.answered > 2 for worker in running.workers), "people at work")
        killed = running.kill(name)
        before = [worker.answered for worker in running.workers]
        until(
            lambda: all(worker.answered > was + 2 for worker, was in zip(running.workers, before, strict=True)),
            "everybody to work again",
        )
        report(f"{name} killed under load", "everybody works again", killed)
        until(running.gate_answers, "the gate")
        report(f"{name} killed under load", "the way out works", killed)
        # The engine is reached again: a sandbox can be started.
        made = running.api.call("POST", "/api/project/make", {"name": "New"})["id"]
        running.api.call("POST", f"/api/project/{made}/sandbox/start?wait=true")
        report(f"{name} killed under load", "a new sandbox is started", killed)
        running.api.call("DELETE", f"/api/project/{made}?now=true")

    for worker, count in zip(running.workers, counts, strict=True):
        assert set(worker.ends) <= {"succeeded", *ends}, (name, worker.ends)
        if not ends:
            # What runs needs neither the engine nor the way out.
            assert worker.broken_off == 0
        # Each run that was answered is in the workspace; one that was broken off may be.
        assert worker.counted - count >= worker.answered
        assert worker.counted - count <= worker.asked
    assert running.generations() == generations
    until(lambda: running.containers() == containers, "the removal of what was deleted")
