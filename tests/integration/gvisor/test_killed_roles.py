"""``kill -9`` of each role while people work in sandboxes of gVisor, whose connections the launcher accepts."""

from collections.abc import Generator

import pytest

from tests.integration.faults.load import TYPED
from tests.integration.faults.own_engine import OwnEngine
from tests.integration.faults.test_kills import Running, check_kill, roles_at_work

MEMORY = str(768 * 1024 * 1024)
"""gVisor's own kernel needs its share: with 256 MiB, sandboxes run out of memory."""
pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def running(gvisor: OwnEngine, image: str) -> Generator[Running]:
    assert gvisor.runs
    settings = {"AIMFORGE_RUNTIME": "runsc", "AIMFORGE_DOCKER_HOST": gvisor.url, "AIMFORGE_MEMORY": MEMORY}
    with roles_at_work(image, **settings) as made:
        yield made


@pytest.mark.parametrize("name", ["egress", "launcher", "serve"])
def test_a_killed_role_loses_no_sandbox_and_leaks_nothing(running: Running, name: str):
    # A connection that the launcher has accepted and not passed on yet goes with it: the run on it is told as lost.
    check_kill(running, name, {"egress": (), "launcher": ("lost",), "serve": TYPED}[name])
