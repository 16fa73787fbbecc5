"""What is done to one sandbox: start, resume, pause, stop, adopt. Each step is checked against the transition table,
written to the store and told to the viewers. ``services.sandboxes`` decides when, and that only one happens at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from control_plane.domain.errors import (
    AimforgeError,
    EngineUnavailable,
    SandboxFailed,
    TooMany,
)
from control_plane.domain.sandbox import DEADLINES, EndReason, Limits, SandboxState, may_become, sentence
from control_plane.ports import (
    AgentAddress,
    AgentLink,
    Clock,
    Container,
    ContainerState,
    Egress,
    EventSink,
    SandboxRuntime,
    SandboxSpec,
    SandboxStore,
)
from control_plane.services.sandboxes.agent_health import await_health
from control_plane.services.sandboxes.grants import Grants
from control_plane.services.sandboxes.sandbox_entry import SandboxEntry, Steps
from control_plane.services.sandboxes.start_queue import StartQueue

UPDATED: Final = "The sandbox had been idle, and was started anew with an update."
SETTLED: Final = frozenset({SandboxState.ABSENT, SandboxState.STOPPED})


def address_of(entry: SandboxEntry) -> AgentAddress:
    """Return where the agent of the sandbox's generation listens, or will."""
    return AgentAddress(project_id=entry.record.project_id, generation=entry.record.generation)


def check_not_ended(entry: SandboxEntry) -> None:
    """Raise ``SandboxFailed`` if the engine reported meanwhile that the container ended."""
    if entry.ended is not None and entry.ended.done():
        raise SandboxFailed(sentence(entry.ended.result()), entry.ended.result())


class SandboxMoves:
    """Moves sandboxes through their life with the engine. Raises ``AimforgeError``s; leaves the state that was reached."""

    def __init__(
        self,
        runtime: SandboxRuntime,
        link: AgentLink,
        egress: Egress,
        store: SandboxStore,
        sink: EventSink,
        clock: Clock,
        queue: StartQueue,
        name_of: Callable[[str], str],
        grants: Grants,
        make_room: Callable[[SandboxEntry], Awaitable[None]],
    ) -> None:
        """``make_room`` sees to it that the owner may have one more sandbox, or raises ``TooMany``."""
        self._runtime = runtime
        self._link = link
        self._egress = egress
        self._store = store
        self._sink = sink
        self._clock = clock
        self._queue = queue
        self._name_of = name_of
        self._grants = grants
        self._make_room = make_room

    # ── Transitions ───────────────────────────────────────────────────────────────────────────────────────────

    async def move(self, entry: SandboxEntry, target: SandboxState, **changes: Any) -> None:
        """Go to ``target``: in memory and to the viewers at once, then durably."""
        if not may_become(entry.state, target):
            raise AssertionError(f"a sandbox cannot go from {entry.state} to {target}")  # a fault of ours
        now = self._clock.now()
        deadline = now + DEADLINES[target] if target in DEADLINES else None
        entry.record = replace(entry.record, state=target, changed_at=now, deadline=deadline, **changes)
        entry.pauses_in = entry.stops_in = None
        self.tell(entry)
        await self._store.save(entry.record)

    async def fail(self, entry: SandboxEntry, reason: EndReason, message: str = "") -> None:
        """Record that the sandbox ended by a fault."""
        entry.steps.finish("failed")
        entry.end(reason)
        entry.queue_position = None
        await self._egress.close(entry.record.project_id)
        await self.move(entry, SandboxState.FAILED, end_reason=reason, message=message or sentence(reason))

    def tell(self, entry: SandboxEntry) -> None:
        """Publish the state to whoever watches the project."""
        self._sink.publish(entry.record.project_id, entry.shown())

    async def check(self) -> None:
        """Raise what keeps every sandbox from being started now."""
        await self._runtime.check()

    # ── Opening ───────────────────────────────────────────────────────────────────────────────────────────────

    async def open(self, entry: SandboxEntry) -> None:
        """Make the sandbox ready, from whatever state it is in. Raises why it cannot be."""
        if entry.state not in SETTLED | {SandboxState.FAILED, SandboxState.PAUSED, SandboxState.QUEUED}:
            await self.verify(entry)
        if entry.state is SandboxState.READY:
            return  # with the steps that made it so: whoever asks a moment later may not have seen them
        entry.steps = Steps(self._clock.monotonic)
        if entry.state is SandboxState.PAUSED and entry.outdated:
            await self._replace(entry)
            return
        if entry.state is SandboxState.PAUSED and await self._resumed(entry):
            return
        await self._start(entry)

    async def _replace(self, entry: SandboxEntry) -> None:
        """Start a paused sandbox anew, from the newest image: it was paused because nothing ran in it."""
        await self.stop(entry, EndReason.REPLACED)
        await self._start(entry)
        entry.record = replace(entry.record, message=UPDATED)
        self.tell(entry)
        await self._store.save(entry.record)

    async def _start(self, entry: SandboxEntry) -> None:
        if entry.state is not SandboxState.QUEUED:
            try:
                await self._make_room(entry)
            except TooMany as error:
                await self.fail(entry, EndReason.START_FAILED, error.message)
                raise
            await self.move(entry, SandboxState.QUEUED, end_reason=None, message="")
        entry.steps.begin("queue")
        try:
            place = self._grants.place_of(entry.record.project_id)
            async with self._queue.slot(place, lambda position: self._wait_at(entry, position)):
                entry.queue_position = None
                entry.in_slot = True
                try:
                    async with asyncio.timeout(DEADLINES[SandboxState.STARTING]):
                        await self._start_container(entry)
                finally:
                    entry.in_slot = False
        except TimeoutError as error:
            failure = SandboxFailed("The sandbox did not become ready in time. Try again.", EndReason.START_FAILED)
            await self._give_up(entry, EndReason.START_FAILED, failure.message)
            raise failure from error
        except SandboxFailed as error:
            await self._give_up(entry, error.reason, error.message)
            raise
        except EngineUnavailable as error:
            await self._give_up(entry, EndReason.ENGINE_GONE, error.message)
            raise
        except AimforgeError as error:
            await self._give_up(entry, EndReason.START_FAILED, error.message)
            raise

    async def _start_container(self, entry: SandboxEntry) -> None:
        await self.move(
            entry,
            SandboxState.STARTING,
            generation=entry.record.generation + 1,
            container_id="",
            started_at=self._clock.now(),
            limits=self._grants.limits_of(entry.record.project_id) or entry.record.limits,
        )
        entry.ended = asyncio.get_running_loop().create_future()
        entry.born_at = self._clock.monotonic()
        entry.steps.begin("container")
        self.tell(entry)
        await self.open_gate(entry)
        record = entry.record
        container = await self._runtime.start(
            SandboxSpec(
                project_id=record.project_id,
                project_name=self._name_of(record.project_id),
                generation=record.generation,
                uid=record.uid,
                limits=record.limits,
                template=record.template,
            )
        )
        entry.record = replace(entry.record, container_id=container.id)
        entry.steps.begin("agent")
        self.tell(entry)
        await await_health(self._link, address_of(entry), self._clock, partial(self._check_alive, entry))
        check_not_ended(entry)
        entry.steps.finish()
        await self._become_ready(entry)

    async def _become_ready(self, entry: SandboxEntry) -> None:
        entry.used_at = self._clock.monotonic()
        entry.busy = []
        entry.address = address_of(entry)
        await self.move(entry, SandboxState.READY, end_reason=None, message="")

    async def _check_alive(self, entry: SandboxEntry) -> None:
        check_not_ended(entry)
        container = await self._runtime.inspect(entry.record.container_id)
        if container is None or container.state is ContainerState.EXITED:
            reason = (container.end_reason if container else None) or EndReason.CRASHED
            raise SandboxFailed(f"The sandbox ended while it was starting. {sentence(reason)}", reason)

    async def _give_up(self, entry: SandboxEntry, reason: EndReason, message: str) -> None:
        """Record a failed start; what is left of the container is removed now, or by the reconciler later."""
        try:
            await self.fail(entry, reason, message)
        finally:
            # Also when the database cannot note it: until it is back, the reconciler removes nothing.
            await self._remove_failed(entry)

    async def _remove_failed(self, entry: SandboxEntry) -> None:
        if entry.record.container_id:
            try:
                await self._runtime.stop(entry.record.container_id, grace_sec=0)
            except AimforgeError:
                return
            entry.record = replace(entry.record, container_id="")
            await self._store.save(entry.record)

    def _wait_at(self, entry: SandboxEntry, position: int) -> None:
        entry.queue_position = position
        entry.queue_reason = self._queue.reason
        self.tell(entry)

    # ── Pausing ───────────────────────────────────────────────────────────────────────────────────────────────

    async def _resumed(self, entry: SandboxEntry) -> bool:
        """Wake a paused sandbox; false when it died while it slept."""
        entry.steps.begin("resume")
        await self.move(entry, SandboxState.RESUMING)
        try:
            async with asyncio.timeout(DEADLINES[SandboxState.RESUMING]):
                await self._runtime.resume(entry.record.container_id)
            check_not_ended(entry)
        except TimeoutError as error:
            failure = EngineUnavailable("The container engine took too long to wake the sandbox. Try again.")
            await self.fail(entry, EndReason.ENGINE_GONE, failure.message)
            raise failure from error
        except SandboxFailed as error:
            # The files are there, so it can be started anew.
            await self.fail(entry, error.reason, error.message)
            return False
        except AimforgeError as error:
            await self.fail(entry, EndReason.ENGINE_GONE, error.message)
            raise
        entry.steps.finish()
        await self._become_ready(entry)
        return True

    async def pause(self, entry: SandboxEntry) -> None:
        """Freeze a ready sandbox; when the engine does not manage, it stays ready."""
        entry.address = None
        await self.move(entry, SandboxState.PAUSING)
        try:
            async with asyncio.timeout(DEADLINES[SandboxState.PAUSING]):
                await self._runtime.pause(entry.record.container_id)
        except SandboxFailed as error:
            await self.fail(entry, error.reason, error.message)
        except (TimeoutError, AimforgeError):
            await self.verify(entry)
        else:
            entry.paused_at = self._clock.monotonic()
            await self.move(entry, SandboxState.PAUSED, end_reason=EndReason.IDLE)

    # ── Stopping ──────────────────────────────────────────────────────────────────────────────────────────────

    async def stop(self, entry: SandboxEntry, reason: EndReason) -> None:
        """Stop the sandbox and remove its container; the workspace stays. Raises when the engine does not manage."""
        entry.queue_position = None
        if entry.state in SETTLED:
            return
        if entry.state is SandboxState.QUEUED:
            await self.move(entry, SandboxState.STOPPED, end_reason=reason, message=sentence(reason))
            return
        entry.end(reason)
        if entry.state is not SandboxState.STOPPING:
            await self.move(entry, SandboxState.STOPPING, end_reason=reason, message=sentence(reason))
        try:
            async with asyncio.timeout(DEADLINES[SandboxState.STOPPING]):
                await self._remove_containers(entry)
        except TimeoutError as error:
            failure = EngineUnavailable("The container engine took too long to stop the sandbox. Try again.")
            await self.fail(entry, EndReason.ENGINE_GONE, failure.message)
            raise failure from error
        except AimforgeError as error:
            await self.fail(entry, EndReason.ENGINE_GONE, error.message)
            raise
        await self._egress.close(entry.record.project_id)
        await self.move(entry, SandboxState.STOPPED, container_id="")

    async def _remove_containers(self, entry: SandboxEntry) -> None:
        if entry.record.container_id:
            await self._runtime.stop(entry.record.container_id)
            return
        # A start that was called off may have left a container that nobody told us the id of.
        for container in await self._runtime.list():
            if container.project_id == entry.record.project_id:
                await self._runtime.stop(container.id, grace_sec=0)

    async def open_gate(self, entry: SandboxEntry) -> None:
        """Let the sandbox out as far as it may now; what it may no longer have is cut."""
        entry.egress = self._grants.egress_of(entry.record.project_id)
        await self._egress.open(entry.record.project_id, entry.egress)

    # ── Changing ──────────────────────────────────────────────────────────────────────────────────────────────

    async def change_limits(self, entry: SandboxEntry, limits: Limits) -> None:
        """Give a sandbox other limits: at once those that the engine can change while it runs, the others at its next start."""
        if entry.state in (SandboxState.READY, SandboxState.PAUSED) and entry.record.container_id:
            await self._runtime.update_limits(entry.record.container_id, limits)
        entry.record = replace(entry.record, limits=limits)
        self.tell(entry)
        await self._store.save(entry.record)

    # ── Finding out ───────────────────────────────────────────────────────────────────────────────────────────

    async def verify(self, entry: SandboxEntry) -> None:
        """Ask the engine what became of a sandbox that this process has not seen running yet."""
        container_id = entry.record.container_id
        await self.adopt(entry, await self._runtime.inspect(container_id) if container_id else None)

    def note_image(self, entry: SandboxEntry, container: Container) -> None:
        """Note whether a sandbox runs on the newest image, and tell when that changed."""
        if entry.outdated == container.image_current:
            entry.outdated = not container.image_current
            self.tell(entry)

    async def adopt(self, entry: SandboxEntry, container: Container | None) -> None:
        """Take over what the engine reports. Only this skips the table: the world is as it is found."""
        entry.address = None
        if container is None or container.generation != entry.record.generation:
            await self.fail(entry, EndReason.CRASHED, "The sandbox was gone. It starts again on your next action.")
            return
        entry.record = replace(entry.record, container_id=container.id)
        entry.outdated = not container.image_current
        if container.state in (ContainerState.RUNNING, ContainerState.PAUSED):
            entry.ended = entry.ended or asyncio.get_running_loop().create_future()
            await self.open_gate(entry)
        if container.state is ContainerState.RUNNING:
            entry.record = replace(entry.record, state=SandboxState.RESUMING)
            await self._become_ready(entry)
        elif container.state is ContainerState.PAUSED:
            entry.paused_at = self._clock.monotonic()
            entry.record = replace(entry.record, state=SandboxState.PAUSING)
            await self.move(entry, SandboxState.PAUSED)
        else:
            await self.fail(entry, container.end_reason or EndReason.CRASHED)
