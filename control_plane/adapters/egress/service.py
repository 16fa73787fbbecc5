"""The egress role itself: holds the proxy, and does what the api asks of its gates."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from control_plane.adapters.egress import protocol
from control_plane.adapters.egress.gates import EgressPaths
from control_plane.adapters.egress.proxy import EgressProxy
from control_plane.domain.egress import EgressPolicy
from control_plane.domain.errors import EngineUnavailable
from sandbox_image.wire.events import EgressDenied

log = structlog.stdlib.get_logger()

MAX_TOLD: Final = 256
"""Refusals that may wait for a watcher; further ones are logged here and not told."""


class Refusals:
    """Passes refusals on to whoever watches. Fulfils ``ports.EventSink``."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[protocol.Denied]] = set()

    def publish(self, project_id: str, data: Any) -> None:
        """Tell all watchers; one that lags misses some."""
        if not isinstance(data, EgressDenied):
            return
        for queue in self._watchers:
            if not queue.full():
                queue.put_nowait(protocol.Denied(project_id, data))

    async def watch(self) -> AsyncGenerator[protocol.Denied | None]:
        """Yield None once refusals are kept for this watcher, then each."""
        queue: asyncio.Queue[protocol.Denied] = asyncio.Queue(MAX_TOLD)
        self._watchers.add(queue)
        try:
            yield None
            while True:
                yield await queue.get()
        finally:
            self._watchers.discard(queue)


class EgressService:
    """Answers requests to the egress role."""

    def __init__(self, proxy: EgressProxy, paths: EgressPaths, refusals: Refusals) -> None:
        self._proxy = proxy
        self._paths = paths
        self._refusals = refusals

    async def serve(self, data: bytes) -> AsyncGenerator[Any]:
        """Yield the answers to a request. Raises ``EngineUnavailable``, ``Invalid``, and ``MsgspecError`` for no request."""
        match msgspec.json.decode(data, type=protocol.Request):
            case protocol.Open() as wanted:
                yield await self._open(wanted.project_id, wanted.policy())
            case protocol.Close(project_id):
                yield await self._proxy.close(project_id)
            case protocol.ReadTraffic():
                yield self._proxy.ledger.traffic()
            case protocol.ReadRecent(project_id):
                yield self._proxy.ledger.recent(project_id)
            case protocol.Watch():
                async for told in self._refusals.watch():
                    yield told

    async def _open(self, project_id: str, policy: EgressPolicy) -> None:
        path = Path(self._paths.egress_path(project_id))
        if self._proxy.is_open(project_id, path):
            self._proxy.set_policy(project_id, policy)
            return
        try:
            await self._proxy.open(project_id, path, policy)
        except OSError as error:
            raise EngineUnavailable(f"The gate of {project_id} cannot be opened: {error}.") from error
        log.info("egress.gate_opened", project_id=project_id, hosts=len(policy.hosts))
