"""One project's ordered stream of events: a bounded ring for those who come back, and a bounded queue for each viewer."""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Final

import msgspec

from control_plane.domain.errors import AimforgeError
from control_plane.domain.people import Person
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.events import TYPE_NAMES
from sandbox_image.wire.limits import EVENT_RING, MAX_EVENT_FRAME, MIB

RING_BYTES: Final = 4 * MIB
QUEUE_BYTES: Final = 4 * MIB
"""Bytes that wait for one viewer before it counts as too slow."""


class ReloadNeeded(AimforgeError):
    """What the viewer missed is no longer held: it must read the state anew."""

    code: ClassVar = ErrorCode.STALE

    def __init__(self) -> None:
        super().__init__("Too much happened meanwhile: reload.")


class SlowConsumer(AimforgeError):
    """The viewer reads more slowly than things happen."""

    code: ClassVar = ErrorCode.TOO_MANY

    def __init__(self) -> None:
        super().__init__("This client reads too slowly and was cut off.")


class Subscription:
    """One viewer. ``first`` is the frame to send first; ``next_frame`` gives all others, in order."""

    def __init__(self, person: Person, first: bytes) -> None:
        self.person = person
        self.first = first
        self._pending: deque[bytes] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._end: AimforgeError | None = None

    def push(self, event: bytes) -> None:
        """Queue an event; a viewer whose queue is full is cut off instead."""
        if self._end is not None:
            return
        if self._bytes + len(event) > QUEUE_BYTES:
            self.cut_off(SlowConsumer())
            return
        self._pending.append(event)
        self._bytes += len(event)
        self._wake.set()

    def cut_off(self, error: AimforgeError) -> None:
        """End the subscription; what was queued is dropped."""
        self._end = error
        self._pending.clear()
        self._bytes = 0
        self._wake.set()

    async def next_frame(self) -> bytes:
        """Wait for events and return all that fit in a frame, as a JSON array. Raises ``SlowConsumer``, ``ReloadNeeded``."""
        while not self._pending:
            if self._end is not None:
                raise self._end
            self._wake.clear()
            await self._wake.wait()
        frame = [self._pending.popleft()]
        size = len(frame[0])
        while self._pending and size + len(self._pending[0]) < MAX_EVENT_FRAME:
            event = self._pending.popleft()
            size += len(event) + 1
            frame.append(event)
        self._bytes -= sum(map(len, frame))
        return b"[" + b",".join(frame) + b"]"


class EventStream:
    """The stream of one project. ``epoch`` changes when numbers start anew or something was lost."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(6)
        self.seq = 0
        self.subscribers: set[Subscription] = set()
        self.changed = asyncio.Event()
        """Set when a viewer comes or the sandbox becomes ready: what the follower waits for."""
        self._ring: deque[bytes] = deque()
        self._ring_bytes = 0

    def publish(self, at: float, data: Any) -> None:
        """Append an event of the control plane's own."""
        self.append(at, TYPE_NAMES[type(data)], msgspec.json.encode(data))

    def append(self, at: float, name: str, data: bytes) -> None:
        """Append an event whose data is JSON that has been checked."""
        self.seq += 1
        event = b'{"seq":%d,"at":%.6f,"type":"%s","data":%s}' % (self.seq, at, name.encode(), data)
        self._ring.append(event)
        self._ring_bytes += len(event)
        while len(self._ring) > EVENT_RING or self._ring_bytes > RING_BYTES:
            self._ring_bytes -= len(self._ring.popleft())
        for subscriber in self.subscribers:
            subscriber.push(event)

    def restart(self) -> None:
        """Begin a new epoch because events were lost; all viewers are told to reload."""
        self.epoch = secrets.token_hex(6)
        self.seq = 0
        self._ring.clear()
        self._ring_bytes = 0
        for subscriber in self.subscribers:
            subscriber.cut_off(ReloadNeeded())

    @asynccontextmanager
    async def subscribe(self, person: Person, after: int | None, epoch: str) -> AsyncGenerator[Subscription, None]:
        """Watch from ``after`` on, or from now. Raises ``ReloadNeeded`` when something between was lost."""
        missed: list[bytes] = []
        if after is not None:
            oldest = self.seq - len(self._ring)
            if epoch != self.epoch or not oldest <= after <= self.seq:
                raise ReloadNeeded
            missed = list(self._ring)[after - oldest :]
        subscription = Subscription(person, msgspec.json.encode({"epoch": self.epoch, "seq": self.seq}))
        if sum(map(len, missed)) > QUEUE_BYTES:
            raise ReloadNeeded
        for event in missed:
            subscription.push(event)
        self.subscribers.add(subscription)
        self.changed.set()
        try:
            yield subscription
        finally:
            self.subscribers.discard(subscription)
