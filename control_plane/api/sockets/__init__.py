"""WebSockets of the control plane. All are authorized before they are accepted; see ``api.guard``."""

from starlette.routing import BaseRoute
from starlette.websockets import WebSocket

from control_plane.api.guard import guarded_socket
from control_plane.api.sockets import agent_sockets, events
from control_plane.domain.access import Policy
from control_plane.domain.errors import NotFound


async def nothing_here(websocket: WebSocket) -> None:
    """Refuse a socket at a path that there is none at, with the same body as every other refusal."""
    raise NotFound(f"There is no socket at {websocket.scope['path'][:200]}.")


def routes() -> list[BaseRoute]:
    """All sockets' routes; the last takes what no other does."""
    return [
        *agent_sockets.routes(),
        *events.routes(),
        guarded_socket("/{path:path}", nothing_here, Policy.PUBLIC),
    ]
