"""The adapters of a deployment on one machine: a container engine, Unix sockets, and a database."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from control_plane.adapters.clock import SystemClock
from control_plane.ports import AgentLink, Clock, Egress, EventSink, ProjectStore, SandboxRuntime, SandboxStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapters:
    """What fulfils the ports. ``egress`` is opened once there is somebody to tell of refusals."""

    runtime: SandboxRuntime
    link: AgentLink
    egress: Callable[[EventSink], AbstractAsyncContextManager[Egress]]
    projects: ProjectStore
    sandboxes: SandboxStore
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDeployment:
    """What the local adapters need to know of the settings."""

    data_dir: Path
    database_url: str
    docker_host: str
    image: str
    """Empty: the one that is built from this version's sources."""
    runtime: str
    deployment: str
    index_url: str
    egress_hosts: Sequence[str]
    disk_quota: bool
    agent_settings: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Label of this deployment's containers: two data directories on one engine never touch each other's."""
        return self.deployment or sha256(str(self.data_dir).encode()).hexdigest()[:12]


@asynccontextmanager
async def open_local(deployment: LocalDeployment) -> AsyncGenerator[Adapters, None]:
    """Open the adapters; what they hold is given back at the end, and the sandboxes go on."""
    from control_plane.adapters.agent_link.link import UnixAgentLink  # noqa: PLC0415  # only what a server needs
    from control_plane.adapters.database.opening import open_database  # noqa: PLC0415
    from control_plane.adapters.database.stores import DatabaseProjectStore, DatabaseSandboxStore  # noqa: PLC0415
    from control_plane.adapters.docker.engine import Engine  # noqa: PLC0415
    from control_plane.adapters.docker.image import current_image  # noqa: PLC0415
    from control_plane.adapters.docker.quota import QuotaWorkspaces  # noqa: PLC0415
    from control_plane.adapters.docker.runtime import DockerRuntime  # noqa: PLC0415
    from control_plane.adapters.docker.spec import ContainerSettings  # noqa: PLC0415
    from control_plane.adapters.egress.gates import Gates, deployment_policy  # noqa: PLC0415
    from control_plane.adapters.egress.proxy import EgressProxy  # noqa: PLC0415
    from control_plane.adapters.handover import Sockets  # noqa: PLC0415

    database = open_database(deployment.database_url)
    sockets = Sockets(deployment.data_dir)
    engine = Engine(deployment.docker_host or None)
    link = UnixAgentLink(sockets)
    policy = deployment_policy(deployment.index_url, deployment.egress_hosts)

    @asynccontextmanager
    async def egress(sink: EventSink) -> AsyncGenerator[Egress, None]:
        async with EgressProxy(sink) as proxy:
            yield Gates(proxy, sockets, policy)

    image = deployment.image or current_image()
    settings = ContainerSettings(deployment=deployment.label, image=image, runtime=deployment.runtime)
    workspaces = QuotaWorkspaces(deployment.data_dir / "workspaces") if deployment.disk_quota else None
    try:
        yield Adapters(
            runtime=DockerRuntime(engine, settings, sockets, deployment.agent_settings, workspaces),
            link=link,
            egress=egress,
            projects=DatabaseProjectStore(database),
            sandboxes=DatabaseSandboxStore(database),
            clock=SystemClock(),
        )
    finally:
        link.close()
        await engine.close()
        sockets.close()
        await database.close()
