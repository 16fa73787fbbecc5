"""Browsers and agents that break the rules of WebSockets on purpose: each is cut off, and the next one is served."""

import asyncio
import base64
import contextlib
import hashlib
import os
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection

from control_plane.adapters.agent_link.websocket import GUID, WebSocket, connect
from control_plane.api.sockets.relay import Rules
from sandbox_image.sockets.frames import MAX_FRAGMENTS
from sandbox_image.sockets.message_socket import HIGH_WATER
from sandbox_image.wire.closing import CloseCode
from tests.unit.control_plane.sockets.stage import Stage, echo, stage

DEADLINE = 60.0
LIMIT = 20_000
MASK = b"\x01\x02\x03\x04"


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0, size: int = -1) -> bytes:
    """A frame of a browser, which masks; ``size`` is what it says of its length."""
    told = len(payload) if size < 0 else size
    first = bytes([0x80 * fin | reserved << 4 | opcode])
    if told < 126:
        head = first + bytes([0x80 | told])
    elif told < 65536:
        head = first + b"\xfe" + struct.pack(">H", told)
    else:
        head = first + b"\xff" + struct.pack(">Q", told)
    return head + MASK + bytes(byte ^ MASK[index % 4] for index, byte in enumerate(payload))


def bare(data: bytes) -> bytes:
    """A frame as an agent sends it, without a mask; ``data`` is one of ``frame``."""
    size = {0xFE: 4, 0xFF: 10}.get(data[1], 2)
    payload = data[size + 4 :]
    unmasked = bytes(byte ^ MASK[index % 4] for index, byte in enumerate(payload))
    return data[:1] + bytes([data[1] & 0x7F]) + data[2:size] + unmasked


class Raw:
    """A browser's connection, byte by byte, after its opening handshake."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def close_code(self) -> int:
        """The code that the server closes with, 0 without one; what came before is skipped. Small frames only."""
        try:
            while head := await self.reader.readexactly(2):
                payload = await self.reader.readexactly(head[1])
                if head[0] == 0x88:
                    return int.from_bytes(payload[:2], "big")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        return 0


@contextlib.asynccontextmanager
async def raw(there: Stage) -> AsyncIterator[Raw]:
    reader, writer = await asyncio.open_connection("127.0.0.1", there.port)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    try:
        yield Raw(reader, writer)
    finally:
        writer.transport.abort()


async def is_served(there: Stage) -> None:
    async with there.browser() as browser:
        await browser.send("still there")
        assert await browser.recv() == "still there"


BROKEN = {
    "reserved bits": (frame(1, b"x", reserved=4), {1002}),
    "an unknown opcode": (frame(3), {1002}),
    "an unknown control opcode": (frame(0xB), {1002}),
    "no mask": (b"\x81\x01x", {1002}),
    "a long ping": (frame(9, b"x" * 126), {1002}),
    "a fragmented ping": (frame(9, fin=False), {1002}),
    "a continuation of nothing": (frame(0, b"x"), {1002}),
    "a message within a message": (frame(1, b"a", fin=False) + frame(1, b"b"), {1002}),
    "text that is not UTF-8": (frame(1, b"\xff\xfe"), {1007}),
    "a code that nobody may send": (frame(8, struct.pack(">H", 1006)), {1002}),
    "half a code": (frame(8, b"\x03"), {1002}),
    "a huge message": (frame(2, size=2**40), {1009}),
    "a negative length": (frame(2, size=2**63), {1002, 1009}),
    "a message above the socket's limit": (frame(2, b"x" * (LIMIT + 1)), {CloseCode.MESSAGE_TOO_BIG}),
    "endless empty fragments": (
        frame(1, b"a", fin=False) + frame(0, fin=False) * (MAX_FRAGMENTS + 1),
        {CloseCode.MESSAGE_TOO_BIG},
    ),
}


@pytest.mark.parametrize("how", BROKEN)
async def test_a_browser_that_breaks_a_rule_is_closed_with_its_code(tmp_path: Path, how: str):
    data, codes = BROKEN[how]
    async with stage(tmp_path, echo, Rules(max_message=LIMIT)) as there, asyncio.timeout(DEADLINE):
        async with raw(there) as browser:
            await browser.send(data)
            assert await browser.close_code() in codes
        await is_served(there)


async def test_control_frames_between_fragments_and_half_frames_are_fine(tmp_path: Path):
    async with stage(tmp_path, echo) as there, asyncio.timeout(DEADLINE), raw(there) as browser:
        data = frame(1, b"hel", fin=False) + frame(9, b"p") + frame(0, fin=False) + frame(0xA) + frame(0, b"lo")
        for byte in data:
            await browser.send(bytes([byte]))
        assert await browser.reader.readexactly(3) == b"\x8a\x01p"
        assert await browser.reader.readexactly(7) == b"\x81\x05hello"
        await browser.send(frame(8, struct.pack(">H", 1000)))
        assert await browser.close_code() == 1000


async def test_a_flood_of_pings_that_are_never_read_is_not_stored(tmp_path: Path):
    pings = frame(9, b"x" * 125) * 500
    async with stage(tmp_path, echo) as there, asyncio.timeout(DEADLINE), raw(there) as browser:
        browser.writer.transport.get_extra_info("socket").setsockopt(1, 8, 4096)  # SO_RCVBUF
        browser.reader._transport.pause_reading()  # type: ignore[attr-defined]
        largest = 0
        for _ in range(400):  # 26 MB
            await browser.send(pings)
            largest = max(largest, *(one.transport.get_write_buffer_size() for one in there.connections))
        assert largest < 1024 * 1024
        await is_served(there)


async def test_a_browser_that_never_reads_and_answers_no_ping_is_let_go(tmp_path: Path):
    async def flood(connection: ServerConnection) -> None:
        with contextlib.suppress(Exception):
            while True:
                await connection.send(b"x" * 65536)

    async with stage(tmp_path, flood, ping=0.2) as there, asyncio.timeout(DEADLINE), raw(there) as browser:
        browser.reader._transport.pause_reading()  # type: ignore[attr-defined]
        while there.connections or len(there.open_sockets):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


FRAMES = st.lists(
    st.one_of(
        st.builds(
            frame,
            st.integers(0, 15),
            st.binary(max_size=200),
            fin=st.booleans(),
            reserved=st.sampled_from([0, 0, 0, 1, 4]),
            size=st.sampled_from([-1, -1, -1, -1, 0, 300, 2**32, 2**63]),
        ),
        st.builds(frame, st.sampled_from([1, 2]), st.binary(max_size=2 * LIMIT)),
        st.binary(max_size=100),
    ),
    max_size=12,
)
fuzz = settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@given(batches=st.lists(FRAMES, min_size=5, max_size=5))
@fuzz
def test_whatever_browsers_send_others_are_served(batches: list[list[bytes]], tmp_path_factory: pytest.TempPathFactory):
    async def work() -> None:
        path = tmp_path_factory.mktemp("fuzz")
        async with stage(path, echo, Rules(max_message=LIMIT)) as there, asyncio.timeout(DEADLINE):
            for frames in batches:
                async with raw(there) as browser:
                    for data in frames:
                        await browser.send(data)
                    with contextlib.suppress(OSError):
                        browser.writer.write_eof()
                        await browser.reader.read()
            await is_served(there)
            while there.connections or len(there.open_sockets):  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    asyncio.run(work())


@contextlib.asynccontextmanager
async def agent(path: Path, play: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> AsyncIterator[str]:
    """An agent that opens a socket as it should, and then does what it likes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).splitlines()
        key = next(line.partition(b": ")[2] for line in head if line.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        writer.write(b"HTTP/1.1 101 Up\r\nConnection: upgrade\r\nUpgrade: websocket\r\n")
        writer.write(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            await play(reader, writer)
        writer.close()

    async with await asyncio.start_unix_server(answer, str(path / "agent.sock")):
        yield str(path / "agent.sock")


async def taken(path: str) -> tuple[list[str | bytes], int]:
    """What came through the link from an agent until it ended, and the code."""
    async with asyncio.timeout(DEADLINE):
        socket = await connect(path, "/x", [("host", "agent")], LIMIT)
        messages: list[str | bytes] = []
        while (message := await socket.receive()) is not None:
            messages.append(message)
        await socket.close()
        return messages, socket.close_code


@pytest.mark.parametrize("how", [how for how in BROKEN if how not in {"no mask", "a message above the socket's limit"}])
async def test_an_agent_that_breaks_a_rule_is_cut_off(tmp_path: Path, how: str):
    async def play(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bare(frame(1, b"before")) + b"".join(map(bare, _frames(BROKEN[how][0]))))
        await writer.drain()

    async with agent(tmp_path, play) as path:
        messages, code = await taken(path)
    assert messages == ["before"]
    assert code == CloseCode.SANDBOX_MISBEHAVED


async def test_an_agent_that_keeps_the_rules_is_not(tmp_path: Path):
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in b"".join(map(bare, [frame(1, b"hel", fin=False), frame(9, b"p"), frame(0, b"lo")])):
            writer.write(bytes([byte]))
            await writer.drain()
        assert await reader.readexactly(7) == b"\x8a\x81\0\0\0\0p"
        writer.write(bare(frame(8, struct.pack(">H", 4040))))

    async with agent(tmp_path, play) as path:
        assert await taken(path) == (["hello"], 4040)


async def test_an_agent_that_floods_pings_and_never_reads_is_not_stored(tmp_path: Path):
    largest = 0
    opened: asyncio.Future[WebSocket] = asyncio.get_running_loop().create_future()

    async def play(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal largest
        socket = await opened
        pings = bare(frame(9, b"x" * 125)) * 500
        for _number in range(400):  # 25 MB
            writer.write(pings)
            await writer.drain()
            transport = socket._transport
            largest = max(largest, transport.get_write_buffer_size() if transport else 0)
        writer.write(bare(frame(8)))

    async with agent(tmp_path, play) as path, asyncio.timeout(DEADLINE):
        socket = await connect(path, "/x", [("host", "agent")], LIMIT)
        opened.set_result(socket)
        assert await socket.receive() is None
        assert socket.close_code == 1005
    assert 0 < largest < 2 * HIGH_WATER


def _frames(data: bytes) -> list[bytes]:
    """The frames of a browser one by one; one that says that it is longer than it is comes last."""
    found: list[bytes] = []
    while data:
        told = data[1] & 0x7F
        size = 2 if told < 126 else 4 if told == 126 else 10
        length = told if told < 126 else int.from_bytes(data[2:size], "big")
        found.append(data[: size + 4 + length])
        data = data[size + 4 + length :]
    return found
