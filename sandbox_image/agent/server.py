"""Runs the application on the listening socket, or on the connections that arrive in its place."""

import asyncio
import ctypes
import gc
import socket
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Final, cast

from sandbox_image.agent import bare_uvicorn
from sandbox_image.agent.bootstrap import Bootstrap
from sandbox_image.wire.limits import MAX_LSP_MESSAGE

bare_uvicorn.install()

from uvicorn.config import Config  # noqa: E402 - only now is it cheap
from uvicorn.server import Server  # noqa: E402

from sandbox_image.agent.app import running_agent  # noqa: E402
from sandbox_image.agent.executor.zygote import Zygote  # noqa: E402

GRACE_SEC: Final = 1
"""What open requests have left when the agent is told to stop."""
SETTLE_SEC: Final = 2.0
"""After the start: the first answers come before."""
THREADS: Final = 4
"""For work on files: each thread costs memory for its own heap."""


async def serve(bootstrap: Bootstrap, stop: asyncio.Event, first: asyncio.Task[Zygote | None]) -> None:
    """Serve until ``stop`` is set, then end connections and parts within about two seconds. ``first``: a zygote on its way."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "files"))
    async with running_agent(bootstrap.settings, bootstrap.token, first) as (app, end_runs):
        config = Config(
            app,
            http="httptools",
            ws=cast("type[asyncio.Protocol]", _websocket_protocol),
            # Frames are not deflated: on a local socket that costs ten times what it saves.
            ws_per_message_deflate=False,
            ws_max_size=MAX_LSP_MESSAGE,
            # No pings: after a pause of the sandbox the deadline of the last one has passed, and every socket would end. The
            # control plane, on the same machine, closes its side when a viewer is gone.
            ws_ping_interval=None,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE_SEC,
        )
        await _serve(config, bootstrap, stop, end_runs)


def _websocket_protocol(*arguments: Any, **named: Any) -> asyncio.Protocol:
    """Imported for the first socket: a project's first result needs none."""
    from sandbox_image.sockets.serving import ServingProtocol

    return ServingProtocol(*arguments, **named)


async def _serve(config: Config, bootstrap: Bootstrap, stop: asyncio.Event, end_runs: Callable[[], None]) -> None:
    # Not Server.serve(): it wakes up ten times a second, in each idle sandbox, and installs signal handlers of its own.
    config.load()
    server = Server(config)
    server.lifespan = config.lifespan_class(config)
    listeners = [] if bootstrap.again else [bootstrap.listener]
    await server.startup(sockets=listeners)
    async with _arriving(server, bootstrap):
        gc.enable()
        settling = asyncio.get_running_loop().call_later(SETTLE_SEC, _settle_memory)
        await stop.wait()
        settling.cancel()
        end_runs()
    await server.shutdown(sockets=listeners)


@asynccontextmanager
async def _arriving(server: Server, bootstrap: Bootstrap) -> AsyncGenerator[None]:
    """Serve connections that arrive as descriptors, where the agent does not accept them by itself."""
    if not bootstrap.again:
        yield
        return
    from sandbox_image.agent.arrivals import Arrivals

    loop = asyncio.get_running_loop()
    beginning: set[asyncio.Task[object]] = set()

    def arrived(connection: socket.socket) -> None:
        connection.setblocking(False)
        task: asyncio.Task[object] = loop.create_task(
            loop.connect_accepted_socket(lambda: _protocol(server), connection)
        )
        beginning.add(task)
        task.add_done_callback(beginning.discard)

    async with asyncio.TaskGroup() as group:
        arrivals = Arrivals(bootstrap.listener, bootstrap.again, bootstrap.token, arrived)
        taking = group.create_task(arrivals.take())
        try:
            yield
        finally:
            taking.cancel()


def _protocol(server: Server) -> asyncio.Protocol:
    """As ``Server.startup`` makes one for each connection that it accepts."""
    make = cast("Callable[..., asyncio.Protocol]", server.config.http_protocol_class)
    return make(config=server.config, server_state=server.server_state, app_state=server.lifespan.state)


def _settle_memory() -> None:
    """Give back what the start needed, and let the collector never look again at what was imported."""
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc only
    if trim is not None:
        trim(0)
