"""Property tests take the same examples in each run, however long a busy machine takes for one; a server that has started."""

import pytest
from hypothesis import HealthCheck, settings

from sandbox_image.agent.language.multiplexer import Multiplexer
from tests.unit.agent.language.peers import SETTINGS, Server

settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("steady")


@pytest.fixture
def mux() -> Multiplexer:
    return Multiplexer(lambda: SETTINGS)


@pytest.fixture
def server(mux: Multiplexer) -> Server:
    return Server(mux).start()
