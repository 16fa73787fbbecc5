"""The port ``Egress`` by asking the egress role, which may end and start anew at any time: then its gates are opened again.

A role that does not answer keeps no sandbox from starting. It starts without a way out, and gets one once the role is back.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

import structlog

from control_plane.adapters.egress import protocol
from control_plane.adapters.roles.client import RoleClient
from control_plane.domain.egress import Decision, EgressPolicy, Traffic
from control_plane.domain.errors import AimforgeError
from control_plane.ports import EventSink

log = structlog.stdlib.get_logger()

CALL_TIMEOUT_SEC: Final = 15.0
READ_TIMEOUT_SEC: Final = 3.0
TELL_AGAIN_SEC: Final = 2.0
RETRY_SEC: Final = (0.2, 0.5, 1.0, 2.0, 5.0)

Prepare = Callable[[str], Awaitable[None]]
"""Has the folder made in which a project's gate is bound."""


class RemoteGates:
    """Gates of the egress role that listens at a socket."""

    def __init__(self, role: RoleClient, prepare: Prepare, sink: EventSink) -> None:
        self._role = role
        self._prepare = prepare
        self._sink = sink
        self._wanted: dict[str, EgressPolicy] = {}
        self._untold: set[str] = set()
        """Projects whose gate could not be told what is wanted of it now."""
        self._behind = asyncio.Event()
        self._turns = WeakValueDictionary[str, asyncio.Lock]()
        """One a project, while its gate is told something: what is told last must be what is wanted last."""

    async def open(self, project_id: str, policy: EgressPolicy) -> None:
        """Open the gate of a sandbox, or change what an open one lets through."""
        self._wanted[project_id] = policy
        await self._tell(project_id)

    async def close(self, project_id: str) -> None:
        """Close the gate of a sandbox that ended."""
        if self._wanted.pop(project_id, None) is not None:
            await self._tell(project_id)

    async def traffic(self) -> Mapping[str, Traffic]:
        """Return the bytes of each project. Raises ``EngineUnavailable``."""
        return await self._role.ask(protocol.ReadTraffic(), dict[str, Traffic], READ_TIMEOUT_SEC)

    async def recent(self, project_id: str) -> Sequence[Decision]:
        """Return a project's latest decisions, newest first. Raises ``EngineUnavailable``."""
        return await self._role.ask(protocol.ReadRecent(project_id), list[Decision], READ_TIMEOUT_SEC)

    async def watch(self) -> None:
        """Publish refusals, and open what should be open whenever the role is back. Ends only when cancelled."""
        failures = 0
        while True:
            try:
                async with aclosing(self._role.listen(protocol.Watch(), protocol.Denied | None)) as answers:
                    async for denied in answers:
                        failures = 0
                        if denied is not None:
                            self._sink.publish(denied.project_id, denied.event)
                            continue
                        for project_id in list(self._wanted):
                            await self._tell(project_id)
            except AimforgeError as error:
                log.warning("egress.lost", error=error.message)
            delay = RETRY_SEC[min(failures, len(RETRY_SEC) - 1)]
            failures += 1
            # A role that is gone cannot tell that it is back: all that is left is to ask again.
            await asyncio.sleep(delay)

    async def catch_up(self) -> None:
        """Tell gates again what they could not be told. Ends only when cancelled."""
        while True:
            await self._behind.wait()
            self._behind.clear()
            await asyncio.sleep(TELL_AGAIN_SEC)
            for project_id in list(self._untold):
                await self._tell(project_id)

    async def _tell(self, project_id: str) -> None:
        """Tell a gate what is wanted of it now."""
        async with self._turns.setdefault(project_id, asyncio.Lock()):
            try:
                if project_id in self._wanted:
                    await self._prepare(project_id)
                policy = self._wanted.get(project_id)
                request = protocol.Close(project_id) if policy is None else protocol.Open.of(project_id, policy)
                await self._role.ask(request, None, CALL_TIMEOUT_SEC)
            except AimforgeError as error:
                if project_id not in self._untold:
                    log.warning("egress.not_told", project_id=project_id, error=error.message)
                self._untold.add(project_id)
                self._behind.set()
            else:
                self._untold.discard(project_id)


@asynccontextmanager
async def open_remote_gates(socket_path: str, prepare: Prepare, sink: EventSink) -> AsyncGenerator[RemoteGates]:
    """Connect to an egress role, and keep its gates open while this lasts. Its gates outlive this process."""
    gates = RemoteGates(RoleClient(socket_path, "egress"), prepare, sink)
    async with asyncio.TaskGroup() as group:
        loops = [group.create_task(gates.watch()), group.create_task(gates.catch_up())]
        try:
            yield gates
        finally:
            for loop in loops:
                loop.cancel()
