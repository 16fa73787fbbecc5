"""The sandboxes of this deployment: a registry in memory in front of durable rows.

``ensure_ready`` is on the way of every request to an agent. For a sandbox that is ready it reads one attribute: no lock,
no database, no engine. Everything else is a *flight*: one operation at a time for each sandbox, in a task that this
service owns, so that a caller who goes away ends nothing and those who come meanwhile wait for the same flight.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Final, Self

import structlog

from control_plane.domain.access import no_such_project
from control_plane.domain.errors import AimforgeError, SandboxFailed
from control_plane.domain.limits import check_limits
from control_plane.domain.sandbox import EndReason, Limits, SandboxRecord, SandboxState
from control_plane.ports import (
    AgentAddress,
    AgentLink,
    Clock,
    Container,
    Egress,
    EventSink,
    HostMemory,
    SandboxRuntime,
    SandboxStore,
)
from control_plane.services.sandboxes.grants import Grants
from control_plane.services.sandboxes.life_policy import LifePolicy
from control_plane.services.sandboxes.owners_share import OwnersShare
from control_plane.services.sandboxes.sandbox_entry import Flight, FlightKind, SandboxEntry
from control_plane.services.sandboxes.sandbox_moves import SandboxMoves
from control_plane.services.sandboxes.start_queue import StartQueue
from sandbox_image.wire import events

Work = Callable[[], Coroutine[None, None, None]]
log = structlog.stdlib.get_logger()

HOLDS_MEMORY: Final = frozenset(
    {
        SandboxState.READY,
        SandboxState.PAUSING,
        SandboxState.PAUSED,
        SandboxState.RESUMING,
        SandboxState.STOPPING,
    }
)
"""States that count against ``max_running``; those that start are counted by the queue."""


class Sandboxes:
    """All sandboxes. Use as an async context manager: leaving it ends the flights, not the sandboxes."""

    def __init__(
        self,
        runtime: SandboxRuntime,
        link: AgentLink,
        egress: Egress,
        store: SandboxStore,
        sink: EventSink,
        clock: Clock,
        policy: LifePolicy,
        name_of: Callable[[str], str],
        grants: Grants,
        memory: HostMemory | None = None,
    ) -> None:
        """``name_of`` gives a project's name, which its sandbox is told when it fills an empty workspace; ``grants``
        what it may use. Without ``memory`` nothing waits for the machine's memory.
        """
        self._memory = memory
        self.policy = policy
        self._clock = clock
        self._store = store
        self._entries: dict[str, SandboxEntry] = {}
        self._last_uid = 0
        self._queue = StartQueue(policy.start_concurrency, policy.start_queue, self._obstacle)
        share = OwnersShare(self._entries.values, grants, self._stop)
        self.moves = SandboxMoves(
            runtime, link, egress, store, sink, clock, self._queue, name_of, grants, share.make_room
        )
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        for entry in self._entries.values():
            if entry.flight is not None and entry.flight.task is not None:
                entry.flight.task.cancel()
        await self._group.__aexit__(None, None, None)

    async def load(self) -> None:
        """Read all rows. What they say of running sandboxes is checked at first use, or by the reconciler."""
        for record in await self._store.list():
            self.add(record)

    def add(self, record: SandboxRecord) -> None:
        """Take a new project's row into the registry."""
        now = self._clock.monotonic()
        age = max(0.0, self._clock.now() - record.started_at)
        self._entries[record.project_id] = SandboxEntry(record, used_at=now, born_at=now - age)

    def forget(self, project_id: str) -> None:
        """Take a row out of the registry that could not be written; nothing was done with it yet."""
        self._entries.pop(project_id, None)

    # ── The hot path ──────────────────────────────────────────────────────────────────────────────────────────

    async def ensure_ready(self, project_id: str, *, touch: bool = True, insist: bool = False) -> AgentAddress:
        """Return where the agent listens, once its sandbox is ready; wakes or starts it.

        Without ``touch`` the call does not count as use, so that polling keeps nothing awake. What just failed for a
        lasting cause is tried again after a while only, unless somebody insists. Raises ``NotFound``, and whatever kept
        the sandbox from becoming ready.
        """
        entry = self._entries.get(project_id)
        if entry is None:
            raise no_such_project(project_id)
        if touch:
            entry.used_at = entry.wanted_at = self._clock.monotonic()
        if entry.address is not None:
            return entry.address
        if insist:
            entry.backoff.let_pass()
        return await self._open(entry)

    def retry_starts(self) -> None:
        """Let everything that could not be started be tried at once: what was missing is there again."""
        for entry in self._entries.values():
            entry.backoff.forget()

    def touch(self, project_id: str) -> None:
        """Note user input: the sandbox is not idle."""
        if (entry := self._entries.get(project_id)) is not None:
            entry.used_at = entry.wanted_at = self._clock.monotonic()

    @contextmanager
    def using(self, project_id: str) -> Generator[None, None, None]:
        """Keep the sandbox from counting as idle while a request is relayed to it."""
        entry = self.entry(project_id)
        entry.in_use += 1
        try:
            yield
        finally:
            entry.in_use -= 1
            entry.used_at = self._clock.monotonic()

    def address_of(self, project_id: str) -> AgentAddress | None:
        """Return where the agent listens if the sandbox is ready now; wakes nothing."""
        entry = self._entries.get(project_id)
        return entry.address if entry is not None else None

    def end_of(self, address: AgentAddress) -> "asyncio.Future[EndReason]":
        """Return a future of why this generation ended. Shield it before awaiting: it is shared."""
        entry = self._entries.get(address.project_id)
        if entry is not None and entry.ended is not None and entry.record.generation == address.generation:
            return entry.ended
        ended: asyncio.Future[EndReason] = asyncio.get_running_loop().create_future()
        current = entry is not None and entry.record.generation == address.generation
        fallback = EndReason.REPLACED if entry is not None else EndReason.DELETED
        ended.set_result((entry.record.end_reason if entry is not None and current else None) or fallback)
        return ended

    # ── Operations ────────────────────────────────────────────────────────────────────────────────────────────

    def open_soon(self, project_id: str) -> None:
        """Begin to make the sandbox ready, for a person who wants it now and a caller who does not wait."""
        entry = self.entry(project_id)
        if entry.address is None and entry.flight is None:
            entry.backoff.let_pass()
            self._launch(entry, FlightKind.OPEN, partial(self.moves.open, entry))

    async def stop(self, project_id: str, reason: EndReason = EndReason.BY_USER) -> None:
        """Stop the sandbox; one that is starting is called off."""
        await self._stop(self.entry(project_id), reason)

    async def restart(self, project_id: str) -> AgentAddress:
        """Stop the sandbox and start it anew. Raises what would keep it from starting, before it is stopped."""
        entry = self.entry(project_id)
        if entry.state in HOLDS_MEMORY:
            await self.moves.check()
        await self.stop(project_id, EndReason.REPLACED)
        return await self.ensure_ready(project_id, insist=True)

    async def pause(self, project_id: str) -> None:
        """Freeze the sandbox if it is ready and nothing else is being done to it."""
        entry = self.entry(project_id)
        if entry.flight is None and entry.address is not None and not entry.in_use:
            await self._done(self._launch(entry, FlightKind.PAUSE, partial(self.moves.pause, entry)))

    def keep_awake(self, project_id: str, seconds: float) -> None:
        """Let the sandbox not count as idle for a while; its maximum age still ends it."""
        entry = self.entry(project_id)
        entry.awake_until = self._clock.monotonic() + seconds
        entry.used_at = self._clock.monotonic()
        entry.pauses_in = entry.stops_in = None
        self.moves.tell(entry)

    async def change_limits(self, project_id: str, limits: Limits) -> None:
        """Give a sandbox other limits. Raises ``Invalid`` beyond the deployment's, ``Conflict`` when the engine refuses."""
        check_limits(limits, self.policy.most)
        entry = self.entry(project_id)
        while entry.flight is not None:
            await asyncio.wait({entry.flight.done})
        if entry.state is SandboxState.DELETED:
            raise no_such_project(project_id)
        work = partial(self.moves.change_limits, entry, limits)
        await self._done(self._launch(entry, FlightKind.CHANGE, work))

    async def remove(self, project_id: str) -> None:
        """Stop the sandbox for good and forget it; the caller removes workspace and rows."""
        entry = self._entries.get(project_id)
        if entry is None:
            return
        await self._stop(entry, EndReason.DELETED, for_good=True)

    async def adopt(self, entry: SandboxEntry, container: Container | None) -> None:
        """Take over what the engine reports of a sandbox to which nothing is being done."""
        await self._done(self._launch(entry, FlightKind.SETTLE, partial(self.moves.adopt, entry, container)))

    async def container_ended(self, container: Container) -> None:
        """Note that a container ended by itself. One that we are stopping, or an older generation, is no news."""
        entry = self._entries.get(container.project_id)
        if entry is None or container.generation != entry.record.generation:
            return
        reason = container.end_reason or EndReason.CRASHED
        while entry.flight is not None:
            entry.address = None
            if entry.flight.kind not in (FlightKind.CHANGE, FlightKind.SETTLE):
                if entry.flight.kind is FlightKind.OPEN and entry.ended is not None and not entry.ended.done():
                    entry.ended.set_result(reason)
                return
            await asyncio.wait({entry.flight.done})
        if entry.state in HOLDS_MEMORY and container.generation == entry.record.generation:
            await self._done(self._launch(entry, FlightKind.SETTLE, partial(self.moves.fail, entry, reason)))

    # ── Looking ───────────────────────────────────────────────────────────────────────────────────────────────

    def entry(self, project_id: str) -> SandboxEntry:
        """Return the live entry. Raises ``NotFound``."""
        entry = self._entries.get(project_id)
        if entry is None:
            raise no_such_project(project_id)
        return entry

    def entries(self) -> list[SandboxEntry]:
        """Return all live entries."""
        return list(self._entries.values())

    def knows(self, project_id: str) -> bool:
        """Tell whether there is such a sandbox."""
        return project_id in self._entries

    def shown(self, project_id: str) -> events.Sandbox:
        """Describe the sandbox to people."""
        return self.entry(project_id).shown()

    def free_uid(self, base: int) -> int:
        """Return a user id from ``base`` on that no project has, nor had a moment ago: its row may still be there."""
        taken = {entry.record.uid for entry in self._entries.values()}
        uid = max(*taken, base - 1, self._last_uid) + 1
        if uid >= base + 1_000_000:
            uid = next(n for n in range(base, uid) if n not in taken)
        self._last_uid = uid
        return uid

    # ── Flights ───────────────────────────────────────────────────────────────────────────────────────────────

    async def _open(self, entry: SandboxEntry) -> AgentAddress:
        while entry.address is None:
            if entry.state is SandboxState.DELETED:
                raise no_such_project(entry.record.project_id)
            flight = entry.flight
            if flight is None:
                entry.backoff.check(self._clock.monotonic())
                flight = self._launch(entry, FlightKind.OPEN, partial(self.moves.open, entry))
            await asyncio.wait({flight.done})
            if flight.kind is FlightKind.OPEN and (error := flight.done.exception()) is not None:
                raise error
        return entry.address

    async def _stop(self, entry: SandboxEntry, reason: EndReason, *, for_good: bool = False) -> None:
        while (flight := entry.flight) is not None:
            if flight.kind is FlightKind.OPEN and flight.task is not None:
                flight.task.cancel()
            await asyncio.wait({flight.done})
        if entry.state is not SandboxState.DELETED:
            work = partial(self._remove, entry) if for_good else partial(self.moves.stop, entry, reason)
            await self._done(self._launch(entry, FlightKind.STOP, work))

    async def _remove(self, entry: SandboxEntry) -> None:
        """Stop a sandbox and forget it, as one flight: whoever waits for it must not find one that could be started."""
        await self.moves.stop(entry, EndReason.DELETED)
        entry.end(EndReason.DELETED)
        entry.record = replace(entry.record, state=SandboxState.DELETED, end_reason=EndReason.DELETED)
        self.moves.tell(entry)
        self._entries.pop(entry.record.project_id, None)

    @staticmethod
    async def _done(flight: Flight) -> None:
        """Wait for a flight, which goes on if the caller goes away. Raises its error."""
        await asyncio.shield(flight.done)

    def _launch(self, entry: SandboxEntry, kind: FlightKind, work: Work) -> Flight:
        flight = Flight(kind, asyncio.get_running_loop().create_future())
        entry.flight = flight
        flight.task = self._group.create_task(self._fly(entry, flight, work), name=f"{kind} {entry.record.project_id}")
        flight.task.add_done_callback(lambda _: self._land(entry, flight, None))
        return flight

    async def _fly(self, entry: SandboxEntry, flight: Flight, work: Work) -> None:
        error: AimforgeError | None = None
        try:
            await work()
        except AimforgeError as raised:
            error = raised
        except Exception:
            # The last line: a fault of ours in one flight must not end the service, and with it all others.
            log.exception("flight_failed", kind=flight.kind, project_id=entry.record.project_id)
            error = SandboxFailed(
                "Something went wrong in the control plane; its log has the details.", EndReason.CRASHED
            )
        self._land(entry, flight, error)

    def _land(self, entry: SandboxEntry, flight: Flight, error: AimforgeError | None) -> None:
        if flight.done.done():
            return
        entry.flight = None
        if error is None and flight.task is not None and flight.task.done() and flight.task.cancelled():
            error = SandboxFailed("The start of the sandbox was called off.", EndReason.BY_USER)
        if flight.kind is FlightKind.OPEN:
            if error is None:
                entry.backoff.forget()
            else:
                entry.backoff.failed(error, self._clock.monotonic())
        if error is None:
            flight.done.set_result(None)
        else:
            flight.done.set_exception(error)
            flight.done.exception()  # whoever waits gets it; nobody waiting is no fault
        self._queue.pump()

    # ── Room ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def short_of_memory(self) -> bool:
        """Whether the machine has less memory available than it should keep."""
        if self._memory is None or self.policy.least_memory == 0:
            return False
        available = self._memory.available()
        return available is not None and available < self.policy.least_memory

    def relieve(self) -> None:
        """Make room while memory is short: the paused sandbox that rests longest is stopped. Look at the queue anyway."""
        if self.short_of_memory:
            self._evict_one()
        self._queue.pump()

    def _obstacle(self) -> str:
        """Say why no sandbox may be started now, and make room for the next; empty when one may."""
        held = sum(entry.state in HOLDS_MEMORY and not entry.in_slot for entry in self._entries.values())
        if held + self._queue.running >= self.policy.max_running:
            self._evict_one()
            return f"All {self.policy.max_running} places for sandboxes are taken. Yours starts when one is free."
        if self.short_of_memory:
            self._evict_one()
            return "The server is short of memory. Your sandbox starts when there is enough again."
        return ""

    def _evict_one(self) -> None:
        """Begin to stop the paused sandbox that was used least recently, unless one is being stopped already."""
        held = [entry for entry in self._entries.values() if entry.state in HOLDS_MEMORY]
        if any(entry.flight is not None and entry.flight.kind is FlightKind.STOP for entry in held):
            return
        asleep = [entry for entry in held if entry.state is SandboxState.PAUSED and entry.flight is None]
        if asleep:
            oldest = min(asleep, key=lambda entry: entry.used_at)
            self._launch(oldest, FlightKind.STOP, partial(self.moves.stop, oldest, EndReason.EVICTED))
