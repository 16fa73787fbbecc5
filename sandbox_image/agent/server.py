"""Runs the application on the listening socket."""

import asyncio
import sys
from typing import Final

import uvicorn

from sandbox_image.agent.app import running_agent
from sandbox_image.agent.bootstrap import Bootstrap
from sandbox_image.wire.limits import MAX_LSP_MESSAGE

BACKLOG: Final = 1024
GRACE_SEC: Final = 1
"""What open requests have left when the agent is told to stop."""


async def serve(bootstrap: Bootstrap, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set, then end connections and parts within about two seconds."""
    async with running_agent(bootstrap.settings, bootstrap.token) as app:
        config = uvicorn.Config(
            app,
            http="httptools",
            # The sans-I/O protocol holds at most one message a socket. Frames are not deflated: on a local socket that
            # costs ten times what it saves.
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_max_size=MAX_LSP_MESSAGE,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE_SEC,
        )
        await _serve(config, bootstrap, stop)


async def _serve(config: uvicorn.Config, bootstrap: Bootstrap, stop: asyncio.Event) -> None:
    # Not Server.serve(): it wakes up ten times a second, in each idle sandbox, and installs signal handlers of its own.
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[bootstrap.listener])
    # What was imported lives as long as the agent: the collector need not look at it again.
    _freeze()
    await stop.wait()
    await server.shutdown(sockets=[bootstrap.listener])


def _freeze() -> None:
    import gc

    gc.collect()
    gc.freeze()
    sys.stderr.flush()
