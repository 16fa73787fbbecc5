"""How a flood of output is read, gathered and sent: each read, rest and frame counted, on a clock that the test moves."""

import asyncio
import contextlib
import errno
import fcntl
import os
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from sandbox_image.agent.terminal import terminal as module
from sandbox_image.agent.terminal.attention import Attention
from sandbox_image.agent.terminal.pty import Pty
from sandbox_image.agent.terminal.terminal import (
    COALESCE_SEC,
    FULL_READ,
    LOW_WATER,
    MAX_RESTS,
    READ_SLICE,
    REST_SEC,
    Terminal,
)
from sandbox_image.agent.terminal.viewing import Viewing
from sandbox_image.sockets.message_socket import MessageSocket
from sandbox_image.wire.limits import MAX_TERMINAL_OUTPUT, TERMINAL_ACK, TERMINAL_RING, TERMINAL_WINDOW
from sandbox_image.wire.terminals import OUTPUT, OUTPUT_HEADER

MASTER, END = -7, -8
LINE = 80


class Loop:
    """What a terminal asks of its loop; time passes when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.readers: dict[int, Callable[[], object]] = {}
        self.timers: list[tuple[float, Callable[[], object]]] = []

    def time(self) -> float:
        return self.now

    def add_reader(self, descriptor: int, callback: Callable[[], object]) -> None:
        self.readers[descriptor] = callback

    def remove_reader(self, descriptor: int) -> None:
        self.readers.pop(descriptor, None)

    def call_later(self, delay: float, callback: Callable[[], object]) -> Any:
        entry = (self.now + delay, callback)
        self.timers.append(entry)
        return SimpleNamespace(cancel=lambda: self.timers.remove(entry) if entry in self.timers else None)

    def create_future(self) -> Any:
        return SimpleNamespace(done=lambda: False)

    def turn(self) -> bool:
        """Let what can be read be read; False when the terminal rests."""
        reader = self.readers.get(MASTER)
        if reader is not None:
            reader()
        return reader is not None

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        for entry in [each for each in self.timers if each[0] <= self.now]:
            self.timers.remove(entry)
            entry[1]()


class Socket:
    """Takes whatever it is sent."""

    is_writable = True

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.said: list[dict[str, Any]] = []

    def write(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.frames.append(message)
        else:
            self.said.append(msgspec.json.decode(message))

    def hold(self) -> None: ...
    def release(self) -> None: ...

    @property
    def output(self) -> list[tuple[int, int]]:
        """Offset and size of each frame of output."""
        found: list[tuple[int, int]] = []
        for frame in self.frames:
            kind, offset = OUTPUT_HEADER.unpack_from(frame)
            assert kind == OUTPUT
            found.append((offset, len(frame) - OUTPUT_HEADER.size))
        return found

    @property
    def end(self) -> int:
        return sum(self.output[-1]) if self.frames else 0


class Stage:
    """A terminal whose program writes what the test says, and one page that looks at it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loop = Loop()
        self.sizes: Iterator[int] = iter(())
        self.reads: list[int] = []
        self.rests: list[float] = []
        monkeypatch.setattr(asyncio, "get_running_loop", lambda: self.loop)
        clock = SimpleNamespace(time=lambda: 0.0, monotonic=lambda: self.loop.now, sleep=self.rests.append)
        monkeypatch.setattr(module, "time", clock)
        monkeypatch.setattr(module, "os", SimpleNamespace(readv=self._readv))
        pty = SimpleNamespace(master=MASTER, end=END, pid=0, foreground=lambda: "")
        self.terminal = Terminal("t1", "One", cast(Pty, pty), (80, 24), lambda: None, lambda: None, Attention())
        self.socket = Socket()
        self.viewing = Viewing(self.terminal, cast(MessageSocket, self.socket), view_only=False)

    def attach(self) -> None:
        self.viewing._attach(None)
        self.viewing._sending = False
        self.viewing._on_news()

    def writes(self, sizes: Iterable[int]) -> None:
        """The program's writes: one read takes one of them, as far as there is room."""
        self.sizes = iter(sizes)

    def ack(self, offset: int) -> None:
        """Say as a page does that all before this has been drawn."""
        self.viewing._receive(msgspec.json.encode({"type": "ack", "offset": offset}).decode())

    def _readv(self, descriptor: int, buffers: list[memoryview]) -> int:
        assert descriptor == MASTER
        size = next(self.sizes, None)
        if size is None:
            raise BlockingIOError(errno.EAGAIN, "nothing there")
        self.reads.append(min(size, len(buffers[0])))
        return self.reads[-1]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


# ── Reads and rests ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_pty_gives_as_much_as_a_full_read_at_most():
    """It is the kernel's figure: with another one a full read would be taken for the last."""
    master, slave = os.openpty()
    try:
        tty.setraw(slave)
        for descriptor in (master, slave):
            os.set_blocking(descriptor, False)
        with contextlib.suppress(BlockingIOError):
            for _ in range(READ_SLICE // 1000):
                os.write(slave, bytes(1000))
        # A worker of the kernel passes it on; when it is through, more is there than one read gives.
        deadline = time.monotonic() + 60
        while (there := waiting_in(master)) < FULL_READ:
            assert time.monotonic() < deadline, there
        assert len(os.read(master, READ_SLICE)) == FULL_READ
    finally:
        os.close(master)
        os.close(slave)


def waiting_in(descriptor: int) -> int:
    """Bytes that can be read now."""
    answer = fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4))
    return int.from_bytes(answer, sys.byteorder)


def test_what_may_be_awaited_is_sent_without_a_rest_or_another_read(stage: Stage):
    stage.attach()
    stage.writes([5, LINE, LINE])
    assert stage.loop.turn()
    assert (stage.reads, stage.rests, stage.socket.end) == ([5], [], 5)


def test_a_flood_line_by_line_is_read_with_a_rest_between(stage: Stage):
    stage.attach()
    stage.writes([FULL_READ, LINE, FULL_READ, LINE, LINE])
    stage.loop.turn()
    # After each read that was not full, and none before the next of full ones.
    assert stage.reads == [FULL_READ, LINE, FULL_READ, LINE, LINE]
    assert stage.rests == [REST_SEC] * 3
    # Long enough for a program to fill a read, and unnoticed by who waits for an echo.
    assert COALESCE_SEC / 500 <= REST_SEC <= COALESCE_SEC / 50


def test_there_is_no_rest_where_the_program_waited_for_two_full_reads(stage: Stage):
    stage.attach()
    stage.writes([FULL_READ, FULL_READ, LINE, FULL_READ, FULL_READ, LINE])
    stage.loop.turn()
    assert (len(stage.reads), stage.rests) == (6, [])
    stage.writes([FULL_READ, LINE])
    stage.loop.turn()
    assert stage.rests == [REST_SEC]


def test_full_reads_are_not_rested_between_and_end_with_the_slice(stage: Stage):
    stage.attach()
    stage.writes([FULL_READ] * 100)
    stage.loop.turn()
    assert sum(stage.reads) == READ_SLICE
    assert stage.rests == []


def test_a_program_that_writes_a_little_in_each_rest_does_not_keep_the_loop(stage: Stage):
    stage.attach()
    stage.writes([FULL_READ, *[1] * READ_SLICE])
    stage.loop.turn()
    assert len(stage.rests) == MAX_RESTS
    assert stage.terminal.ring.end == FULL_READ + MAX_RESTS
    assert stage.loop.turn(), "it is read on in the next turn"
    assert MAX_RESTS * REST_SEC <= COALESCE_SEC


# ── Gathering ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_output_is_gathered_until_a_frame_is_full_or_the_window_is_over(stage: Stage):
    stage.attach()
    stage.writes([5])
    stage.loop.turn()
    assert stage.socket.output == [(0, 5)], "after a silence it is sent at once"
    full, rest = divmod(MAX_TERMINAL_OUTPUT - 1, FULL_READ)
    stage.writes([FULL_READ] * full + [rest])
    stage.loop.turn()
    assert stage.socket.end == 5, "a byte is missing"
    stage.writes([1])
    stage.loop.turn()
    assert stage.socket.output[1:] == [(5, MAX_TERMINAL_OUTPUT)]

    stage.writes([LINE])
    stage.loop.turn()
    stage.loop.pass_time(COALESCE_SEC * 0.9)
    assert len(stage.socket.frames) == 2
    stage.loop.pass_time(COALESCE_SEC * 0.2)
    assert stage.socket.output[2:] == [(5 + MAX_TERMINAL_OUTPUT, LINE)]


# ── The window ────────────────────────────────────────────────────────────────────────────────────────────────


def test_frames_are_bounded_and_so_is_what_is_under_way(stage: Stage):
    stage.attach()
    stage.writes([FULL_READ] * 1000)
    while stage.loop.turn():
        pass
    stage.loop.pass_time(COALESCE_SEC)
    assert {size for _, size in stage.socket.output[:-1]} == {MAX_TERMINAL_OUTPUT}
    assert stage.socket.end == TERMINAL_WINDOW
    # A slice above it at most has been read, and no more will be before half of it was acknowledged.
    held = stage.terminal.ring.end
    assert TERMINAL_WINDOW < held <= TERMINAL_WINDOW + READ_SLICE
    stage.ack(held - LOW_WATER - 1)
    assert not stage.loop.turn()
    assert stage.socket.end == held, "what was read already is sent in the meantime"
    stage.ack(held - LOW_WATER)
    assert stage.loop.turn()


def test_the_window_holds_some_frames_and_some_acknowledgements():
    """With fewer, the program waits at each frame until the page has acknowledged the one before."""
    assert TERMINAL_WINDOW >= 2 * (MAX_TERMINAL_OUTPUT + READ_SLICE)
    assert MAX_TERMINAL_OUTPUT <= LOW_WATER <= TERMINAL_WINDOW // 2
    assert TERMINAL_ACK <= TERMINAL_WINDOW // 4 <= LOW_WATER - MAX_TERMINAL_OUTPUT
    assert TERMINAL_RING >= 2 * TERMINAL_WINDOW
    assert MAX_TERMINAL_OUTPUT >= 2 * FULL_READ


@pytest.mark.parametrize("step", [1, TERMINAL_ACK, TERMINAL_WINDOW // 4])
@pytest.mark.parametrize("drawn_at_once", [1, 7])
def test_a_page_that_acknowledges_as_agreed_never_makes_a_flood_stop(stage: Stage, step: int, drawn_at_once: int):
    """However it takes turns with the program, and though it acknowledges nothing below its step while there is more to draw."""
    stage.attach()
    stage.writes([FULL_READ] * 2000)
    acked = drawn = 0
    while acked < 4 * TERMINAL_RING:
        moved = stage.loop.turn()
        stage.loop.pass_time(COALESCE_SEC)
        for offset, size in stage.socket.output[drawn:][:drawn_at_once]:
            drawn, moved = drawn + 1, True
            assert offset + size <= acked + TERMINAL_WINDOW
            if offset + size - acked >= step:
                acked = offset + size
                stage.ack(acked)
        assert moved, f"nobody goes on at {acked}"
    assert stage.socket.output == [
        (sum(size for _, size in stage.socket.output[:index]), size)
        for index, (_, size) in enumerate(stage.socket.output)
    ]
