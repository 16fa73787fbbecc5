"""The services of the control plane on fakes, put together as the app does it."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field

from control_plane.domain.allowance import Allowance
from control_plane.domain.courses import Assignment
from control_plane.domain.egress import EgressMode, parse_allowed_host
from control_plane.domain.people import LOCAL_PERSON
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import Limits, SandboxState
from control_plane.ports import Container
from control_plane.services.deletions import Deletions
from control_plane.services.events.event_checks import EventChecks
from control_plane.services.events.event_hub import EventHub
from control_plane.services.project_registry import ProjectRegistry
from control_plane.services.projects import Projects
from control_plane.services.sandboxes.allowances import Allowances, Deployment
from control_plane.services.sandboxes.enforcement import Enforcement
from control_plane.services.sandboxes.life_policy import LifePolicy
from control_plane.services.sandboxes.reaper import Reaper
from control_plane.services.sandboxes.reconciler import Reconciler
from control_plane.services.sandboxes.sandboxes import Sandboxes
from tests.fakes.agent_link import FakeAgentLink
from tests.fakes.archives import FakeArchiveStore, FakeHiddenTestStore
from tests.fakes.clock import FakeClock
from tests.fakes.egress import FakeEgress
from tests.fakes.host_memory import FakeHostMemory
from tests.fakes.identity import FakeAuditStore, FakeIdentityStore
from tests.fakes.json_reader import FakeJsonReader
from tests.fakes.runtime import FakeRuntime
from tests.fakes.stores import FakeAllowanceStore, FakeDatabase, FakeProjectStore, FakeSandboxStore

GRACE_SEC = 60.0
BASE = Allowance(**asdict(Limits()), at_once=0, run_sec=3600.0, egress=EgressMode.HOSTS, bytes_per_sec=0)
POLICY = LifePolicy(
    idle_pause_sec=100, idle_stop_sec=200, max_age_sec=1000, countdown_sec=20, max_running=3, start_concurrency=2
)


@dataclass
class Outside:
    """What outlives the control plane's process: the engine, the database, the agents."""

    runtime: FakeRuntime = field(default_factory=FakeRuntime)
    database: FakeDatabase = field(default_factory=FakeDatabase)
    link: FakeAgentLink = field(default_factory=FakeAgentLink)
    egress: FakeEgress = field(default_factory=FakeEgress)
    clock: FakeClock = field(default_factory=FakeClock)
    memory: FakeHostMemory = field(default_factory=FakeHostMemory)
    identity: FakeIdentityStore = field(init=False)
    audit: FakeAuditStore = field(init=False)
    archives: FakeArchiveStore = field(init=False)
    test_rows: FakeHiddenTestStore = field(init=False)

    def __post_init__(self) -> None:
        self.identity, self.audit = FakeIdentityStore(self.database), FakeAuditStore(self.database)
        self.archives = FakeArchiveStore(self.database, self.clock.now)
        self.test_rows = FakeHiddenTestStore(self.database, lambda id_: id_ in self.identity.identity.all(Assignment))


@dataclass
class World:
    """One process of the control plane."""

    outside: Outside
    registry: ProjectRegistry
    hub: EventHub
    sandboxes: Sandboxes
    deletions: Deletions
    projects: Projects
    reaper: Reaper
    reconciler: Reconciler
    allowances: Allowances
    enforcement: Enforcement

    @property
    def runtime(self) -> FakeRuntime:
        """The engine."""
        return self.outside.runtime

    @property
    def clock(self) -> FakeClock:
        """The clock."""
        return self.outside.clock

    @property
    def link(self) -> FakeAgentLink:
        """The way to the agents."""
        return self.outside.link

    async def make(self, name: str = "Weather") -> ProjectRecord:
        """Create a project of the local person."""
        return await self.projects.make(LOCAL_PERSON, name)

    async def ready(self, name: str = "Weather") -> str:
        """Create a project, make its sandbox ready, and return its id."""
        record = await self.make(name)
        await self.sandboxes.ensure_ready(record.id)
        return record.id

    def state(self, project_id: str) -> SandboxState:
        """State of a sandbox in memory, which the database must agree with."""
        state = self.sandboxes.entry(project_id).state
        assert self.outside.database.sandboxes[project_id].state is state
        return state

    def container(self, project_id: str) -> Container:
        """The container of a project."""
        (container,) = [c for c in self.runtime.containers.values() if c.project_id == project_id]
        return container


@asynccontextmanager
async def open_world(outside: Outside | None = None, policy: LifePolicy = POLICY) -> AsyncGenerator[World]:
    """Start a control plane on what is outside; leaving ends the process, and the outside stays as it is."""
    outside = outside or Outside()
    clock, link = outside.clock, outside.link
    projects_store = FakeProjectStore(outside.database)
    async with AsyncExitStack() as stack:
        registry = ProjectRegistry(projects_store)
        await registry.load()
        hub = await stack.enter_async_context(EventHub(link, EventChecks(FakeJsonReader()), clock))
        deployment = Deployment(base=BASE, most=policy.most, packages=(parse_allowed_host("index.example"),))
        allowances = Allowances(FakeAllowanceStore(outside.database), registry, deployment, clock)
        await allowances.load()
        sandboxes = await stack.enter_async_context(
            Sandboxes(
                outside.runtime,
                link,
                outside.egress,
                FakeSandboxStore(outside.database),
                hub,
                clock,
                policy,
                registry.name_of,
                allowances,
                outside.memory,
            )
        )
        await sandboxes.load()
        hub.follow(sandboxes.address_of)
        deletions = await stack.enter_async_context(
            Deletions(registry, sandboxes, outside.runtime, hub, clock, GRACE_SEC)
        )
        projects = Projects(
            registry,
            sandboxes,
            deletions,
            link,
            clock,
            limits=Limits(),
            uid_base=200_000,
            templates=frozenset({"empty", "welcome"}),
        )
        yield World(
            outside,
            registry,
            hub,
            sandboxes,
            deletions,
            projects,
            Reaper(sandboxes, link, clock, 5.0),
            Reconciler(outside.runtime, outside.link, sandboxes, deletions, projects_store, clock, 60.0),
            allowances,
            Enforcement(sandboxes, allowances, outside.egress, clock),
        )
