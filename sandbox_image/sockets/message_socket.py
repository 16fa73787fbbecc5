"""A WebSocket after its opening handshake, from either side: messages come out one at a time, and go in.

What the peer sends is read no faster than it is consumed: one message waits to be received, what follows it stays as the bytes
that it came as, and above ``HIGH_WATER`` of those the connection is not read. Pings are answered only while the peer reads.

Messages are received by a task, or handed over in the very turn of the loop in which they came: a key that is typed passes two
processes on its way and two on its echo's, and tasks, futures and their wake-ups were most of what each of them did.
"""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, cast

from .frames import BadFrame, FrameReader, Opcode, Side, close_of, encode

HIGH_WATER: Final = 64 * 1024
"""Bytes of messages that nobody received."""
NO_CLOSE_FRAME: Final = 1006
"""The code of a connection that ended without a goodbye."""
MAX_REASON: Final = 123
"""Bytes of a close frame's reason."""


class SocketState(Enum):
    """Where a socket is; it only moves down this list."""

    OPEN = auto()
    CLOSING = auto()
    """We said goodbye; the peer's is waited for, and its messages are dropped."""
    CLOSED = auto()


class MessageSocket(asyncio.Protocol):
    """An open WebSocket. ``close_code`` and ``close_reason`` are the peer's once ``receive`` returned None.

    ``receive`` is for one task at a time, and not for a socket that was handed over; ``send`` and ``write`` are for any number.
    ``is_writable`` tells whether the peer reads what it is sent.
    """

    def __init__(self, side: Side, max_message: int) -> None:
        self.state = SocketState.OPEN
        self.close_code: int = NO_CLOSE_FRAME
        self.close_reason: str = ""
        self._side = side
        self._frames = FrameReader(side, max_message)
        self._transport: asyncio.Transport | None = None
        self._next: str | bytes | None = None
        self._take: Callable[[str | bytes], object] | None = None
        self._on_end: Callable[[], object] | None = None
        self._on_writable: Callable[[], object] | None = None
        self._held = False
        self._reading = True
        self._waiter: asyncio.Future[None] | None = None
        self.is_writable = True
        self._writable = asyncio.Event()

    def open(self, transport: asyncio.Transport, early: bytes = b"") -> None:
        """Take over a connection whose handshake is done; ``early`` is what the peer sent behind it."""
        self._transport = transport
        transport.set_protocol(self)
        if early:
            self.data_received(early)

    # ── messages ──────────────────────────────────────────────────────────────────────────────────────────────

    async def receive(self) -> str | bytes | None:
        """The next message, or None when there is none and will be none; see ``close_code`` then."""
        while self._next is None:
            if self.state is SocketState.CLOSED:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        message = self._next
        self._next = None
        self.release()
        return message

    def _keep(self, message: str | bytes) -> None:
        self._next = message
        self._held = True
        self._wake()

    def hand_to(
        self, take: Callable[[str | bytes], object], on_end: Callable[[], object], on_writable: Callable[[], object]
    ) -> None:
        """Call ``take`` with each message from now on, ``on_end`` once there will be none, ``on_writable`` when the peer reads again.

        ``take`` may ``hold`` the socket: no message comes before ``release``, and what is sent meanwhile waits with the peer.
        """
        waiting, self._next = self._next, None
        self._take, self._on_end, self._on_writable = take, on_end, on_writable
        if waiting is not None:
            self._held = False
            take(waiting)
        if not self._held:
            self._advance()
        if self.state is SocketState.CLOSED:
            self._let_go()

    def hold(self) -> None:
        """Take no message until ``release``."""
        self._held = True

    def release(self) -> None:
        """Go on with what was held."""
        if self._held:
            self._held = False
            self._advance()

    async def send(self, message: str | bytes) -> None:
        """Send a message; waits while the peer does not read. Silent on a socket that is not open: ``receive`` tells."""
        self.write(message)
        if not self.is_writable:
            await self._writable.wait()

    def write(self, message: str | bytes) -> None:
        """Send a message without waiting."""
        if isinstance(message, str):
            self._write(Opcode.TEXT, message.encode("utf-8", "replace"))
        else:
            self._write(Opcode.BINARY, message)

    def ping(self, payload: bytes) -> None:
        """Send a ping; ``on_pong`` is called with the answer's payload."""
        self._write(Opcode.PING, payload)

    def say_goodbye(self, code: int, reason: str = "") -> None:
        """Send a close frame. Who wants more than that lets go of the connection too."""
        if self.state is SocketState.OPEN:
            self._write_close(code, reason)
            self.state = SocketState.CLOSING
            self._next = None
            self._held = False
            self._advance()

    def end(self) -> None:
        """Let go of the connection, once it took what is buffered for it."""
        if self._transport is not None:
            self._transport.close()
        if self.state is not SocketState.CLOSED:
            self.state = SocketState.CLOSED
            self._let_send()
            self._wake()
            self._let_go()

    def _let_go(self) -> None:
        """Tell who took the messages that there will be none, and forget them: each would keep the other until a collection, and
        what that holds (a terminal's ring) is large.
        """
        on_end = self._on_end
        self._take = self._on_end = self._on_writable = None
        if on_end is not None:
            on_end()

    @property
    def is_open(self) -> bool:
        """Whether what is sent may arrive."""
        return self._transport is not None and self.state is SocketState.OPEN and not self._transport.is_closing()

    def _write(self, opcode: Opcode, payload: bytes) -> None:
        transport = self._transport
        if transport is not None and self.state is SocketState.OPEN and not transport.is_closing():
            transport.write(encode(self._side, opcode, payload))

    def _write_close(self, code: int, reason: str) -> None:
        told = reason.encode()[:MAX_REASON].decode(errors="ignore").encode()
        self._write(Opcode.CLOSE, code.to_bytes(2, "big") + told)

    def _let_send(self) -> None:
        self.is_writable = True
        self._writable.set()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ── what the peer sends ───────────────────────────────────────────────────────────────────────────────────

    def _advance(self) -> None:
        """Look for the next message; what stands before it is acted on, also while nobody takes that message."""
        try:
            while self.state is not SocketState.CLOSED:
                frame = self._frames.next(control_only=self._held)
                if frame is None:
                    break
                opcode, payload = frame
                if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
                    if self.state is SocketState.OPEN:
                        (self._take or self._keep)(payload)
                else:
                    self._on_control(opcode, cast(bytes, payload))
        except BadFrame as error:
            self.on_bad_frame(error)
        if not self._held and self._transport is None:
            self.end()  # what came before the end was received
        if self._held or not self._reading:
            self._pace()

    def _pace(self) -> None:
        wanted = not self._held or self._frames.buffered <= HIGH_WATER
        if wanted is self._reading or self._transport is None or self._transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _on_control(self, opcode: Opcode, payload: bytes) -> None:
        if opcode is Opcode.PING:
            # One that pings and does not read is not answered: the answers would pile up.
            if self.is_writable:
                self._write(Opcode.PONG, payload)
        elif opcode is Opcode.PONG:
            self.on_pong(payload)
        else:
            code, reason = close_of(payload)
            if self.state is SocketState.OPEN:
                self._write(Opcode.CLOSE, payload[:2])
                self.close_code, self.close_reason = code, reason
            self.end()

    def on_pong(self, payload: bytes) -> None:
        """Told of a pong."""

    def on_bad_frame(self, error: BadFrame) -> None:
        """Told that the peer broke a rule; nothing that follows is read. Says so to the peer, and ends."""
        self._write_close(error.code, str(error))
        self.close_code, self.close_reason = error.code, str(error)
        self.end()

    # ── asyncio.Protocol ──────────────────────────────────────────────────────────────────────────────────────

    def data_received(self, data: bytes) -> None:
        self._frames.add(data)
        self._advance()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._let_send()
        if not self._held:
            self.end()

    def pause_writing(self) -> None:
        self.is_writable = False
        self._writable.clear()

    def resume_writing(self) -> None:
        self._let_send()
        if self._on_writable is not None:
            self._on_writable()
