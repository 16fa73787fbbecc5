"""What is cut off because the server ends is told so, in its own words."""

import asyncio
import socket

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from control_plane.api.middleware import Edge

DEADLINE = 60.0


async def test_a_request_that_the_end_of_the_server_cuts_off_is_answered_and_one_that_was_begun_broken_off():
    begun = asyncio.Semaphore(0)

    async def waiting(_: Request) -> Response:
        begun.release()
        await asyncio.Event().wait()
        raise AssertionError

    async def streaming(_: Request) -> Response:
        async def pieces():
            yield b"begun"
            begun.release()
            await asyncio.Event().wait()

        return StreamingResponse(pieces())

    app = Edge(Starlette(routes=[Route("/waiting", waiting), Route("/streaming", streaming)]))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1))
    listening = socket.create_server(("127.0.0.1", 0))
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        group.create_task(server.serve([listening]))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=url, timeout=DEADLINE, trust_env=False) as client:
            answer = group.create_task(client.get("/waiting"))
            broken = group.create_task(broken_off(client))
            for _ in range(2):
                await begun.acquire()
            server.should_exit = True
            assert (await answer).status_code == 503
            assert answer.result().json()["error"] == "unavailable"
            assert answer.result().headers["x-content-type-options"] == "nosniff"
            await broken


async def broken_off(client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/streaming")
