"""The adapters of a deployment on one machine: a container engine, Unix sockets, and a database."""

import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from control_plane.adapters.clock import SystemClock
from control_plane.adapters.host_memory import LinuxHostMemory
from control_plane.adapters.socket_paths import SocketPaths
from control_plane.domain.egress import AllowedHost
from control_plane.ports import (
    AgentLink,
    AllowanceStore,
    ArchiveStore,
    AuditStore,
    Clock,
    Egress,
    EventSink,
    HiddenTestStore,
    HostMemory,
    IdentityStore,
    JsonReader,
    ProjectStore,
    SandboxRuntime,
    SandboxStore,
)

if TYPE_CHECKING:
    from control_plane.adapters.docker.engine import Engine
    from control_plane.adapters.docker.runtime import DockerRuntime
    from control_plane.adapters.handover import Sockets


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapters:
    """What fulfils the ports. ``egress`` is opened once there is somebody to tell of refusals."""

    runtime: SandboxRuntime
    link: AgentLink
    reader: JsonReader
    egress: Callable[[EventSink], AbstractAsyncContextManager[Egress]]
    projects: ProjectStore
    sandboxes: SandboxStore
    identity: IdentityStore
    audit: AuditStore
    archives: ArchiveStore
    test_rows: HiddenTestStore
    clock: Clock
    allowances: AllowanceStore
    packages: Sequence[AllowedHost] = ()
    """Hosts of the package index."""
    memory: HostMemory = field(default_factory=LinuxHostMemory)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDeployment:
    """What the local adapters need to know of the settings. With ``launcher_socket`` or ``egress_socket``, that role is a
    process of its own: it is asked, and what it does is not done here.
    """

    data_dir: Path
    database_url: str
    docker_host: str
    image: str
    """Empty: the one that is built from this version's sources."""
    disk_quota: bool
    runtime: str
    deployment: str
    index_url: str
    agent_settings: Mapping[str, Any]
    run_dir: Path | None = None
    agent_secret: str = ""
    launcher_socket: str = ""
    egress_socket: str = ""

    @property
    def label(self) -> str:
        """Label of this deployment's containers: two data directories on one engine never touch each other's."""
        return self.deployment or sha256(str(self.data_dir).encode()).hexdigest()[:12]


@asynccontextmanager
async def open_local(deployment: LocalDeployment) -> AsyncGenerator[Adapters, None]:
    """Open the adapters; what they hold is given back at the end, and the sandboxes go on."""
    from control_plane.adapters.agent_link.link import UnixAgentLink  # noqa: PLC0415  # only what a server needs
    from control_plane.adapters.database.allowance_store import DatabaseAllowanceStore  # noqa: PLC0415
    from control_plane.adapters.database.archive_store import DatabaseArchiveStore  # noqa: PLC0415
    from control_plane.adapters.database.hidden_test_store import DatabaseHiddenTestStore  # noqa: PLC0415
    from control_plane.adapters.database.identity_store import (  # noqa: PLC0415
        DatabaseAuditStore,
        DatabaseIdentityStore,
    )
    from control_plane.adapters.database.opening import file_of, open_database  # noqa: PLC0415
    from control_plane.adapters.database.stores import DatabaseProjectStore, DatabaseSandboxStore  # noqa: PLC0415
    from control_plane.adapters.egress.indexes import index_hosts  # noqa: PLC0415
    from control_plane.adapters.json_reader.reader import ProcessJsonReader  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        if file_of(deployment.database_url) is None:
            await stack.enter_async_context(_leading(deployment.database_url))
        database = open_database(deployment.database_url)
        stack.push_async_callback(database.close)
        engine = _asked_launcher(stack, deployment) if deployment.launcher_socket else _own_engine(stack, deployment)
        link = UnixAgentLink(engine.paths)
        stack.callback(link.close)
        reader = await stack.enter_async_context(ProcessJsonReader())
        clock = SystemClock()
        yield Adapters(
            runtime=engine.runtime,
            link=link,
            reader=reader,
            egress=partial(_egress, deployment, engine),
            projects=DatabaseProjectStore(database),
            sandboxes=DatabaseSandboxStore(database),
            identity=DatabaseIdentityStore(database),
            audit=DatabaseAuditStore(database),
            archives=DatabaseArchiveStore(database, clock.now),
            test_rows=DatabaseHiddenTestStore(database),
            clock=clock,
            allowances=DatabaseAllowanceStore(database),
            packages=index_hosts(deployment.index_url),
        )


def _leading(url: str) -> AbstractAsyncContextManager[None]:
    """Wait until no other control plane on this database server leads; a lead that is lost ends this process."""
    from control_plane.adapters.database.leadership import leading  # noqa: PLC0415
    from control_plane.adapters.database.opening import driver_url  # noqa: PLC0415

    return leading(driver_url(url), partial(signal.raise_signal, signal.SIGTERM))


@dataclass(frozen=True, slots=True, kw_only=True)
class _EngineSide:
    """The engine, however it is reached: its runtime, its sockets, and who makes the folder of a gate."""

    runtime: SandboxRuntime
    paths: SocketPaths
    prepare_gate: Callable[[str], Awaitable[None]]


def _asked_launcher(stack: AsyncExitStack, deployment: LocalDeployment) -> _EngineSide:
    """A launcher is asked for everything: here sockets are dialled and never bound."""
    from control_plane.adapters.launcher.client import LauncherRuntime  # noqa: PLC0415

    paths = SocketPaths(deployment.run_dir or deployment.data_dir / "run", deployment.agent_secret.encode())
    stack.callback(paths.close)
    launcher = LauncherRuntime(deployment.launcher_socket)
    return _EngineSide(runtime=launcher, paths=paths, prepare_gate=launcher.prepare_gate)


def _own_engine(stack: AsyncExitStack, deployment: LocalDeployment) -> _EngineSide:
    """This process talks to the engine and binds the sockets."""
    from control_plane.adapters.docker.engine import Engine  # noqa: PLC0415
    from control_plane.adapters.handover import Sockets  # noqa: PLC0415

    sockets = Sockets(deployment.data_dir, run=deployment.run_dir, secret=deployment.agent_secret.encode())
    stack.callback(sockets.close)
    engine = Engine(deployment.docker_host or None)
    stack.push_async_callback(engine.close)

    async def prepare_gate(project_id: str) -> None:
        sockets.prepare(project_id)

    runtime = docker_runtime(engine, sockets, deployment)
    stack.push_async_callback(runtime.close)
    return _EngineSide(runtime=runtime, paths=sockets, prepare_gate=prepare_gate)


def docker_runtime(engine: "Engine", sockets: "Sockets", deployment: LocalDeployment) -> "DockerRuntime":
    """Return the containers of a deployment, for whichever process talks to the engine."""
    from control_plane.adapters.docker.image import current_image  # noqa: PLC0415
    from control_plane.adapters.docker.mixed import MixedWorkspaces  # noqa: PLC0415
    from control_plane.adapters.docker.quota import QuotaWorkspaces  # noqa: PLC0415
    from control_plane.adapters.docker.runtime import DockerRuntime  # noqa: PLC0415
    from control_plane.adapters.docker.spec import ContainerSettings  # noqa: PLC0415
    from control_plane.adapters.docker.workspace import VolumeWorkspaces  # noqa: PLC0415
    from control_plane.adapters.egress.indexes import listing_url  # noqa: PLC0415

    image = deployment.image or current_image()
    settings = ContainerSettings(deployment=deployment.label, image=image, runtime=deployment.runtime)
    workspaces = None
    if deployment.disk_quota:
        quota = QuotaWorkspaces(deployment.data_dir / "workspaces")
        workspaces = MixedWorkspaces(quota, VolumeWorkspaces(engine, settings))
    agent_settings = {**deployment.agent_settings, "listing_url": listing_url(deployment.index_url)}
    return DockerRuntime(engine, settings, sockets, agent_settings, workspaces)


@asynccontextmanager
async def _egress(deployment: LocalDeployment, engine: _EngineSide, sink: EventSink) -> AsyncGenerator[Egress, None]:
    """Open the way out: the egress role's gates where there is one, else gates of this process."""
    from control_plane.adapters.egress.gates import Gates  # noqa: PLC0415
    from control_plane.adapters.egress.proxy import EgressProxy  # noqa: PLC0415
    from control_plane.adapters.egress.remote import open_remote_gates  # noqa: PLC0415

    if deployment.egress_socket:
        async with open_remote_gates(deployment.egress_socket, engine.prepare_gate, sink) as gates:
            yield gates
        return
    async with EgressProxy(sink) as proxy:
        yield Gates(proxy, engine.paths)
