"""Clients that do not come to the end of a request's head, on a real server."""

import asyncio
import socket
from collections.abc import AsyncGenerator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from control_plane.api import request_heads
from control_plane.api.request_heads import LONGEST_HEAD, BoundedHeads
from tests.fakes.serving import tcp_listener

GET = b"GET / HTTP/1.1\r\nhost: x\r\n"


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())} {len(request.headers.get('x-long', ''))}")


@pytest.fixture
async def listener() -> AsyncGenerator[socket.socket]:
    app = Starlette(routes=[Route("/", echo, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", http=BoundedHeads, log_config=None))
    listening = tcp_listener()
    async with asyncio.TaskGroup() as group:
        group.create_task(server._serve([listening]))
        yield listening
        server.should_exit = True


async def dial(listener: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(*listener.getsockname())


@pytest.mark.parametrize("sent", [b"", b"G", GET, GET + b"x-long: "])
async def test_a_head_that_does_not_end_in_time_ends_its_connection(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, sent: bytes
):
    monkeypatch.setattr(request_heads, "HEAD_WITHIN_SEC", 0.2)
    reader, writer = await dial(listener)
    writer.write(sent)
    assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_a_later_request_of_a_connection_has_its_own_time(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
):
    reader, writer = await dial(listener)
    for _ in range(2):
        writer.write(GET + b"\r\n")
        assert (await reader.readuntil(b"0 0")).startswith(b"HTTP/1.1 200 ")
    monkeypatch.setattr(request_heads, "HEAD_WITHIN_SEC", 0.2)
    writer.write(GET)
    assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_a_body_may_take_longer_than_a_head(listener: socket.socket, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(request_heads, "HEAD_WITHIN_SEC", 0.2)
    reader, writer = await dial(listener)
    writer.write(b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 3\r\n\r\n")
    for _ in range(3):
        await asyncio.sleep(0.15)
        writer.write(b"x")
    assert (await reader.read()).endswith(b"3 0")
    writer.close()


@pytest.mark.parametrize("begin", [GET + b"x-long: ", b"GET /", GET + b"x: y\r\n" * 10 + b"x-long: "])
async def test_a_head_without_end_is_refused(listener: socket.socket, begin: bytes):
    reader, writer = await dial(listener)
    writer.write(begin)
    sent = 0
    while not reader.at_eof() and sent < 64 * LONGEST_HEAD:
        writer.write(b"a" * 4096)
        sent += 4096
        try:
            await writer.drain()
        except ConnectionError:
            break
        await asyncio.sleep(0)
    assert sent < 64 * LONGEST_HEAD
    writer.close()


async def test_a_long_head_below_the_limit_is_served(listener: socket.socket):
    reader, writer = await dial(listener)
    size = LONGEST_HEAD - 1024
    writer.write(GET + b"connection: close\r\nx-long: %b\r\n\r\n" % (b"a" * size))
    assert (await reader.read()).endswith(b"0 %d" % size)
    writer.close()
