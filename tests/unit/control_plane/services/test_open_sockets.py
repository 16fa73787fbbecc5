"""One person has only so many sockets; others are not touched by it."""

from contextlib import ExitStack

import pytest

from control_plane.domain.errors import TooMany
from control_plane.services.open_sockets import OpenSockets


async def test_one_person_has_only_so_many():
    sockets = OpenSockets(most=2)
    with ExitStack() as held:
        for project in ("a", "b"):
            held.enter_context(sockets.register("ada", project, "events"))
        with pytest.raises(TooMany, match="2 sockets"), sockets.register("ada", "c", "events"):
            pass
        with sockets.register("grace", "a", "events"):
            assert len(sockets) == 3
    with sockets.register("ada", "c", "events"):
        assert len(sockets) == 1
