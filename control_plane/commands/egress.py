"""``aimforge egress``: the role that binds the gates. It alone dials out for sandboxes, and holds no engine and no secret."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from control_plane.settings import Settings

NAME: Final = "egress"


def egress() -> None:
    """Start the egress role. Settings are environment variables: see docs/settings.md."""
    from control_plane.commands.role import run_role

    run_role(_work, NAME)


async def _work(settings: "Settings") -> None:
    from control_plane.adapters.egress.proxy import EgressProxy
    from control_plane.adapters.egress.service import EgressService, Refusals
    from control_plane.adapters.socket_paths import SocketPaths
    from control_plane.commands.role import role_server, serve_for_ever

    paths = SocketPaths(settings.run_dir or settings.data_dir / "run", b"")
    refusals = Refusals()
    try:
        async with EgressProxy(refusals) as proxy:
            service = EgressService(proxy, paths, refusals)
            await serve_for_ever(role_server(settings, settings.egress_socket, NAME, service.serve), NAME)
    finally:
        paths.close()
