"""An engine of the tests' own that knows gVisor's runtime, and a deployment whose sandboxes it runs."""

import os
import shutil
from collections.abc import Generator

import pytest

from tests.integration.faults.own_engine import OwnEngine, own_engine
from tests.security.deployment import Deployment, deployed

RUNSC = shutil.which("runsc")
ARGUMENTS = ["--network=none", "--host-uds=open"]
"""As docs/operations.md says."""
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def gvisor(image: str) -> Generator[OwnEngine]:
    """The engine; what tests ask by ``docker`` goes there as well, and only as long as this module runs."""
    if RUNSC is None:
        pytest.skip("gVisor is not installed (Debian: apt-get install runsc)")
    if os.geteuid() != 0:
        pytest.skip("an engine of the tests' own needs root")
    with (
        own_engine(image, {"runsc": {"path": RUNSC, "runtimeArgs": ARGUMENTS}}) as engine,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("DOCKER_HOST", engine.url)
        yield engine


@pytest.fixture(scope="module")
def server(gvisor: OwnEngine, image: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Deployment]:
    with deployed(
        tmp_path_factory.mktemp("gvisor"),
        image,
        RUNTIME="runsc",
        DOCKER_HOST=gvisor.url,
        MEMORY=str(768 * MIB),
        IDLE_PAUSE_SEC="1",
        REAP_SEC="0.2",
        COUNTDOWN_SEC="0",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def project(server: Deployment) -> str:
    return server.make("Guarded")


@pytest.fixture(autouse=True)
def awake(server: Deployment, project: str) -> None:
    """A test that is not about rest must not be slower than rest comes."""
    server.call("POST", f"/api/project/{project}/sandbox/keep-awake", json={"seconds": 3600})
