"""WebSockets of the control plane. All are authorized before they are accepted; see ``api.guard``."""

from starlette.routing import BaseRoute

from control_plane.api.sockets import agent_sockets, events


def routes() -> list[BaseRoute]:
    """All sockets' routes."""
    return [*agent_sockets.routes(), *events.routes()]
