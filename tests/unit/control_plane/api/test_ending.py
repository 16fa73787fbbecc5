"""What outlives the patience of a server that ends: each ends in order, before the services do, and none is called a fault."""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect

from control_plane.api import ending
from control_plane.api.ending import HANG_SEC, EndingServer
from control_plane.api.middleware import Edge
from sandbox_image.sockets.serving import ServingProtocol

DEADLINE = 60.0


class Work:
    """Endpoints that never end by themselves, and what was left of them when the application was shut down."""

    def __init__(self) -> None:
        self.begun = asyncio.Semaphore(0)
        self.going_on = 0
        self.left: int | None = None

    @asynccontextmanager
    async def endless(self) -> AsyncGenerator[None]:
        self.going_on += 1
        self.begun.release()
        try:
            yield
            await asyncio.Event().wait()
        finally:
            try:
                await asyncio.sleep(0.01)  # to end takes its time
            finally:
                self.going_on -= 1

    async def waiting(self, _: Request) -> Response:
        async with self.endless():
            pass
        raise AssertionError

    async def streaming(self, _: Request) -> Response:
        async def pieces():
            yield b"begun"
            async with self.endless():
                pass

        return StreamingResponse(pieces())

    async def socket(self, websocket: WebSocket) -> None:
        """Deaf, as one that waits for something else than its reader."""
        if "late" not in websocket.url.path:
            await websocket.accept()
        async with self.endless():
            pass

    async def flood(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self.begun.release()
        with suppress(WebSocketDisconnect):
            while True:
                await websocket.send_bytes(bytes(1 << 20))

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncGenerator[None]:
        yield
        self.left = self.going_on

    def app(self) -> Edge:
        routes = [
            Route("/waiting", self.waiting),
            Route("/streaming", self.streaming),
            WebSocketRoute("/socket", self.socket),
            WebSocketRoute("/late", self.socket),
            WebSocketRoute("/flood", self.flood),
        ]
        return Edge(Starlette(routes=routes, lifespan=self.lifespan))


async def test_all_ends_in_order(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.setattr(ending, "PATIENCE_SEC", 0.2)
    monkeypatch.setattr(ending, "LAST_WORDS_SEC", 0.5)
    caplog.set_level(logging.INFO)
    work = Work()
    server = EndingServer(
        uvicorn.Config(
            work.app(),
            http="httptools",
            ws=ServingProtocol,
            lifespan="on",
            log_config=None,
            timeout_graceful_shutdown=HANG_SEC,
        )
    )
    listening = socket.create_server(("127.0.0.1", 0))
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        serving = group.create_task(server.serve([listening]))
        port = listening.getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE, trust_env=False) as client:
            answer = group.create_task(client.get("/waiting"))
            broken = group.create_task(broken_off(client))
            sockets = [group.create_task(closed(port, path)) for path in ("socket", "late")]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)  # it never reads
            writer.write(
                b"GET /flood HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
            )
            for _ in range(5):
                await work.begun.acquire()
            server.should_exit = True
            assert (await answer).status_code == 503
            assert answer.result().json()["error"] == "unavailable"
            assert answer.result().headers["x-content-type-options"] == "nosniff"
            await broken
            assert [await each for each in sockets] == ["1012", "500"]
            await serving
            writer.transport.abort()
            assert reader
    assert work.left == 0
    faults = [record for record in caplog.records if record.levelno >= logging.WARNING or record.exc_info]
    assert [record.getMessage() for record in faults] == []


async def broken_off(client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/streaming")


async def closed(port: int, path: str) -> str:
    """Return how a socket ended: its close code, or the status of a handshake that never was."""
    try:
        async with connect(f"ws://127.0.0.1:{port}/{path}", proxy=None, open_timeout=DEADLINE) as client:
            async for _ in client:
                pass
            return "in order"
    except Exception as error:  # noqa: BLE001  it says it in its own words
        return str(getattr(getattr(error, "rcvd", None), "code", "")) or str(error).rpartition(" ")[2]
