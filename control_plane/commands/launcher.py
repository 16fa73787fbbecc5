"""``aimforge launcher``: the role that alone holds the engine's socket. It needs no network."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from control_plane.adapters.handover import Sharing
    from control_plane.settings import Settings

NAME: Final = "launcher"


def launcher() -> None:
    """Start the launcher. Settings are environment variables: see docs/settings.md."""
    from control_plane.commands.role import run_role

    run_role(_work, NAME)


async def _work(settings: "Settings") -> None:
    from control_plane.adapters.docker.engine import Engine
    from control_plane.adapters.handover import Sockets
    from control_plane.adapters.launcher.rules import LauncherRules
    from control_plane.adapters.launcher.service import LauncherService
    from control_plane.adapters.local import docker_runtime
    from control_plane.app import deployment_of
    from control_plane.commands.role import role_server, serve_for_ever

    deployment = deployment_of(settings)
    sockets = Sockets(
        settings.data_dir, run=settings.run_dir, secret=settings.agent_secret.encode(), sharing=_sharing(settings)
    )
    engine = Engine(settings.docker_host or None)
    runtime = docker_runtime(engine, sockets, deployment)
    service = LauncherService(runtime, LauncherRules(most=settings.most, uid_base=settings.uid_base), sockets.prepare)
    try:
        await runtime.accept_again()
        await serve_for_ever(role_server(settings, settings.launcher_socket, NAME, service.serve), NAME)
    finally:
        await runtime.close()
        await engine.close()
        sockets.close()


def _sharing(settings: "Settings") -> "Sharing | None":
    from control_plane.adapters.handover import Sharing

    if settings.role_gid < 0:
        return None
    return Sharing(gid=settings.role_gid, gate_uid=settings.egress_uid)
