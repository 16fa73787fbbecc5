"""A real server around an ASGI app, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

from sandbox_image.sockets.serving import ServingProtocol


@asynccontextmanager
async def serving(
    app: Callable[[Scope, Receive, Send], Awaitable[None]], listener: socket.socket, *, lifespan: str = "off"
) -> AsyncGenerator[None]:
    """Serve until the block ends. It is listening, and the app has started, when the block begins."""
    settings: dict[str, Any] = {"ws": ServingProtocol, "ws_per_message_deflate": False, "log_config": None}
    server = uvicorn.Server(uvicorn.Config(app, lifespan=lifespan, timeout_graceful_shutdown=1, **settings))  # pyright: ignore[reportArgumentType]
    async with asyncio.TaskGroup() as group:
        # Not ``serve``: it would take the process's signals, which are pytest's.
        running = group.create_task(server._serve([listener]))
        while not server.started and not running.done():  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.005)
        try:
            yield
        finally:
            server.should_exit = True


def tcp_listener() -> socket.socket:
    """Listen on a free port of the loopback interface."""
    # With its protocol named, asyncio switches Nagle's algorithm off for what it accepts; otherwise it does not.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


def unix_listener(path: str) -> socket.socket:
    """Listen on a path."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(128)
    return listener
