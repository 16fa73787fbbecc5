"""The event log: numbered events, encoded once, kept for clients that come back."""

import asyncio
import logging
import secrets
import time
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from sandbox_image.wire.closing import CloseCode
from sandbox_image.wire.events import TYPE_NAMES, ProjectChanged
from sandbox_image.wire.limits import EVENT_RING, MAX_EVENT, MAX_EVENT_FRAME, MIB

from .oversize import shrink

logger = logging.getLogger(__name__)

RING_BYTES: Final = 16 * MIB
"""Bytes of encoded events that are kept, whatever their number: the ring must not fill the sandbox's memory."""


class Lagging(Exception):
    """A subscriber's next event is no longer held. ``code`` tells its client what to do."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


class EventLog:
    """Numbers events from 1 within ``epoch``, an identity that changes with each start of the agent.

    The ring is every subscriber's queue: a subscription is a place in it, so a slow client costs nothing and is cut off
    when the ring has moved past it. All methods are for the event loop's thread.
    """

    def __init__(self, ring: int = EVENT_RING, ring_bytes: int = RING_BYTES) -> None:
        self.epoch = secrets.token_hex(8)
        self.seq = 0
        self._limit = ring
        self._limit_bytes = ring_bytes
        self._held: dict[int, bytes] = {}
        self._bytes = 0
        self._first = 1
        self._subscriptions: set[Subscription] = set()

    def publish(self, data: Any, by: str = "") -> None:
        """Append an event with ``data``, a struct of ``wire/events.py``, and wake the subscribers. Never blocks.

        ``by`` is who did it, for the types that say so. An event above ``MAX_EVENT`` is shrunk to what identifies it.
        """
        if by and isinstance(data, ProjectChanged):
            data = replace(data, by=by)
        encoded = self._encode(data)
        if len(encoded) > MAX_EVENT:
            smaller = shrink(data)
            encoded = self._encode(smaller) if smaller is not None else encoded
            if len(encoded) > MAX_EVENT:
                logger.error("an event of %d bytes was dropped: %s", len(encoded), type(data).__name__)
                return
        self.seq += 1
        self._held[self.seq] = encoded
        self._bytes += len(encoded)
        while len(self._held) > self._limit or (self._bytes > self._limit_bytes and len(self._held) > 1):
            self._bytes -= len(self._held.pop(self._first))
            self._first += 1
        for subscription in self._subscriptions:
            subscription.wake()

    def subscribe(self, after: int | None = None, epoch: str = "") -> "Subscription":
        """A subscription to the events after number ``after``, or from now on. Raises ``Lagging`` with RELOAD when these
        are not held, or were of another epoch.
        """
        if after is None:
            after = self.seq
        elif (epoch and epoch != self.epoch) or not self._first - 1 <= after <= self.seq:
            raise Lagging(CloseCode.RELOAD)
        return Subscription(self, after)

    def frame_after(self, cursor: int) -> tuple[bytes, int] | None:
        """A JSON array of the events after ``cursor``, at most ``MAX_EVENT_FRAME`` bytes, and the number of its last one.

        None when there is no such event yet. Raises ``Lagging`` with SLOW_CONSUMER when the next one is gone.
        """
        if cursor >= self.seq:
            return None
        if cursor + 1 < self._first:
            raise Lagging(CloseCode.SLOW_CONSUMER)
        events: list[bytes] = []
        size = 2
        while cursor < self.seq:
            event = self._held[cursor + 1]
            if events and size + len(event) > MAX_EVENT_FRAME:
                break
            events.append(event)
            size += len(event) + 1
            cursor += 1
        return b"[" + b",".join(events) + b"]", cursor

    def add(self, subscription: "Subscription") -> None:
        """Wake ``subscription`` with each event."""
        self._subscriptions.add(subscription)

    def remove(self, subscription: "Subscription") -> None:
        """Forget ``subscription``."""
        self._subscriptions.discard(subscription)

    def _encode(self, data: Any) -> bytes:
        name = TYPE_NAMES[type(data)]
        event = {"seq": self.seq + 1, "at": time.time(), "type": name, "data": data}
        return msgspec.json.encode(event)


class Subscription:
    """One client's place in the log. Use as a context manager around ``next_frame``."""

    def __init__(self, log: EventLog, cursor: int) -> None:
        self._log = log
        self._news = asyncio.Event()
        self.cursor = cursor

    def __enter__(self) -> "Subscription":
        self._log.add(self)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._log.remove(self)

    def wake(self) -> None:
        """There is something new."""
        self._news.set()

    async def next_frame(self) -> bytes:
        """Wait for the next events and return them as one JSON array. Raises ``Lagging``."""
        while True:
            self._news.clear()
            found = self._log.frame_after(self.cursor)
            if found is not None:
                frame, self.cursor = found
                return frame
            await self._news.wait()
