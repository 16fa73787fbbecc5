"""The composition root: builds the services from settings and adapters, and the ASGI application around them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from locale import LC_CTYPE, getlocale
from typing import Final

import structlog
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.responses import Response

from control_plane import __version__
from control_plane.adapters.local import Adapters, LocalDeployment, open_local
from control_plane.api import error_handlers
from control_plane.api.client_address import ClientAddresses
from control_plane.api.dependencies import Call, Services, answer
from control_plane.api.front_end import FrontEnd
from control_plane.api.middleware import Edge
from control_plane.api.operation import Operation, register
from control_plane.api.preview.app import PreviewApp
from control_plane.api.routes import operations
from control_plane.api.sockets import routes as socket_routes
from control_plane.coursework import loops_of, open_coursework
from control_plane.domain.access import Policy
from control_plane.domain.errors import StoreUnavailable
from control_plane.domain.people import LOCAL_PERSON
from control_plane.hosting import forget_gone_projects, know_people, open_entrance
from control_plane.ports import Egress, EventSink, Tracer
from control_plane.services.audit import AuditLog
from control_plane.services.deletions import Deletions
from control_plane.services.events.event_checks import EventChecks
from control_plane.services.events.event_hub import EventHub
from control_plane.services.events.observed_events import ObservedEvents
from control_plane.services.large_bodies import LargeBodies
from control_plane.services.metrics import Metrics
from control_plane.services.open_sockets import OpenSockets
from control_plane.services.opened_projects import OpenedProjects
from control_plane.services.preview_tickets import PreviewTickets
from control_plane.services.project_registry import ProjectRegistry
from control_plane.services.projects import Projects
from control_plane.services.sandboxes.allowances import Allowances, Deployment
from control_plane.services.sandboxes.enforcement import Enforcement
from control_plane.services.sandboxes.engine_watch import EngineWatch
from control_plane.services.sandboxes.life_policy import LifePolicy
from control_plane.services.sandboxes.reaper import Reaper
from control_plane.services.sandboxes.reconciler import Reconciler
from control_plane.services.sandboxes.sandboxes import Sandboxes
from control_plane.services.sandboxes.traffic import TrafficCount
from control_plane.services.tracing import Tracing
from control_plane.settings import Settings
from control_plane.settings_in_force import settings_in_force

log = structlog.stdlib.get_logger()

OpenAdapters = Callable[[Settings], AbstractAsyncContextManager[Adapters]]
RESTART_AFTER_SEC: Final = 5.0
NO_TELEMETRY: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""FastAPI's own would tell a collector what people sent; ours tells ids."""
WELCOMED: Final = "welcomed"
"""File in the data directory that says that the first start was."""


def local_adapters(settings: Settings) -> AbstractAsyncContextManager[Adapters]:
    """Open the adapters of a deployment on one machine."""
    return open_local(deployment_of(settings))


def metrics_port(settings: Settings, services: Services) -> AbstractAsyncContextManager[None]:
    """Serve the figures on a port of their own."""
    from control_plane.api.metrics_port import serving_metrics  # noqa: PLC0415  # only where it is wanted

    return serving_metrics(services, settings.metrics_host, settings.metrics_port)


def open_tracer(settings: Settings) -> AbstractAsyncContextManager[Tracer]:
    """Open the way to the collector of traces."""
    from control_plane.adapters.otlp import open_otlp  # noqa: PLC0415  # slow to import, and only where it is wanted

    return open_otlp(settings.otlp_endpoint, __version__, settings.deployment)


def deployment_of(settings: Settings) -> LocalDeployment:
    """Return what the adapters need to know of the settings."""
    return LocalDeployment(
        data_dir=settings.data_dir,
        database_url=settings.database,
        docker_host=settings.docker_host,
        image=settings.image,
        disk_quota=settings.disk_quota,
        runtime=settings.runtime,
        deployment=settings.deployment,
        index_url=settings.index_url,
        agent_settings=settings.agent_settings(),
        run_dir=settings.run_dir,
        agent_secret=settings.agent_secret,
        launcher_socket=settings.launcher_socket,
        egress_socket=settings.egress_socket,
    )


def create_app(settings: Settings, open_adapters: OpenAdapters = local_adapters) -> FastAPI:
    """Build the application. Nothing is opened before its lifespan begins."""
    metrics, tracing = Metrics(), Tracing()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        async with AsyncExitStack() as stack:
            if settings.otlp_endpoint:
                tracing.to(await stack.enter_async_context(open_tracer(settings)))
            adapters = await stack.enter_async_context(open_adapters(settings))
            opened = await open_services(stack, settings, adapters, metrics, tracing)
            app.state.services = opened.services
            await stack.enter_async_context(background(settings, adapters, opened))
            if settings.metrics_port:
                await stack.enter_async_context(metrics_port(settings, opened.services))
            yield

    app = FastAPI(
        title="AIM-Forge",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        telemetry=NO_TELEMETRY,
    )
    error_handlers.install(app)
    for operation in (*operations(), document_operation(app)):
        register(app, operation)
    app.router.routes.extend(socket_routes())
    for operation in FrontEnd(settings.frontend_dir).operations():
        register(app, operation)
    app.add_middleware(Edge, answered=metrics.answered, tracing=tracing)
    if settings.preview_host:
        app.add_middleware(PreviewApp, suffix=f".{settings.preview_host}", over_tls=settings.over_tls)
    return app


def document_operation(app: FastAPI) -> Operation:
    """Return the route of the OpenAPI document, which is built when it is first asked for."""

    async def document(_: Call) -> Response:
        from control_plane.api.document import build  # noqa: PLC0415  # rarely asked for

        return answer(build(app, __version__))

    return Operation(
        id="get_openapi",
        method="GET",
        path="/api/openapi.json",
        policy=Policy.PUBLIC,
        tag="session",
        summary="This document",
        endpoint=document,
        hidden=True,
    )


def template_names() -> frozenset[str]:
    """Return the names of the templates that come with the sandbox image."""
    folder = files("sandbox_image") / "templates"
    names = {entry.name for entry in folder.iterdir() if entry.is_dir()} if folder.is_dir() else set[str]()
    return frozenset(name for name in names if not name.startswith(("_", "."))) | {"empty"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The services, and the loops that have to run beside them, by name."""

    services: Services
    loops: dict[str, Callable[[], Awaitable[None]]]


async def open_services(
    stack: AsyncExitStack, settings: Settings, adapters: Adapters, metrics: Metrics, tracing: Tracing
) -> Opened:
    """Build the services in the order of their needs, read the database, and go on with what was interrupted."""
    clock, link = adapters.clock, adapters.link
    registry = ProjectRegistry(adapters.projects)
    await registry.load()
    checks = EventChecks(adapters.reader)
    hub = await stack.enter_async_context(EventHub(link, checks, clock))
    audit = AuditLog(adapters.audit, clock, settings.audit_days)
    opened = OpenedProjects(registry, adapters.projects, clock)
    stack.push_async_callback(flush, audit, opened)
    sink = ObservedEvents(hub, audit, metrics, clock, tracing)
    egress = await stack.enter_async_context(adapters.egress(sink))
    deployment = Deployment(base=settings.allowance, most=settings.most, packages=adapters.packages)
    allowances = Allowances(adapters.allowances, registry, deployment, clock)
    await allowances.load()
    sandboxes = await open_sandboxes(stack, settings, adapters, egress, sink, registry, allowances)
    hub.follow(sandboxes.address_of)
    deletions = await stack.enter_async_context(
        Deletions(
            registry,
            sandboxes,
            adapters.runtime,
            hub,
            clock,
            settings.delete_grace_sec,
            allowances.check_restorable,
        )
    )
    deletions.resume()
    projects = Projects(
        registry,
        sandboxes,
        deletions,
        link,
        clock,
        limits=settings.limits,
        uid_base=settings.uid_base,
        templates=template_names(),
        check_room=allowances.check_projects,
    )
    engine = EngineWatch(adapters.runtime, clock, sandboxes.retry_starts)
    sockets = OpenSockets(settings.max_sockets)
    entrance = await open_entrance(settings, adapters, registry, sockets, audit, hub)
    enforcement = Enforcement(sandboxes, allowances, egress, clock)
    traffic = TrafficCount(egress, metrics, clock)
    if entrance.hosted is not None:
        know_people(allowances, enforcement, entrance.hosted)
    coursework = None
    if entrance.hosted is not None and entrance.directory is not None:
        await forget_gone_projects(deletions, registry, entrance.directory)
        coursework = await open_coursework(
            stack,
            settings,
            adapters,
            entrance.directory,
            entrance.hosted.courses,
            registry,
            projects,
            sandboxes,
            deletions,
            allowances,
            audit,
        )
    services = Services(
        guard=entrance.guard,
        people=entrance.people,
        registry=registry,
        projects=projects,
        opened=opened,
        deletions=deletions,
        sandboxes=sandboxes,
        allowances=allowances,
        enforcement=enforcement,
        egress=egress,
        traffic=traffic,
        hub=hub,
        link=link,
        open_sockets=sockets,
        previews=PreviewTickets(settings.local_token().encode(), clock),
        preview_host=settings.preview_host,
        audit=audit,
        metrics=metrics,
        engine=engine,
        reader=adapters.reader,
        event_checks=checks,
        large_bodies=LargeBodies(),
        addresses=ClientAddresses(settings.trusted_proxies),
        settings=lambda: settings_in_force(settings, engine.unenforced),
        tracing=tracing,
        hosted=entrance.hosted,
        coursework=coursework,
    )
    return Opened(
        services=services,
        loops={
            "audit": audit.run,
            "opened": opened.run,
            "enforcement": enforcement.run,
            "traffic": traffic.run,
            "engine": engine.run,
            **entrance.loops,
            **loops_of(coursework),
        },
    )


async def open_sandboxes(
    stack: AsyncExitStack,
    settings: Settings,
    adapters: Adapters,
    egress: Egress,
    sink: EventSink,
    registry: ProjectRegistry,
    allowances: Allowances,
) -> Sandboxes:
    """Build the service of sandboxes, and read what is stored of them."""
    policy = LifePolicy(
        idle_pause_sec=settings.idle_pause_sec,
        idle_stop_sec=settings.idle_stop_sec,
        max_age_sec=settings.max_age_sec,
        countdown_sec=settings.countdown_sec,
        max_running=settings.max_running,
        start_concurrency=settings.start_concurrency,
        start_queue=settings.start_queue,
        least_memory=settings.least_memory,
        most=settings.most,
    )
    sandboxes = Sandboxes(
        adapters.runtime,
        adapters.link,
        egress,
        adapters.sandboxes,
        sink,
        adapters.clock,
        policy,
        registry.name_of,
        allowances,
        adapters.memory,
    )
    await stack.enter_async_context(sandboxes)
    await sandboxes.load()
    return sandboxes


async def flush(audit: AuditLog, opened: OpenedProjects) -> None:
    """Write what still waits, at the end."""
    try:
        await opened.flush()
        await audit.flush()
    except StoreUnavailable as error:
        log.warning("audit_lost", message=error.message)


@asynccontextmanager
async def background(settings: Settings, adapters: Adapters, opened: Opened) -> AsyncGenerator[None, None]:
    """Run the reaper, the reconciler, the services' loops and the first start's welcome beside the application."""
    services, clock = opened.services, adapters.clock
    sandboxes = services.sandboxes
    reaper = Reaper(sandboxes, services.link, clock, settings.reap_sec, lambda: services.engine.can_pause)
    reconciler = Reconciler(
        adapters.runtime, services.link, sandboxes, services.deletions, adapters.projects, clock, settings.reconcile_sec
    )
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(keep_running("reaper", reaper.run)),
            group.create_task(keep_running("reconciler", reconciler.run)),
            group.create_task(keep_running("ends", reconciler.watch_ends)),
            group.create_task(keep_running("unreached", reconciler.watch_unreached)),
            *(group.create_task(keep_running(name, loop)) for name, loop in opened.loops.items()),
        ]
        if services.hosted is None:
            await welcome(settings, services)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def keep_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run a background loop until cancelled; a fault of ours in it is logged and must not end it for good."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("background_failed", name=name)
        await asyncio.sleep(RESTART_AFTER_SEC)


async def welcome(settings: Settings, services: Services) -> None:
    """Create the Welcome project at the first start, and begin to start its sandbox."""
    marker = settings.data_dir / WELCOMED
    if marker.exists():
        return
    name, template = welcome_in(getlocale(LC_CTYPE)[0] or "")
    if not services.registry.all() and template in services.projects.templates:
        record = await services.projects.make(LOCAL_PERSON, name, template)
        services.sandboxes.open_soon(record.id)
    marker.touch()


def welcome_in(language: str) -> tuple[str, str]:
    """Return the Welcome project's name and template for the server's locale (``ko_KR``), which in local mode is the person's.

    It is made before a browser could tell: its sandbox is to be there when one comes.
    """
    return ("시작하기", "welcome-ko") if language.lower().startswith("ko") else ("Welcome", "welcome")
