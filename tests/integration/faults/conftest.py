"""One deployment with small sandboxes for all tests of faults."""

from collections.abc import Generator

import pytest

from tests.security.deployment import Deployment, deployed

MIB = 1024 * 1024


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, image: str) -> Generator[Deployment]:
    folder = tmp_path_factory.mktemp("faults")
    with deployed(folder, image, MEMORY=str(512 * MIB), PIDS="128", TMP=str(16 * MIB), CPUS="2") as running:
        yield running


@pytest.fixture(scope="session")
def project(server: Deployment) -> str:
    return server.make("Faulty")
