"""``WS /terminals/{id}/attach``: one client looking at a terminal.

Each byte passes here, so there is no task between the PTY and the socket: what is typed is written in the turn of the loop in which
it came, and output is sent in the one in which it was read.
"""

import asyncio
from typing import Final

import msgspec
from starlette.types import Receive, Scope, Send

from sandbox_image.sockets.message_socket import MessageSocket
from sandbox_image.sockets.serving import served_socket
from sandbox_image.wire.closing import CLOSINGS, CloseCode
from sandbox_image.wire.limits import MAX_TERMINAL_INPUT, MAX_TERMINAL_OUTPUT, TERMINAL_WINDOW
from sandbox_image.wire.terminals import INPUT, OUTPUT, OUTPUT_HEADER

from .replay import first_line, whole_sequences, without_queries
from .terminal import LOW_WATER, SIGNALS, Terminal, Viewer

CLOSE_GRACE_SEC: Final = 5.0
"""For a client that does not read, between the terminal's end and its being cut off."""
REFUSED: Final = msgspec.json.encode(
    {"type": "refused", "message": "You may look at this terminal, not type into it."}
).decode()
_encode = msgspec.json.encode


class Control(msgspec.Struct):
    """A control message of a client; which fields count depends on its type."""

    type: str
    offset: int = 0
    cols: int = 0
    rows: int = 0
    name: str = ""


class BadFrame(Exception):
    """A client sent what the protocol does not know. ``code`` is what its socket is closed with."""

    def __init__(self, message: str, code: CloseCode = CloseCode.BAD_FRAME) -> None:
        super().__init__(message)
        self.code = code


class Viewing:
    """One client on one terminal, from its attaching to its end."""

    def __init__(self, terminal: Terminal, socket: MessageSocket, *, view_only: bool) -> None:
        self._terminal = terminal
        self._socket = socket
        self._view_only = view_only
        self._refused = False
        self._viewer = Viewer(may_type=not view_only, on_news=self._on_news)
        self._name = terminal.name
        self._size = (terminal.cols, terminal.rows)
        self._replay_end = 0
        """Up to here a fresh page gets what was written before it came."""
        self._sending = True
        """True until it was told where it begins, too."""
        self._news = False
        self._cut_off: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[tuple[CloseCode, str] | None] = self._loop.create_future()

    async def run(self, since: int | None) -> tuple[CloseCode, str] | None:
        """Serve until either side ends; what to close with, None when the client has gone.

        ``since`` is the offset that the client has; None means a fresh page.
        """
        self._attach(since)
        self._sending = False
        try:
            self._socket.hand_to(self._receive, self._end, self._on_news)
            self._on_news()
            return await self._ended
        finally:
            self._socket.hold()
            self._terminal.remove(self._viewer)
            # Or the two would keep each other, and the terminal, until a collection.
            self._viewer.on_news = _nobody_looks
            if self._cut_off is not None:
                self._cut_off.cancel()

    def _end(self, code: CloseCode | None = None, reason: str = "") -> None:
        if not self._ended.done():
            self._ended.set_result(None if code is None else (code, reason or CLOSINGS[code].sentence))

    # To the client

    def _attach(self, since: int | None) -> None:
        """Say where the client begins."""
        ring, viewer = self._terminal.ring, self._viewer
        fresh = since is None or not ring.start <= since <= ring.end
        if fresh:
            begin = ring.start
            if begin > 0:
                begin += first_line(ring.read(begin, MAX_TERMINAL_OUTPUT))
        else:
            assert since is not None
            begin = since
        viewer.offset = viewer.acked = begin
        self._terminal.add(viewer)
        self._replay_end = ring.end if fresh else begin
        self._say({"type": "attached", "terminal": self._terminal.describe(), "from": begin, "fresh": fresh})
        if fresh and since is not None:
            self._say({"type": "truncated", "from": since, "to": begin})

    def _on_news(self) -> None:
        """Send what there is to send, as long as the client reads, and go on with what it typed."""
        self._news = True
        if self._sending:
            return  # told while it sends: it looks once more
        self._sending = True
        try:
            while self._news and not self._ended.done():
                self._news = False
                self._send_news()
        finally:
            self._sending = False
        if not self._viewer.blocked and not self._ended.done():
            self._socket.release()

    def _send_news(self) -> None:
        terminal, viewer = self._terminal, self._viewer
        if viewer.close_reason:
            self._end(CloseCode.TERMINAL_CLOSED, viewer.close_reason)
            return
        if terminal.exit_status is not None and self._cut_off is None:
            # For a client that does not read: the end of the terminal is the end of waiting.
            self._cut_off = self._loop.call_later(CLOSE_GRACE_SEC, self._end)
        if viewer.offset < self._replay_end:
            self._replay()
        if viewer.offset >= self._replay_end:
            self._send_output()
        if not self._socket.is_writable:
            return
        if self._name != terminal.name:
            self._name = terminal.name
            self._say({"type": "renamed", "name": self._name})
        if terminal.exit_status is not None and viewer.offset == terminal.ring.end:
            self._say({"type": "exited", "status": terminal.exit_status})
            self._end(CloseCode.TERMINAL_EXITED)

    def _send_output(self) -> None:
        """Send what the viewer has not seen, as far as it consumed what it was sent before."""
        terminal, viewer, ring, socket = self._terminal, self._viewer, self._terminal.ring, self._socket
        while socket.is_writable:
            if viewer.offset < ring.start:
                # Not before it consumed most of what it was sent: each jump would add to what it has not.
                if terminal.running and viewer.offset - viewer.consumed > LOW_WATER:
                    return
                self._skip()
            self._pass_size(viewer.offset)
            offset = viewer.offset
            # Unconsumed bytes are bounded on the whole way to the page, which has buffers that nobody else bounds.
            most = min(terminal.visible_end, viewer.consumed + TERMINAL_WINDOW) if terminal.running else ring.end
            if offset >= most:
                return
            until = min(most, ring.next_size_change(offset), offset + MAX_TERMINAL_OUTPUT)
            data = b"".join((OUTPUT_HEADER.pack(OUTPUT, offset), *ring.pieces(offset, until - offset)))
            viewer.offset = until
            socket.write(data)
            terminal.sent(viewer)

    def _pass_size(self, offset: int) -> None:
        """Tell the size that the terminal had at ``offset`` when it is another one than the client knows."""
        change = self._terminal.ring.size_at(offset)
        if (change.cols, change.rows) != self._size:
            self._size = (change.cols, change.rows)
            self._say({"type": "resized", "cols": change.cols, "rows": change.rows, "offset": offset})

    def _replay(self) -> None:
        """Send what a fresh page lacks, without anything that its terminal would answer."""
        ring, viewer, end = self._terminal.ring, self._viewer, self._replay_end
        while viewer.offset < end and self._socket.is_writable:
            if viewer.offset - viewer.consumed >= TERMINAL_WINDOW and self._terminal.running:
                return
            offset = viewer.offset
            if offset < ring.start:
                self._replay_end = offset  # written over meanwhile: it lags like any other
                break
            self._pass_size(offset)
            limit = min(end, ring.next_size_change(offset)) - offset
            data = ring.read(offset, min(limit, MAX_TERMINAL_OUTPUT))
            if len(data) < limit:
                data = data[: whole_sequences(data)]
            viewer.offset += len(data)
            header = OUTPUT_HEADER.pack(OUTPUT, offset)
            self._socket.write(header + without_queries(data))
        if viewer.offset >= self._replay_end:
            self._terminal.repaint()

    def _skip(self) -> None:
        """The client lags behind the ring: go on near its end, or it would lag again at once."""
        ring, viewer = self._terminal.ring, self._viewer
        lost = viewer.offset
        viewer.offset = max(ring.start, ring.end - TERMINAL_WINDOW)
        viewer.acked += viewer.offset - lost
        self._say({"type": "truncated", "from": lost, "to": viewer.offset})

    def _say(self, message: dict[str, object]) -> None:
        self._socket.write(_encode(message).decode())

    # From the client

    def _receive(self, message: str | bytes) -> None:
        try:
            if isinstance(message, bytes):
                self._typed(message)
            else:
                self._controlled(message)
        except BadFrame as error:
            self._socket.hold()
            self._end(error.code, str(error))
        if self._viewer.blocked:
            self._socket.hold()

    def _typed(self, data: bytes) -> None:
        if len(data) > MAX_TERMINAL_INPUT + 1:
            raise BadFrame(f"Send at most {MAX_TERMINAL_INPUT} bytes in one frame.", CloseCode.MESSAGE_TOO_BIG)
        if not data or data[0] != INPUT:
            raise BadFrame("A binary frame begins with the byte 2 and holds what was typed.")
        if self._view_only:
            self._refuse()
        elif len(data) > 1:
            self._terminal.type(self._viewer, data[1:])

    def _controlled(self, text: str) -> None:
        try:
            message = msgspec.json.decode(text, type=Control)
        except msgspec.DecodeError as error:
            raise BadFrame("A text frame is a JSON control message.") from error
        if message.type == "ack":
            self._terminal.ack(self._viewer, message.offset)
        elif message.type not in {"resize", "signal"} or (message.type == "signal" and message.name not in SIGNALS):
            raise BadFrame("Control messages are ack, resize, and signal with INT, QUIT, TERM or KILL.")
        elif self._view_only:
            self._refuse()
        elif message.type == "resize":
            self._terminal.resize(self._viewer, message.cols, message.rows)
        else:
            self._terminal.signal(self._viewer, message.name)

    def _refuse(self) -> None:
        # Once is enough: a client that goes on must not make us send without end.
        if not self._refused:
            self._refused = True
            self._socket.write(REFUSED)


def _nobody_looks() -> None:
    """Nothing is to be sent to a client that has gone."""


async def attach(terminal: Terminal, scope: Scope, receive: Receive, send: Send, since: int | None) -> None:
    """Accept a socket and serve it until either side ends."""
    await receive()
    await send({"type": "websocket.accept"})
    view_only = scope.get("state", {}).get("view_only", False)
    ended = await Viewing(terminal, served_socket(scope), view_only=view_only).run(since)
    if ended is not None:
        await send({"type": "websocket.close", "code": ended[0], "reason": ended[1]})
