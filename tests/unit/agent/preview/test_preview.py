"""The preview against real servers on loopback ports, good and hostile ones."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.preview import Preview

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[int]:
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def answering(answer: bytes, seen: list[bytes] | None = None) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if seen is not None:
            seen.append(head)
        writer.write(answer)
        await writer.drain()
        writer.close()

    return handle


class Page:
    """One request as a server of ASGI gives it."""

    def __init__(self, port: int | str, path: str = "/", *, kind: str = "http", **scope: Any) -> None:
        raw, _, query = path.encode().partition(b"?")
        self.scope: dict[str, Any] = {
            "type": kind,
            "method": "GET",
            "raw_path": f"/preview/{port}".encode() + raw,
            "query_string": query,
            "headers": [],
            "path_params": {"port": str(port)},
            **scope,
        }
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.news = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        return await self.incoming.get()

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        self.news.set()

    async def fetch(self, preview: Preview, *chunks: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
        for chunk in chunks:
            self.incoming.put_nowait({"type": "http.request", "body": chunk, "more_body": True})
        self.incoming.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        await preview.serve_http(self.scope, self.receive, self.send)
        return self.sent[0]["status"], dict(self.sent[0]["headers"]), b"".join(m["body"] for m in self.sent[1:])

    async def until_sent(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while not (found := [message for message in self.sent if message["type"] == kind]):
                self.news.clear()
                await self.news.wait()
        return found[-1]


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", b"hello"),
        (b"HTTP/1.0 200 OK\r\n\r\nhello", b"hello"),
        (b"HTTP/1.1 100 Continue\r\nX-Not: this\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    ],
)
async def test_passes_answers_on(answer: bytes, body: bytes) -> None:
    seen: list[bytes] = []
    async with listening(answering(answer, seen)) as port:
        page = Page(port, "/a%2Fb/../c?q=%20", headers=[(b"accept", b"x"), (b"cookie", b"secret")])
        status, headers, received = await page.fetch(Preview())
    assert (status, received) == (200, body)
    assert b"x-not" not in headers
    assert seen[0].startswith(b"GET /a%2Fb/../c?q=%20 HTTP/1.1\r\nHost: localhost:")
    assert b"accept: x" in seen[0]
    assert b"secret" not in seen[0]


async def test_does_not_follow_redirects_nor_pass_cookies() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    async with listening(answering(answer)) as port:
        status, headers, _ = await Page(port).fetch(Preview())
    assert (status, headers) == (302, {b"location": b"http://169.254.169.254/", b"content-length": b"0"})


@pytest.mark.parametrize("header", [(b"content-length", b"300000"), (b"transfer-encoding", b"chunked")])
async def test_streams_a_body_to_the_server(header: tuple[bytes, bytes]) -> None:
    received = bytearray()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if header[0] == b"content-length":
            received.extend(await reader.readexactly(300_000))
        else:
            while size := int(await reader.readline(), 16):
                received.extend(await reader.readexactly(size))
                await reader.readline()
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with listening(handle) as port:
        page = Page(port, method="POST", headers=[header])
        status, _, _ = await page.fetch(Preview(), *[b"x" * 100_000] * 3)
    assert (status, bytes(received)) == (201, b"x" * 300_000)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
    ],
)
async def test_a_server_that_misbehaves_is_said_to(answer: bytes) -> None:
    async with listening(answering(answer)) as port:
        with pytest.raises(AgentError) as refused:
            await Page(port).fetch(Preview())
    assert refused.value.status == 502
    assert str(port) in refused.value.message


@pytest.mark.parametrize(
    ("port", "status"), [("0", 422), ("65536", 422), ("80 80", 422), ("٣", 422), ("-1", 422), ("3128", 403)]
)
async def test_refuses_what_is_no_port_of_the_user(port: str, status: int) -> None:
    with pytest.raises(AgentError) as refused:
        await Page(port).fetch(Preview())
    assert refused.value.status == status


async def test_says_when_nothing_listens() -> None:
    async with listening(answering(b"")) as port:
        pass
    with pytest.raises(AgentError, match=f"Nothing listens on port {port}") as refused:
        await Page(port).fetch(Preview())
    assert refused.value.status == 503


async def test_a_port_counts_as_in_use_and_a_page_that_goes_ends_its_request() -> None:
    preview = Preview()
    ended = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        while await reader.read(1000):
            pass
        ended.set()
        writer.close()

    async with listening(handle) as port:
        assert preview.busy() == []
        page = Page(port)
        page.incoming.put_nowait({"type": "http.request"})
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(preview.serve_http(page.scope, page.receive, page.send))
            await page.until_sent("http.response.body")
            assert preview.busy() == [f"port {port} in use"]
            page.incoming.put_nowait({"type": "http.disconnect"})
        await asyncio.wait_for(ended.wait(), 60)


async def test_websocket_messages_and_close_codes_pass_both_ways() -> None:
    closed: list[int | None] = []
    paths: list[str] = []

    async def echo(socket: ServerConnection) -> None:
        assert socket.request is not None
        paths.append(socket.request.path)
        with suppress(ConnectionClosed):
            while (message := await socket.recv()) != "end":
                await socket.send(message)
            await socket.close(4321, "enough")
        closed.append(socket.close_code)

    preview = Preview()
    async with serve(echo, "127.0.0.1", 0, subprotocols=["graphql"]) as server:  # type: ignore[list-item]
        port = server.sockets[0].getsockname()[1]
        for last in ({"type": "websocket.receive", "text": "end"}, {"type": "websocket.disconnect", "code": 4000}):
            page = Page(port, "/socket?x=1", kind="websocket", subprotocols=["graphql"])
            page.incoming.put_nowait({"type": "websocket.connect"})
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(preview.serve_websocket(page.scope, page.receive, page.send))
                page.incoming.put_nowait({"type": "websocket.receive", "bytes": b"\x00\xff"})
                assert (await page.until_sent("websocket.send"))["bytes"] == b"\x00\xff"
                assert page.sent[0] == {"type": "websocket.accept", "subprotocol": "graphql"}
                page.incoming.put_nowait(last)
                if last["type"] == "websocket.receive":
                    assert (await page.until_sent("websocket.close"))["code"] == 4321
    assert paths == ["/socket?x=1"] * 2
    assert closed == [4321, 4000]


@pytest.mark.parametrize(("view_only", "code"), [(True, 4003), (False, 4030)])
async def test_a_websocket_that_cannot_be_is_closed_with_the_reason(view_only: bool, code: int) -> None:
    async with listening(answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")) as port:
        page = Page(port, kind="websocket", state={"view_only": view_only})
        page.incoming.put_nowait({"type": "websocket.connect"})
        await Preview().serve_websocket(page.scope, page.receive, page.send)
    assert page.sent[-1]["code"] == code
