"""Event streams of all projects: what agents report, joined with what only the control plane knows.

While somebody watches a project whose sandbox is ready, one *follower* reads the agent's stream from the last number it
saw. Each event is checked against its type before it is passed on; what a sandbox may not say is dropped.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Self

import msgspec
import structlog

from control_plane.domain.errors import AimforgeError, SandboxMisbehaved
from control_plane.domain.people import Person
from control_plane.ports import AgentAddress, AgentLink, AgentSocket, Clock
from control_plane.services.events.event_checks import EventChecks, RawEvent
from control_plane.services.events.event_stream import EventStream, ReloadNeeded, Subscription
from control_plane.services.events.slices import Slices
from control_plane.services.unreadable import UNREADABLE
from sandbox_image.wire import events
from sandbox_image.wire.closing import CloseCode
from sandbox_image.wire.limits import MAX_EVENT_FRAME

log = structlog.stdlib.get_logger()

LOG_EVERY_SEC: Final = 10.0
FIRST_RETRY_SEC: Final = 0.1
LAST_RETRY_SEC: Final = 5.0


class _Hello(msgspec.Struct):
    epoch: str
    seq: int


_decode_hello: Final = msgspec.json.Decoder(_Hello)
_decode_frame: Final = msgspec.json.Decoder(list[RawEvent])


@dataclass(slots=True)
class _Watched:
    """A project's stream, and how far its agent's stream has been read."""

    stream: EventStream = field(default_factory=EventStream)
    follower: asyncio.Task[None] | None = None
    address: AgentAddress | None = None
    agent_epoch: str = ""
    agent_seq: int = 0
    fresh: bool = False
    """This process saw the generation start, so its whole stream is asked for."""
    logged_at: float = float("-inf")


class EventHub:
    """Publishes and subscribes. Use as an async context manager; it owns the followers."""

    def __init__(self, link: AgentLink, checks: EventChecks, clock: Clock) -> None:
        self._link = link
        self._checks = checks
        self._clock = clock
        self._address_of: Callable[[str], AgentAddress | None] = lambda _: None
        self._projects: dict[str, _Watched] = {}
        self._group = asyncio.TaskGroup()

    def follow(self, address_of: Callable[[str], AgentAddress | None]) -> None:
        """Say how the address of a ready sandbox is found."""
        self._address_of = address_of

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        for watched in self._projects.values():
            self._stop_following(watched)
        await self._group.__aexit__(None, None, None)

    def publish(self, project_id: str, data: Any) -> None:
        """Tell a project's viewers; passes as ``ports.EventSink``."""
        watched = self._watched(project_id)
        watched.stream.publish(self._clock.now(), data)
        if isinstance(data, events.Sandbox):
            watched.fresh = watched.fresh or data.state == "starting"
            watched.stream.changed.set()

    def forget(self, project_id: str) -> None:
        """Drop the stream of a project that is deleted."""
        watched = self._projects.pop(project_id, None)
        if watched is not None:
            self._stop_following(watched)

    @asynccontextmanager
    async def subscribe(
        self, project_id: str, *, person: Person, after: int | None = None, epoch: str = ""
    ) -> AsyncGenerator[Subscription, None]:
        """Watch a project, from ``after`` in ``epoch`` on or from now. Raises ``ReloadNeeded``."""
        watched = self._watched(project_id)
        async with watched.stream.subscribe(person, after, epoch) as subscription:
            self._start_following(project_id, watched)
            self._tell_presence(watched)
            try:
                yield subscription
            finally:
                watched.stream.subscribers.discard(subscription)
                self._tell_presence(watched)
                if not watched.stream.subscribers:
                    self._stop_following(watched)

    def people(self, project_id: str) -> list[Person]:
        """Return who watches the project, each once."""
        subscribers = self._watched(project_id).stream.subscribers
        return list({subscriber.person.id: subscriber.person for subscriber in subscribers}.values())

    def _watched(self, project_id: str) -> _Watched:
        return self._projects.setdefault(project_id, _Watched())

    def _tell_presence(self, watched: _Watched) -> None:
        people = {s.person.id: {"id": s.person.id, "name": s.person.name} for s in watched.stream.subscribers}
        watched.stream.publish(self._clock.now(), events.Presence(people=list(people.values())))

    # ── Following the agent ───────────────────────────────────────────────────────────────────────────────────

    def _start_following(self, project_id: str, watched: _Watched) -> None:
        if watched.follower is None or watched.follower.done():
            watched.follower = self._group.create_task(self._follow(project_id, watched), name=f"follow {project_id}")

    @staticmethod
    def _stop_following(watched: _Watched) -> None:
        if watched.follower is not None:
            watched.follower.cancel()
            watched.follower = None

    async def _follow(self, project_id: str, watched: _Watched) -> None:
        delay = FIRST_RETRY_SEC
        while True:
            watched.stream.changed.clear()
            address = self._address_of(project_id)
            if address is None:
                await watched.stream.changed.wait()
                continue
            before = watched.agent_seq
            try:
                await self._read(project_id, watched, address)
            except AimforgeError as error:
                self._log(project_id, watched, error.message)
            except Exception:
                # The last line: a fault of ours with one project's events must not end the service, and so all others'.
                log.exception("follower_failed", project_id=project_id)
            if watched.agent_seq != before:
                delay = FIRST_RETRY_SEC
            await self._clock.sleep(delay)
            delay = min(delay * 2, LAST_RETRY_SEC)

    async def _read(self, project_id: str, watched: _Watched, address: AgentAddress) -> None:
        if watched.address != address:
            watched.address, watched.agent_epoch, watched.agent_seq = address, "", 0
        query = f"after={watched.agent_seq}&epoch={watched.agent_epoch}" if watched.agent_epoch else ""
        if not query and watched.fresh:
            query = "after=0"
        async with self._link.connect(address, "/events", query=query, max_message=2 * MAX_EVENT_FRAME) as socket:
            hello = await self._hello(watched, socket)
            if not query:
                watched.agent_seq = hello.seq
            watched.agent_epoch = hello.epoch
            while (frame := await socket.receive()) is not None:
                await self._take(project_id, watched, frame)
        if socket.close_code == CloseCode.RELOAD:
            self._lose(watched)

    async def _hello(self, watched: _Watched, socket: AgentSocket) -> _Hello:
        frame = await socket.receive()
        if frame is None:
            if socket.close_code == CloseCode.RELOAD:
                self._lose(watched)
                raise ReloadNeeded
            raise SandboxMisbehaved("The agent closed its event stream at once.", code=socket.close_code)
        try:
            return _decode_hello.decode(frame)
        except UNREADABLE as error:
            raise SandboxMisbehaved(f"The first frame of the agent's events cannot be read: {error}") from error

    def _lose(self, watched: _Watched) -> None:
        """Events between two numbers are gone: viewers reload, and following goes on from now."""
        watched.agent_epoch, watched.agent_seq, watched.fresh = "", 0, False
        watched.stream.restart()

    async def _take(self, project_id: str, watched: _Watched, frame: str | bytes) -> None:
        try:
            batch = _decode_frame.decode(frame)
        except UNREADABLE as error:
            raise SandboxMisbehaved(f"A frame of the agent's events cannot be read: {error}") from error
        slices = Slices()
        for event in batch:
            await slices.turn()
            if event.seq <= watched.agent_seq:
                continue
            watched.agent_seq = event.seq
            if fault := await self._checks.fault_of(project_id, event):
                self._log(project_id, watched, fault)
                continue
            watched.stream.append(event.at, event.type, bytes(event.data))

    def _log(self, project_id: str, watched: _Watched, what: str) -> None:
        """Log at most once in a while for each project: a sandbox must not be able to fill the log."""
        now = self._clock.monotonic()
        if now - watched.logged_at >= LOG_EVERY_SEC:
            watched.logged_at = now
            log.warning("agent_events", project_id=project_id, what=what)
