"""Why a container ended, as the engine's events tell it."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, cast

import pytest

from control_plane.adapters.docker.ends import OUT_OF_MEMORY_NS, Ends
from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL, GENERATION_LABEL, PROJECT_LABEL
from control_plane.domain.sandbox import EndReason
from control_plane.ports import Container

START = 1_700_000_000 * 10**9


def event(action: str, after: int) -> dict[str, Any]:
    labels = {DEPLOYMENT_LABEL: "d", PROJECT_LABEL: "weather", GENERATION_LABEL: "3"}
    actor = {"ID": "c1", "Attributes": labels | {"exitCode": "137"}}
    return {"Action": action, "Actor": actor, "time": START // 10**9, "timeNano": START + after}


class Events:
    """Stands in for an engine that says these things, and then nothing more."""

    def __init__(self, *events: dict[str, Any]) -> None:
        self._events = events

    async def events(self, filters: object, since: str) -> AsyncGenerator[dict[str, Any]]:
        for each in self._events:
            yield each


async def nothing() -> Sequence[Container]:
    return []


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([event("oom", 0), event("die", 10**6)], EndReason.OUT_OF_MEMORY),
        ([event("oom", 0), event("die", OUT_OF_MEMORY_NS + 1)], EndReason.CRASHED),
        ([event("die", 0)], EndReason.CRASHED),
    ],
)
async def test_a_lack_of_memory_explains_only_an_end_soon_after_it(
    events: list[dict[str, Any]], reason: EndReason
) -> None:
    ends = Ends(cast("Engine", Events(*events)), "d", nothing)
    ended = await anext(ends.watch())
    assert (ended.project_id, ended.generation, ended.end_reason) == ("weather", 3, reason)
