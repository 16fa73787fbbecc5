"""The forwarder between real sockets."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox_image.agent.egress import EgressForwarder
from sandbox_image.agent.egress.forwarder import MAX_CONNECTIONS

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def forwarding(folder: Path, handler: Handler) -> AsyncIterator[EgressForwarder]:
    path = str(folder / "egress.sock")
    async with await asyncio.start_unix_server(handler, path), EgressForwarder(path, 0) as forwarder:
        yield forwarder


async def _connect(forwarder: EgressForwarder) -> Side:
    return await asyncio.open_connection("127.0.0.1", forwarder.port)


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.read(), 60)


async def test_both_directions_pass_and_end_on_their_own(tmp_path: Path) -> None:
    async def count_then_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = 0
        while data := await reader.read(65536):
            size += len(data)
        writer.write(b"%d" % size + b"z" * 3_000_000)
        await writer.drain()
        writer.close()

    async with forwarding(tmp_path, count_then_answer) as forwarder:
        reader, writer = await _connect(forwarder)
        writer.write(b"x" * 2_000_000)
        writer.write_eof()
        assert await _read_all(reader) == b"2000000" + b"z" * 3_000_000
        writer.close()


async def test_a_refusal_of_the_proxy_passes_as_it_is(tmp_path: Path) -> None:
    refusal = (
        b"HTTP/1.1 403 Forbidden\r\nX-Aimforge-Egress: evil.example is not allowed.\r\nContent-Length: 2\r\n\r\nno"
    )

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(refusal)
        writer.close()

    async with forwarding(tmp_path, refuse) as forwarder:
        reader, writer = await _connect(forwarder)
        writer.write(b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n")
        assert await _read_all(reader) == refusal
        writer.close()


async def test_a_refusal_is_told_with_the_socket_that_it_is_for_and_not_over_and_over(tmp_path: Path) -> None:
    async def refuse_most(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        host = asked.split()[1].partition(b":")[0]
        if host != b"good.example":
            writer.write(b"HTTP/1.1 403 no\r\nX-Aimforge-Egress: %s is \x1b[31mnot allowed.\r\n\r\n" % host)
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nX-Aimforge-Egress: no refusal\r\n\r\n")
        writer.close()

    told: list[tuple[str, int]] = []
    async with forwarding(tmp_path, refuse_most) as forwarder:
        forwarder.on_refused(lambda sentence, inode: told.append((sentence, inode)))
        inodes: list[int] = []
        for host in (b"good", b"evil", b"evil", b"bad"):
            reader, writer = await _connect(forwarder)
            inodes.append(os.fstat(writer.get_extra_info("socket").fileno()).st_ino)
            writer.write(b"CONNECT %s.example:443 HTTP/1.1\r\n\r\n" % host)
            assert await _read_all(reader)
            writer.close()
    assert told == [
        ("evil.example is [31mnot allowed.", inodes[1]),
        ("bad.example is [31mnot allowed.", inodes[3]),
    ]


async def test_says_when_the_proxy_is_not_there(tmp_path: Path) -> None:
    async with EgressForwarder(str(tmp_path / "none"), 0) as forwarder:
        reader, writer = await _connect(forwarder)
        answer = await _read_all(reader)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"X-Aimforge-Egress: The sandbox's way to the network is closed" in answer
        writer.close()


async def test_a_client_that_breaks_off_ends_its_connection_to_the_proxy(tmp_path: Path) -> None:
    ended = asyncio.Event()

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        except OSError:
            ended.set()
        finally:
            writer.transport.abort()

    async with forwarding(tmp_path, flood) as forwarder:
        reader, writer = await _connect(forwarder)
        assert await reader.read(10)
        writer.transport.abort()
        await asyncio.wait_for(ended.wait(), 60)


async def test_the_number_of_connections_is_bounded(tmp_path: Path) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    async with forwarding(tmp_path, echo) as forwarder:
        held = [await _connect(forwarder) for _ in range(MAX_CONNECTIONS)]
        for reader, writer in held:
            writer.write(b"x")
            assert await asyncio.wait_for(reader.readexactly(1), 60) == b"x"
        reader, writer = await _connect(forwarder)
        assert b"128 connections to the network are open" in await _read_all(reader)
        writer.close()
        held[0][1].close()
        answer = b""
        while answer != b"y":
            # Until the end of the first one was noticed.
            reader, writer = await _connect(forwarder)
            writer.write(b"y")
            answer = await asyncio.wait_for(reader.read(1), 60)
            writer.close()
        for _, writer in held:
            writer.close()
