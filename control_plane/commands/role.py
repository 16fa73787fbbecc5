"""What the commands of the roles share: who may ask them, where they listen, and how they end."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from control_plane.adapters.roles.server import RoleServer, Serve
    from control_plane.settings import Settings


def run_role(work: Callable[["Settings"], Awaitable[None]], name: str) -> None:
    """Read the settings, take the role's lock and do its work until a signal ends it."""
    from control_plane.commands import logs
    from control_plane.commands.serve import UNUSABLE, load_settings, lock_data_dir, say

    settings = load_settings()
    lock = lock_data_dir(settings, f"{name}.lock")
    logs.configure(settings.log_format, settings.log_level)
    try:
        asyncio.run(_until_signal(work(settings)))
    except OSError as error:
        say(f"The {name} cannot start: {error}.")
        sys.exit(UNUSABLE)
    finally:
        lock.close()


async def _until_signal(work: Awaitable[None]) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


def role_server(settings: "Settings", configured: str, name: str, serve: "Serve") -> "RoleServer":
    """Return the server of a role, at the socket that the settings name."""
    from control_plane.adapters.roles.server import RoleServer

    path = Path(configured) if configured else settings.data_dir / f"{name}.sock"
    peers = frozenset({*settings.role_peers, os.geteuid()})  # its own, for health checks
    return RoleServer(path, serve, peers=peers, gid=settings.role_gid)


async def serve_for_ever(server: "RoleServer", name: str) -> None:
    """Serve until cancelled."""
    async with server:
        print(f"The {name} listens at {server.path}", flush=True)
        await asyncio.Event().wait()
