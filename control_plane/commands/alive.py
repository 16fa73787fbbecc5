"""``aimforge alive ROLE``: ask a role whether it works, for health checks. Exits with 1 when it does not.

What a role needs from elsewhere is not asked for: a launcher whose engine is away is alive, and restarting it would mend nothing.
``GET /api/health`` tells of the engine.
"""

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from control_plane.domain.errors import AimforgeError

if TYPE_CHECKING:
    from control_plane.settings import Settings

TIMEOUT_SEC = 10.0


def alive(role: str) -> None:
    """Ask ``serve``, ``launcher`` or ``egress``, with the settings that the role itself has."""
    from control_plane.settings import Settings

    asks = {"serve": _ask_server, "launcher": _ask_launcher, "egress": _ask_egress}
    if role not in asks:
        sys.exit(f"aimforge: there is no role {role!r}; they are {', '.join(asks)}.")
    try:
        asyncio.run(asks[role](Settings()))
    except (AimforgeError, OSError, TimeoutError) as error:
        sys.exit(f"aimforge: the {role} does not answer: {error}")


async def _ask_server(settings: "Settings") -> None:
    reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", settings.port), TIMEOUT_SEC)
    try:
        writer.write(b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), TIMEOUT_SEC)
    finally:
        writer.close()
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise OSError(answer.partition(b"\r\n")[0].decode(errors="replace"))


async def _ask_launcher(settings: "Settings") -> None:
    from control_plane.adapters.launcher import protocol

    await _ask(settings.launcher_socket, "launcher", protocol.Alive(), None)


async def _ask_egress(settings: "Settings") -> None:
    from control_plane.adapters.egress import protocol
    from control_plane.domain.egress import Decision

    await _ask(settings.egress_socket, "egress", protocol.ReadRecent("none"), list[Decision])


async def _ask(path: str, name: str, request: Any, answer: Any) -> None:
    from control_plane.adapters.roles.client import RoleClient

    await RoleClient(path, name).ask(request, answer, TIMEOUT_SEC)
