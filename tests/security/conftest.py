"""One deployment with two sandboxes for all security tests."""

from collections.abc import Generator
from dataclasses import dataclass

import pytest

from tests.security.deployment import Deployment, deployed


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, image: str) -> Generator[Deployment]:
    with deployed(tmp_path_factory.mktemp("security"), image) as running:
        yield running


@dataclass(frozen=True)
class Neighbours:
    """Two projects of one deployment."""

    mine: str
    other: str


@pytest.fixture(scope="session")
def neighbours(server: Deployment) -> Neighbours:
    return Neighbours(mine=server.make("Mine"), other=server.make("Other"))
