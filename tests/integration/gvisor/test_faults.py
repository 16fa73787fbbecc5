"""What the tests of faults say of ordinary containers, of gVisor's: ends from outside and from inside, rest, a killed server."""

import pytest

from tests.integration.faults import test_runs
from tests.integration.faults.test_lifecycle import (
    test_a_killed_container_is_told_on_its_sockets_and_starts_again,
    test_a_killed_control_plane_loses_and_leaks_nothing,
    test_a_run_whose_container_is_killed_is_lost,
    test_a_sleeping_sandbox_wakes_for_an_open_terminal,
)
from tests.integration.faults.test_runs import (
    ENDS,
    test_a_memory_bomb_is_told_as_such,
    test_an_endless_loop_is_timed_out,
)
from tests.security.deployment import Deployment, until

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

__all__ = [
    "test_a_killed_container_is_told_on_its_sockets_and_starts_again",
    "test_a_killed_control_plane_loses_and_leaks_nothing",
    "test_a_memory_bomb_is_told_as_such",
    "test_a_run_whose_container_is_killed_is_lost",
    "test_a_sleeping_sandbox_wakes_for_an_open_terminal",
    "test_an_endless_loop_is_timed_out",
]
FORKS = "forks"
OTHERS = [end for end in ENDS if end[0] != FORKS]


@pytest.mark.parametrize(("what", "source", "kind"), OTHERS, ids=[end[0] for end in OTHERS])
def test_each_end_is_typed_and_the_next_run_works(server: Deployment, project: str, what: str, source: str, kind: str):
    test_runs.test_each_end_is_typed_and_the_next_run_works(server, project, what, source, kind)


def test_a_fork_bomb_ends_its_sandbox_and_the_next_run_works(server: Deployment, project: str):
    """The limit of processes is that of gVisor's own kernel as well, which does not survive reaching it."""
    (bomb,) = [source for what, source, _ in ENDS if what == FORKS]
    result = server.run(project, bomb)
    assert result["status"] in {"lost", "failed"}, result
    assert result["error"]["type"] in {"SandboxLost", "TooManyProcesses"}, result
    until(lambda: server.works(project), "a run that works")
