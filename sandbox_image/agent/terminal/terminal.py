"""One terminal: a shell on a PTY, its ring, and who looks at it."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from sandbox_image.wire import terminals as wire
from sandbox_image.wire.limits import MAX_TERMINAL_OUTPUT, TERMINAL_RING, TERMINAL_WINDOW

from .attention import Attention
from .pty import Pty, clamp_size
from .ring import Ring
from .session import end_session

logger = logging.getLogger(__name__)

COALESCE_SEC: Final = 0.005
"""Output after the first bytes is gathered for so long: few large frames, and yet no delay of an echo."""
READ_SLICE: Final = 64 * 1024
"""Bytes read before other work of the loop gets its turn."""
FULL_READ: Final = 4095
"""What a PTY gives at most at a time."""
REST_SEC: Final = 0.00005
"""Between reads of a flood. A reader on the heels of a program that writes line by line gets a line at a time, and the kernel wakes
somebody for each: with a rest of this length a loop in C got 1.15 times as much out of the PTY, with half the reads."""
MAX_RESTS: Final = 32
"""Of one turn of the loop. A program that writes a little in each rest would keep all else waiting for as long as a slice takes."""
SLOWED: Final = 16 * 1024
SLOWED_SEC: Final = 0.01
"""A terminal may write so many bytes in so much time while somebody types in another: more than anybody can read."""
LOW_WATER: Final = TERMINAL_WINDOW // 2
MAX_PENDING_INPUT: Final = 256 * 1024
SIGNALS: Final = {"INT": signal.SIGINT, "QUIT": signal.SIGQUIT, "TERM": signal.SIGTERM, "KILL": signal.SIGKILL}


class Viewer(Struct, eq=False):
    """A place in the ring. ``acked`` is the offset up to which the client said that it has consumed."""

    may_type: bool
    on_news: Callable[[], object]
    """Called when there may be something to send, or what was ``blocked`` goes on."""
    offset: int = 0
    acked: int = 0
    blocked: bool = False
    """What it typed waits for the program, and its acknowledgements behind that."""
    close_reason: str = ""
    """Why the terminal is closed; set once it is."""

    @property
    def consumed(self) -> int:
        """The offset up to which it is taken to have consumed.

        Of one whose input waits, its socket tells alone: a program that waits for its output to be read before it reads on
        would otherwise wait for ever.
        """
        return self.offset if self.blocked else self.acked


class Terminal:
    """A PTY with a shell. Reading goes on without viewers, and rests while the driving one has too much unconsumed.

    The driving viewer is the one that typed or resized last. All methods are for the event loop's thread.
    """

    def __init__(
        self,
        terminal_id: str,
        name: str,
        pty: Pty,
        size: tuple[int, int],
        on_exit: Callable[[], None],
        touch: Callable[[], None],
        attention: Attention,
    ) -> None:
        self.id = terminal_id
        self.name = name
        self.created_at = time.time()
        self.used_at = time.monotonic()
        self.cols: int = size[0]
        self.rows: int = size[1]
        self.pty = pty
        self.ring = Ring(TERMINAL_RING, size[0], size[1])
        self.exit_status: int | None = None
        self.exited = asyncio.Event()
        self.viewers: set[Viewer] = set()
        self._driver: Viewer | None = None
        self._on_exit = on_exit
        self._touch = touch
        self._attention = attention
        self._since_rest = 0
        self._resting: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._pending = bytearray()
        self._reading = False
        self._silent = False
        self._closed = False
        self._flushed = 0
        self._flushed_at = 0.0
        self._flush_timer: asyncio.TimerHandle | None = None
        self._loop.add_reader(pty.end, self._reap)
        self._read_or_rest()

    def describe(self) -> wire.Terminal:
        """The terminal as clients see it."""
        return wire.Terminal(
            id=self.id,
            name=self.name,
            cols=self.cols,
            rows=self.rows,
            created_at=self.created_at,
            start=self.ring.start,
            end=self.ring.end,
            exit_status=self.exit_status,
            foreground="" if self._closed else self.pty.foreground(),
            viewers=len(self.viewers),
        )

    @property
    def running(self) -> bool:
        """True until the shell ended or the terminal was closed."""
        return not self._closed

    def rename(self, name: str) -> None:
        """Give the terminal another name."""
        self.name = name
        self._flush()

    # Viewers

    def add(self, viewer: Viewer) -> None:
        """Let ``viewer`` look; it is told of news."""
        self.viewers.add(viewer)
        self._read_or_rest()

    def remove(self, viewer: Viewer) -> None:
        """``viewer`` has gone; what waited for it goes on."""
        self.viewers.discard(viewer)
        if self._driver is viewer:
            self._driver = None
        self._read_or_rest()

    def ack(self, viewer: Viewer, offset: int) -> None:
        """``viewer`` consumed everything before ``offset``."""
        viewer.acked = max(viewer.acked, min(offset, viewer.offset))
        self._read_or_rest()
        viewer.on_news()

    def sent(self, viewer: Viewer) -> None:
        """``viewer``'s socket took what it was sent."""
        if viewer.blocked:
            self._read_or_rest()

    def _pace(self) -> Viewer | None:
        """Whose reading the PTY waits for: the driver, or the only one who could be."""
        if self._driver is None and len(self.viewers) == 1:
            (only,) = self.viewers
            return only if only.may_type else None
        return self._driver

    # Output

    def _read_or_rest(self) -> None:
        pace = self._pace()
        behind = self.ring.end - pace.consumed if pace is not None else 0
        limit = TERMINAL_WINDOW if self._reading else LOW_WATER
        wanted = not self._closed and not self._silent and self._resting is None and behind <= limit
        if wanted and not self._reading:
            self._reading = True
            self._loop.add_reader(self.pty.master, self._read)
        elif not wanted and self._reading:
            self._reading = False
            self._loop.remove_reader(self.pty.master)
            # Nothing comes until what is held back has been consumed.
            self._flush()

    def _read(self) -> None:
        ring, master = self.ring, self.pty.master
        before = ring.end
        elsewhere = self._attention.is_elsewhere(self)
        until = before + (SLOWED if elsewhere else READ_SLICE)
        rested, rests = before, 0
        try:
            while ring.end < until and rests < MAX_RESTS:
                count = os.readv(master, [ring.space(until - ring.end)])
                if not count:
                    break
                ring.advance(count)
                if count < FULL_READ:
                    if ring.end - self._flushed < FULL_READ:
                        break  # there is no more, most likely, and what came may be awaited
                    # It is sent at the end of the window, or when much more has come.
                    if ring.end - rested < 2 * FULL_READ:
                        time.sleep(REST_SEC)  # else the program waited for us already
                        rests += 1
                    rested = ring.end
        except BlockingIOError:
            pass
        except OSError:
            # All that wrote to the terminal have gone; its end tells with which status the shell ended.
            self._silent = True
        self._since_rest += ring.end - before
        if self._since_rest >= SLOWED:
            self._since_rest = 0
            if elsewhere:
                self._resting = self._loop.call_later(SLOWED_SEC, self._go_on)
        self._announce()
        self._read_or_rest()

    def _go_on(self) -> None:
        self._resting = None
        self._read_or_rest()

    def _announce(self) -> None:
        """Tell viewers at once after a silence, else when enough has come or the window is over."""
        waiting = self.ring.end - self._flushed
        since = self._loop.time() - self._flushed_at
        if waiting >= MAX_TERMINAL_OUTPUT or (waiting and since >= COALESCE_SEC):
            self._flush()
        elif waiting and self._flush_timer is None:
            self._flush_timer = self._loop.call_later(COALESCE_SEC - since, self._flush)

    def _flush(self) -> None:
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        self._flushed = self.ring.end
        self._flushed_at = self._loop.time()
        for viewer in tuple(self.viewers):
            viewer.on_news()

    def say(self, sentence: str) -> None:
        """Show a line of ours between those of the program in the foreground, unless that draws the screen itself."""
        if self._closed or not self.pty.is_cooked():
            return
        last = self.ring.read(self.ring.end - 1, 1) if self.ring.end else b"\n"
        start = b"" if last in b"\r\n" else b"\r\n"
        self.ring.write(start + f"\x1b[33maimforge: {sentence}\x1b[0m\r\n".encode())
        self._announce()
        self._read_or_rest()

    @property
    def visible_end(self) -> int:
        """Offset up to which viewers are sent output now."""
        return self._flushed

    # Input

    def type(self, viewer: Viewer, data: bytes) -> None:
        """Write what ``viewer`` typed. While the program does not read and too much is pending, the viewer is ``blocked``: it is not to
        type more than it has said already.
        """
        self._flushed_at = 0.0  # its echo is shown at once
        if not self._closed:
            rest = memoryview(data)
            if not self._pending:
                rest = rest[self._write(data) :]
                if rest:
                    self._loop.add_writer(self.pty.master, self._write_pending)
            self._pending += rest
        self._drive(viewer)
        self._attention.give(self)
        if len(self._pending) > MAX_PENDING_INPUT:
            self._block(viewer, blocked=True)

    def _block(self, viewer: Viewer, *, blocked: bool) -> None:
        if viewer.blocked is not blocked:
            viewer.blocked = blocked
            self._read_or_rest()
            viewer.on_news()

    def _unblock_all(self) -> None:
        for viewer in tuple(self.viewers):
            self._block(viewer, blocked=False)

    def _write(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self.pty.master, data)
        except BlockingIOError:
            return 0
        except OSError:
            # The program's side has gone; what was typed has no reader any more.
            return len(data)

    def _write_pending(self) -> None:
        del self._pending[: self._write(self._pending)]
        if not self._pending:
            self._loop.remove_writer(self.pty.master)
        if len(self._pending) <= MAX_PENDING_INPUT:
            self._unblock_all()

    def resize(self, viewer: Viewer, cols: int, rows: int) -> None:
        """Give the terminal the size of ``viewer``'s page."""
        self._drive(viewer)
        size = clamp_size(cols, rows)
        if self._closed or size == (self.cols, self.rows):
            return
        self.cols, self.rows = size
        self._flush()
        self.ring.resize(*size)
        self.pty.resize(*size)

    def signal(self, viewer: Viewer, name: str) -> None:
        """Signal the foreground program: ``INT``, ``QUIT``, ``TERM`` or ``KILL``. Input that it has not read is dropped."""
        self._drive(viewer)
        if not self._closed:
            if self._pending:
                self._pending.clear()
                self._write_pending()
            self.pty.signal_foreground(SIGNALS[name])

    def repaint(self) -> None:
        """Let a full-screen program draw anew: what a fresh page was replayed may lack its beginning."""
        if not self._closed and self.pty.foreground():
            self.pty.signal_foreground(signal.SIGWINCH)

    def _drive(self, viewer: Viewer) -> None:
        self.used_at = time.monotonic()
        self._touch()
        if self._driver is not viewer:
            self._driver = viewer
            self._read_or_rest()

    # End

    def _reap(self) -> None:
        self._loop.remove_reader(self.pty.end)
        os.close(self.pty.end)
        self.exit_status = _exit_status(self.pty.pid)
        self._drain()
        self._hang_up()
        self.exited.set()
        self._on_exit()

    def _drain(self) -> None:
        """Take what the PTY still holds. A job in the background may write for ever, so one ring's worth at most."""
        if self._closed:
            return
        until = self.ring.end + TERMINAL_RING
        try:
            while self.ring.end < until and (count := os.readv(self.pty.master, [self.ring.space(READ_SLICE)])):
                self.ring.advance(count)
        except OSError as error:
            logger.debug("terminal %s is drained: %s", self.id, error)

    def _hang_up(self) -> None:
        """Let go of the PTY; the kernel tells the session."""
        if self._closed:
            return
        self._closed = True
        self._reading = False
        self._loop.remove_reader(self.pty.master)
        self._loop.remove_writer(self.pty.master)
        os.close(self.pty.master)
        self._pending.clear()
        self._unblock_all()
        self._flush()

    async def close(self, reason: str) -> None:
        """End the shell and all programs of its session, and tell viewers ``reason``."""
        if self.exit_status is not None:
            return
        for viewer in self.viewers:
            viewer.close_reason = reason
        # First, so that a program that floods meets a closed terminal and not a full one.
        self._hang_up()
        await end_session(self.pty.pid)
        await self.exited.wait()


def _exit_status(pid: int) -> int:
    """The status of a child that has ended, as shells count: a signal's number is added to 128. -1 when it is lost."""
    try:
        _, status = os.waitpid(pid, 0)
    except ChildProcessError:
        # The loop was held up for so long that the reaper took it for an orphan.
        return -1
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
