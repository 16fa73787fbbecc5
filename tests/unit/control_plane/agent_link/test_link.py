"""The link against real servers on Unix sockets: good ones, and ones that lie, stall, flood and break off."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, unix_serve

from control_plane.adapters.agent_link.link import UnixAgentLink, target_of
from control_plane.domain.errors import Invalid, SandboxFailed, SandboxMisbehaved, TimedOut
from control_plane.domain.headers import into_sandbox, out_of_sandbox
from control_plane.ports import AgentAddress
from sandbox_image.wire.closing import CloseCode

ADDRESS = AgentAddress(project_id="p", generation=1)
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Sockets:
    def __init__(self, path: Path) -> None:
        self.path = path

    def agent_path(self, address: AgentAddress) -> str:
        return str(self.path / "agent.sock")

    def token(self, address: AgentAddress) -> str:
        return "secret"


@asynccontextmanager
async def agent(path: Path, handler: Handler) -> AsyncGenerator[UnixAgentLink]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    (path / "agent.sock").unlink(missing_ok=True)
    server = await asyncio.start_unix_server(serve, str(path / "agent.sock"))
    link = UnixAgentLink(Sockets(path))
    try:
        yield link
    finally:
        link.close()
        server.close()


async def read_head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def answering(answer: bytes, *, close: bool = True) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(answer)
        await writer.drain()
        if not close:
            await reader.read()

    return handler


async def test_an_answer_is_read_and_the_connection_is_used_again(tmp_path: Path):
    heads: list[bytes] = []
    connections = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for _ in range(2):
            heads.append(await read_head(reader))
            writer.write(b"HTTP/1.1 200 OK\r\nETag: x\r\nSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nhi")

    async with agent(tmp_path, handler) as link:
        for _ in range(2):
            answer = await link.request(ADDRESS, "GET", "/health", user="ann", view_only=True)
            assert (answer.status, answer.body, dict(answer.headers)) == (
                200,
                b"hi",
                {"etag": "x", "content-length": "2"},
            )
    assert connections == 1
    assert b"authorization: Bearer secret\r\n" in heads[0]
    assert b"x-aimforge-user: ann\r\n" in heads[0]
    assert b"x-aimforge-mode: view\r\n" in heads[0]


async def test_a_kept_connection_that_the_agent_closed_is_replaced(tmp_path: Path):
    connections = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        if connections == 1:
            await read_head(reader)  # the second request comes, and finds a closed door

    async with agent(tmp_path, handler) as link:
        await link.request(ADDRESS, "GET", "/health")
        assert (await link.request(ADDRESS, "GET", "/health")).status == 200
    assert connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000,
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2_000_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["no http", "two lengths", "giant head", "upgrade", "giant body", "bad chunk"],
)
async def test_an_answer_that_breaks_the_contract_is_typed(tmp_path: Path, answer: bytes):
    async with agent(tmp_path, answering(answer, close=False)) as link:
        with pytest.raises(SandboxMisbehaved):
            await link.request(ADDRESS, "GET", "/x", max_body=1_000_000)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"]
)
async def test_an_agent_that_breaks_off_is_typed(tmp_path: Path, answer: bytes):
    async with agent(tmp_path, answering(answer)) as link:
        with pytest.raises(SandboxFailed):
            await link.request(ADDRESS, "POST", "/x")


async def test_silence_is_bounded(tmp_path: Path):
    async with agent(tmp_path, answering(b"", close=False)) as link:
        with pytest.raises(TimedOut):
            await link.request(ADDRESS, "GET", "/x", timeout_sec=0.05)


async def test_nobody_there_is_typed(tmp_path: Path):
    with pytest.raises(SandboxFailed):
        await UnixAgentLink(Sockets(tmp_path)).request(ADDRESS, "GET", "/x")


async def test_a_header_cannot_smuggle_a_request(tmp_path: Path):
    async with agent(tmp_path, answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as link:
        with pytest.raises(Invalid):
            await link.request(ADDRESS, "GET", "/x", headers={"range": "a\r\nx: y"})
        assert (await link.request(ADDRESS, "GET", "/x", headers={"range": "bytes=0-1"})).status == 200


def test_a_target_never_holds_what_ends_a_line():
    assert target_of("/files", "path=a b\r\nX: y") == "/files?path=a%20b%0D%0AX:%20y"
    assert target_of("/files", "path=a%20b") == "/files?path=a%20b"


async def test_a_body_streams_both_ways_with_flat_memory(tmp_path: Path):
    total = 64 * 1024 * 1024

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_head(reader)
        assert b"content-length: %d\r\n" % total in head
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        left = total
        while left:
            data = await reader.read(65536)
            left -= len(data)
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def body() -> AsyncIterator[bytes]:
        for _ in range(total // 65536):
            yield b"x" * 65536

    async with agent(tmp_path, handler) as link:
        # The agent answers while it still reads, so its answer's head may come first: both orders must end well.
        sent = 0
        async with link.stream(ADDRESS, "PUT", "/files/content", body=b"x" * total) as answer:
            async for piece in answer.body():
                sent += len(piece)
        assert sent == total


async def test_a_refusal_ends_an_upload(tmp_path: Path):
    connections = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await read_head(reader)
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        while await reader.read(65536):  # as servers do: the rest of the request is read and dropped
            pass

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536

    async with agent(tmp_path, handler) as link:
        async with link.stream(ADDRESS, "PUT", "/x", body=endless()) as answer:
            assert answer.status == 413
            assert [piece async for piece in answer.body()] == []
        # What follows on that connection would be read as the rest of the upload, so the next request takes another.
        assert (await link.request(ADDRESS, "GET", "/x")).status == 413
    assert connections == 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.booleans())
async def test_any_bytes_end_in_an_answer_or_a_typed_error(tmp_path: Path, noise: bytes, valid_start: bool):
    answer = (b"HTTP/1.1 200 OK\r\n" if valid_start else b"") + noise
    async with agent(tmp_path, answering(answer)) as link:
        with suppress(SandboxFailed, SandboxMisbehaved):
            await link.request(ADDRESS, "GET", "/x", timeout_sec=30)


def test_headers_are_filtered_both_ways():
    inward = into_sandbox(
        [
            ("Cookie", "s=1"),
            ("Authorization", "x"),
            ("X-Aimforge-Mode", "edit"),
            ("Accept", "a"),
            ("Connection", "close, X-Hop"),
            ("X-Hop", "1"),
        ]
    )
    assert inward == [("accept", "a")]
    assert out_of_sandbox({"set-cookie": "a", "content-type": "b", "strict-transport-security": "c"}) == {
        "content-type": "b"
    }


# ── WebSockets ────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def socket_agent(
    path: Path, handler: Callable[[ServerConnection], Awaitable[None]]
) -> AsyncGenerator[UnixAgentLink]:
    (path / "agent.sock").unlink(missing_ok=True)
    async with unix_serve(handler, str(path / "agent.sock"), compression=None, max_size=None):
        yield UnixAgentLink(Sockets(path))


async def test_messages_go_both_ways_and_the_close_code_comes_through(tmp_path: Path):
    async def handler(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)
            if message == "bye":
                await connection.close(4041, "closed here")

    async with socket_agent(tmp_path, handler) as link, link.connect(ADDRESS, "/echo") as socket:
        for message in ("text", b"bytes", "ü" * 40_000, b"\0" * 300_000, "bye"):
            await socket.send(message)
            assert await socket.receive() == message
        assert await socket.receive() is None
        assert (socket.close_code, socket.close_reason) == (4041, "closed here")


async def test_a_reader_that_does_not_read_stops_the_agent(tmp_path: Path):
    sent = 0
    stopped = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        nonlocal sent
        while True:
            try:
                async with asyncio.timeout(0.5):
                    await connection.send(b"x" * 65536)
            except TimeoutError:
                stopped.set()
                return
            sent += 65536

    async with socket_agent(tmp_path, handler) as link, link.connect(ADDRESS, "/flood"):
        await asyncio.wait_for(stopped.wait(), 60)
    assert sent < 8 * 1024 * 1024


async def test_a_message_above_the_limit_closes_the_socket(tmp_path: Path):
    async def handler(connection: ServerConnection) -> None:
        await connection.send("x" * 100)
        await connection.send(["y" * 600, "y" * 600])  # in two fragments
        await connection.wait_closed()

    async with socket_agent(tmp_path, handler) as link, link.connect(ADDRESS, "/x", max_message=1000) as socket:
        assert await socket.receive() == "x" * 100
        assert await socket.receive() is None
        assert socket.close_code == CloseCode.SANDBOX_MISBEHAVED


async def test_fragments_are_joined(tmp_path: Path):
    async def handler(connection: ServerConnection) -> None:
        await connection.send(["a", "b", "c"])
        await connection.wait_closed()

    async with socket_agent(tmp_path, handler) as link, link.connect(ADDRESS, "/x") as socket:
        assert await socket.receive() == "abc"


async def test_a_refused_upgrade_is_typed(tmp_path: Path):
    async with agent(tmp_path, answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")) as link:
        with pytest.raises(SandboxMisbehaved):
            async with link.connect(ADDRESS, "/x"):
                pass


async def test_a_client_library_agrees_with_us(tmp_path: Path):
    """Positive control: the same server answers a client that is not ours."""

    async def handler(connection: ServerConnection) -> None:
        await connection.send(str(connection.request.headers.get("authorization")) if connection.request else "")

    async with socket_agent(tmp_path, handler) as link:
        async with websockets.unix_connect(str(tmp_path / "agent.sock"), "ws://agent/") as other:
            assert await other.recv() == "None"
        async with link.connect(ADDRESS, "/") as socket:
            assert await socket.receive() == "Bearer secret"


async def test_nothing_is_kept_of_agents_that_are_gone(tmp_path: Path):
    """Each start of each sandbox is an agent of its own: what was kept of all of them would grow for ever."""
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    over = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(answer)
        await over.wait()

    async with agent(tmp_path, handler) as link:
        for generation in range(5):
            address = AgentAddress(project_id="p", generation=generation)
            await asyncio.gather(*(link.request(address, "GET", "/") for _ in range(3)))
        assert link.kept == 5 * 3
        over.set()
        async with asyncio.timeout(60):
            while link.kept:  # noqa: ASYNC110  the loop tells nobody
                await asyncio.sleep(0.01)
