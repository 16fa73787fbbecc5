"""``WS /terminals/{id}/attach``: one client looking at a terminal. Plain ASGI, since each byte passes here."""

import asyncio
import logging
from typing import Final

import msgspec
from starlette.types import Receive, Scope, Send

from sandbox_image.wire.closing import CLOSINGS, CloseCode
from sandbox_image.wire.limits import MAX_TERMINAL_INPUT, MAX_TERMINAL_OUTPUT, TERMINAL_WINDOW
from sandbox_image.wire.terminals import INPUT, OUTPUT, OUTPUT_HEADER

from .replay import first_line, whole_sequences, without_queries
from .terminal import LOW_WATER, SIGNALS, Terminal, Viewer

logger = logging.getLogger(__name__)

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

    def __init__(self, terminal: Terminal, receive: Receive, send: Send, *, view_only: bool) -> None:
        self._terminal = terminal
        self._receive = receive
        self._send = send
        self._view_only = view_only
        self._refused = False
        self._viewer = Viewer(0, 0, may_type=not view_only)
        self._name = terminal.name
        self._size = (terminal.cols, terminal.rows)

    async def run(self, since: int | None) -> None:
        """Serve until either side ends. ``since`` is the offset that the client has; None means a fresh page."""
        try:
            replay_end = await self._attach(since)
            async with asyncio.TaskGroup() as tasks:
                sender = tasks.create_task(self._send_all(replay_end))
                receiver = tasks.create_task(self._receive_all())
                cutter = tasks.create_task(self._cut_off())
                await asyncio.wait({sender, receiver, cutter}, return_when=asyncio.FIRST_COMPLETED)
                for task in (sender, receiver, cutter):
                    task.cancel()
        except* OSError as lost:
            # What the server raises from sending to a client that has gone.
            logger.debug("a viewer of terminal %s has gone: %s", self._terminal.id, lost.exceptions)
        finally:
            self._terminal.remove(self._viewer)

    # To the client

    async def _attach(self, since: int | None) -> int:
        """Say where the client begins. Returns the offset at which replaying ends, ``start`` when there is none."""
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
        end = ring.end
        await self._say({"type": "attached", "terminal": self._terminal.describe(), "from": begin, "fresh": fresh})
        if fresh and since is not None:
            await self._say({"type": "truncated", "from": since, "to": begin})
        return end if fresh else begin

    async def _send_all(self, replay_end: int) -> None:
        terminal, viewer = self._terminal, self._viewer
        await self._replay(replay_end)
        while not viewer.close_reason:
            viewer.news.clear()
            await self._send_output()
            if self._name != terminal.name:
                self._name = terminal.name
                await self._say({"type": "renamed", "name": self._name})
            if terminal.exit_status is not None and viewer.offset == terminal.ring.end:
                await self._say({"type": "exited", "status": terminal.exit_status})
                await self._close(CloseCode.TERMINAL_EXITED)
                return
            await viewer.news.wait()
        await self._close(CloseCode.TERMINAL_CLOSED, viewer.close_reason)

    async def _send_output(self) -> None:
        """Send what the viewer has not seen, as far as it consumed what it was sent before."""
        terminal, viewer, ring, send = self._terminal, self._viewer, self._terminal.ring, self._send
        while not viewer.close_reason:
            if viewer.offset < ring.start:
                # Not before it consumed most of what it was sent: each jump would add to what it has not.
                if terminal.running and viewer.offset - viewer.consumed > LOW_WATER:
                    return
                await self._skip()
            await self._pass_size(viewer.offset)
            offset = viewer.offset
            # Unconsumed bytes are bounded on the whole way to the page, which has buffers that nobody else bounds.
            most = min(terminal.visible_end, viewer.consumed + TERMINAL_WINDOW) if terminal.running else ring.end
            if offset >= most:
                return
            if offset >= ring.start:
                until = min(most, ring.next_size_change(offset), offset + MAX_TERMINAL_OUTPUT)
                data = b"".join((OUTPUT_HEADER.pack(OUTPUT, offset), *ring.pieces(offset, until - offset)))
                viewer.offset = until
                await send({"type": "websocket.send", "bytes": data})
                terminal.sent(viewer)

    async def _pass_size(self, offset: int) -> None:
        """Tell the size that the terminal had at ``offset`` when it is another one than the client knows."""
        change = self._terminal.ring.size_at(offset)
        if (change.cols, change.rows) != self._size:
            self._size = (change.cols, change.rows)
            await self._say({"type": "resized", "cols": change.cols, "rows": change.rows, "offset": offset})

    async def _replay(self, end: int) -> None:
        """Send what a fresh page lacks, without anything that its terminal would answer."""
        ring, viewer = self._terminal.ring, self._viewer
        if viewer.offset == end:
            return
        while ring.start <= viewer.offset < end:
            viewer.news.clear()
            if viewer.offset - viewer.consumed >= TERMINAL_WINDOW and self._terminal.running:
                await viewer.news.wait()
                continue
            offset = viewer.offset
            await self._pass_size(offset)
            if offset < ring.start:
                break
            limit = min(end, ring.next_size_change(offset)) - offset
            data = ring.read(offset, min(limit, MAX_TERMINAL_OUTPUT))
            if len(data) < limit:
                data = data[: whole_sequences(data)]
            viewer.offset += len(data)
            header = OUTPUT_HEADER.pack(OUTPUT, offset)
            await self._send({"type": "websocket.send", "bytes": header + without_queries(data)})
        self._terminal.repaint()

    async def _skip(self) -> None:
        """The client lags behind the ring: go on near its end, or it would lag again at once."""
        ring, viewer = self._terminal.ring, self._viewer
        lost = viewer.offset
        viewer.offset = max(ring.start, ring.end - TERMINAL_WINDOW)
        viewer.acked += viewer.offset - lost
        await self._say({"type": "truncated", "from": lost, "to": viewer.offset})

    async def _cut_off(self) -> None:
        await self._terminal.exited.wait()
        await asyncio.sleep(CLOSE_GRACE_SEC)

    async def _say(self, message: dict[str, object]) -> None:
        await self._send({"type": "websocket.send", "text": _encode(message).decode()})

    async def _close(self, code: CloseCode, reason: str = "") -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason or CLOSINGS[code].sentence})

    # From the client

    async def _receive_all(self) -> None:
        try:
            while (message := await self._receive())["type"] == "websocket.receive":
                data = message.get("bytes")
                if data is not None:
                    await self._typed(data)
                else:
                    await self._controlled(message.get("text") or "")
        except BadFrame as error:
            await self._close(error.code, str(error))

    async def _typed(self, data: bytes) -> None:
        if len(data) > MAX_TERMINAL_INPUT + 1:
            raise BadFrame(f"Send at most {MAX_TERMINAL_INPUT} bytes in one frame.", CloseCode.MESSAGE_TOO_BIG)
        if not data or data[0] != INPUT:
            raise BadFrame("A binary frame begins with the byte 2 and holds what was typed.")
        if self._view_only:
            await self._refuse()
        elif len(data) > 1:
            await self._terminal.type(self._viewer, data[1:])

    async def _controlled(self, text: str) -> None:
        try:
            message = msgspec.json.decode(text, type=Control)
        except msgspec.DecodeError as error:
            raise BadFrame("A text frame is a JSON control message.") from error
        if message.type == "ack":
            self._terminal.ack(self._viewer, message.offset)
        elif message.type not in {"resize", "signal"} or (message.type == "signal" and message.name not in SIGNALS):
            raise BadFrame("Control messages are ack, resize, and signal with INT, QUIT, TERM or KILL.")
        elif self._view_only:
            await self._refuse()
        elif message.type == "resize":
            self._terminal.resize(self._viewer, message.cols, message.rows)
        else:
            self._terminal.signal(self._viewer, message.name)

    async def _refuse(self) -> None:
        # Once is enough: a client that goes on must not make us send without end.
        if not self._refused:
            self._refused = True
            await self._send({"type": "websocket.send", "text": REFUSED})


async def attach(terminal: Terminal, scope: Scope, receive: Receive, send: Send, since: int | None) -> None:
    """Accept a socket and serve it until either side ends."""
    await receive()
    await send({"type": "websocket.accept"})
    await Viewing(terminal, receive, send, view_only=scope.get("state", {}).get("view_only", False)).run(since)
