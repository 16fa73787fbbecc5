"""How uvicorn's side of a browser's socket ends: with the code that the rule has, soon, and without a traceback in the log."""

import asyncio
import contextlib
import logging
import struct
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidStatus

from sandbox_image.sockets import serving
from tests.unit.control_plane.sockets.stage import echo, stage
from tests.unit.control_plane.sockets.test_hostile_frames import DEADLINE, frame, is_served, raw

GOODBYE = frame(8, struct.pack(">H", 1000))
NOT_UTF8 = {
    "at once": frame(1, b"\xff\xfe"),
    "in the middle of a sequence": frame(1, b"caf\xc3"),
    "a surrogate": frame(1, b"\xed\xa0\x80"),
    "across fragments": frame(1, b"caf\xc3", fin=False) + frame(0, b"x"),
    "after a good one": frame(1, b"good") + frame(1, b"\x80"),
    "with more behind it": frame(1, b"\x80") + frame(1, b"good") + frame(9, b"ping"),
    "with a goodbye behind it": frame(1, b"\x80") + GOODBYE,
}


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Warnings and worse of this process, in which the server runs."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def flood(connection: ServerConnection) -> None:
    """An agent that sends whatever it hears."""
    with contextlib.suppress(Exception):
        while True:
            await connection.send(b"x" * 100)
            await asyncio.sleep(0)


@pytest.mark.parametrize("how", NOT_UTF8)
async def test_text_that_is_none_is_closed_by_its_code_and_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str
):
    async with stage(tmp_path, echo) as there, asyncio.timeout(DEADLINE):
        async with raw(there) as browser:
            await browser.send(NOT_UTF8[how])
            assert await browser.close_code() == 1007
        await is_served(there)
        while len(there.open_sockets):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert logged(caplog) == []


async def test_a_refusal_before_a_socket_is_accepted_is_not_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    async with stage(tmp_path, echo) as there, asyncio.timeout(DEADLINE):
        with pytest.raises(InvalidStatus) as refused:
            await connect(there.url.replace("/x", "/refused"), proxy=None)
        assert (refused.value.response.status_code, refused.value.response.body) == (403, b"not you")
        await is_served(there)
    assert logged(caplog) == []


async def test_a_request_that_cannot_be_read_is_answered(tmp_path: Path):
    """uvicorn alone would leave it without a word."""
    async with stage(tmp_path, echo) as there, asyncio.timeout(DEADLINE):
        with pytest.raises(InvalidStatus) as refused:
            await connect(there.url, proxy=None, additional_headers={"x-long": "x" * 10_000})
        assert refused.value.response.status_code == 431
        await is_served(there)


async def test_what_a_browser_says_before_it_was_accepted_is_heard_then(tmp_path: Path):
    async with stage(tmp_path, echo) as there, asyncio.timeout(DEADLINE):
        reader, writer = await asyncio.open_connection("127.0.0.1", there.port)
        writer.write(b"GET /late HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
        writer.write(b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
        await there.asked.wait()
        writer.write(frame(1, b"early") + frame(2, b"x" * 200_000))
        await writer.drain()
        await asyncio.sleep(0.05)
        there.accept.set()
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(7) == b"\x81\x05early"
        assert await reader.readexactly(10 + 200_000) == b"\x82\x7f" + (200_000).to_bytes(8, "big") + b"x" * 200_000
        writer.transport.abort()


async def test_utf8_that_is_cut_between_fragments_is_text(tmp_path: Path):
    async with stage(tmp_path, echo) as there, asyncio.timeout(DEADLINE), raw(there) as browser:
        await browser.send(frame(1, b"caf\xc3", fin=False) + frame(0, b"\xa9"))
        assert await browser.reader.readexactly(7) == b"\x81\x05caf\xc3\xa9"


@pytest.mark.parametrize("broken", [frame(1, b"\xff"), frame(3), frame(2, size=2**40)], ids=["text", "opcode", "size"])
async def test_a_rule_broken_while_the_agent_sends_is_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: bytes
):
    """The agent's next message comes before the one who reads from the browser learns that there is nobody any more."""
    async with stage(tmp_path, flood) as there, asyncio.timeout(DEADLINE):
        for _ in range(20):
            async with raw(there) as browser:
                await browser.reader.readexactly(102)
                await browser.send(broken)
                await browser.close_code()
        while there.connections or len(there.open_sockets):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert logged(caplog) == []


@pytest.mark.parametrize("last", [GOODBYE, frame(1, b"\xff"), frame(8)], ids=["goodbye", "rule broken", "no code"])
async def test_a_browser_that_says_goodbye_and_never_reads_is_let_go(
    tmp_path: Path, last: bytes, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(serving, "LINGER_SEC", 0.1)

    async def much(connection: ServerConnection) -> None:
        with contextlib.suppress(Exception):
            while True:
                await connection.send(b"x" * 65536)

    async with stage(tmp_path, much) as there, asyncio.timeout(DEADLINE), raw(there) as browser:
        browser.reader._transport.pause_reading()  # type: ignore[attr-defined]
        while not any(one.transport.get_write_buffer_size() for one in there.connections):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        await browser.send(last)
        while there.connections or len(there.open_sockets):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
