"""Containers as they end, from the engine's event stream."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, Final

import structlog

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL
from control_plane.adapters.docker.reading import ended_of, is_sandbox
from control_plane.domain.errors import EngineUnavailable
from control_plane.ports import Container, ContainerState

OUT_OF_MEMORY_NS: Final = 10 * 10**9
"""A container that ends so soon after the kernel ended one of its processes for lack of memory ended of that."""
RETRY_SEC: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
log = structlog.get_logger(__name__)


class Ends:
    """Watches one deployment's containers, from the moment it is made.

    ``list_all`` finds those that ended while the engine could not be heard.
    """

    def __init__(self, engine: Engine, deployment: str, list_all: Callable[[], Awaitable[Sequence[Container]]]) -> None:
        self._engine = engine
        self._deployment = deployment
        self._list_all = list_all
        self._out_of_memory: dict[str, int] = {}
        """When the kernel last ended a process of a container for lack of memory, in nanoseconds."""
        self._since = f"{time.time():.9f}"

    async def watch(self) -> AsyncGenerator[Container]:
        """Yield each container as it ends, some perhaps twice after a reconnection. Ends only when cancelled."""
        failures = 0
        while True:
            try:
                if failures:
                    for container in await self._list_all():
                        if container.state is ContainerState.EXITED:
                            yield container
                async for container in self._listen():
                    failures = 0
                    yield container
            except EngineUnavailable as error:
                log.warning("engine.events_lost", error=str(error))
            delay = RETRY_SEC[min(failures, len(RETRY_SEC) - 1)]
            failures += 1
            # The engine cannot tell us that it is back: all that is left is to ask again.
            await asyncio.sleep(delay)

    async def _listen(self) -> AsyncGenerator[Container]:
        filters = {
            "type": ["container"],
            "event": ["die", "oom", "destroy"],
            "label": [f"{DEPLOYMENT_LABEL}={self._deployment}"],
        }
        async for event in self._engine.events(filters, self._since):
            self._since = f"{event['timeNano'] // 10**9}.{event['timeNano'] % 10**9 + 1:09d}"
            ended = self._read(event)
            if ended is not None:
                yield ended

    def _read(self, event: dict[str, Any]) -> Container | None:
        actor = event["Actor"]
        if event["Action"] == "oom":
            self._out_of_memory[actor["ID"]] = event["timeNano"]
        elif event["Action"] == "destroy":
            self._out_of_memory.pop(actor["ID"], None)
        elif is_sandbox(actor["Attributes"], self._deployment):
            # A process that was ended long ago is not why the container ends now.
            since = event["timeNano"] - self._out_of_memory.get(actor["ID"], 0)
            return ended_of(event, oom_seen=since < OUT_OF_MEMORY_NS)
        return None
