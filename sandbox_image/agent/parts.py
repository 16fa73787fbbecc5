"""The composition root: starts the agent's parts, in the order in which they need each other."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from starlette.routing import BaseRoute

from sandbox_image.agent import about, environment, events, executor, files, language, preview, project, terminal
from sandbox_image.agent.activity import Activity
from sandbox_image.agent.flow.routes import routes as run_routes
from sandbox_image.agent.flow.runs import Runs
from sandbox_image.agent.settings import AgentSettings
from sandbox_image.agent.usage import UsageReader
from sandbox_image.wire.events import FilesChanged


async def start_parts(
    stack: AsyncExitStack,
    settings: AgentSettings,
    activity: Activity,
    first: asyncio.Task[executor.Zygote | None] | None = None,
) -> tuple[list[BaseRoute], Callable[[], None]]:
    """Start every part on ``stack``, which ends them in reverse. Returns the routes of all, and what ends the runs."""
    start = stack.enter_async_context
    workspace = Path(settings.workspace)
    log = events.EventLog()
    forwarder = None
    if settings.has_egress:
        from sandbox_image.agent.egress import EgressForwarder

        forwarder = await start(EgressForwarder(settings.egress_socket, settings.egress_port))
    watcher = await start(files.Watcher(workspace, log))
    store = await start(project.ProjectStore(workspace, log, name=settings.project_name, template=settings.template))
    watcher.subscribe(lambda changes: store.files_changed([*changes.changed, *changes.deleted], changes.overflow))
    venv = await start(environment.Environment(workspace, log, settings))
    store.on_import(venv.sync)
    watcher.subscribe(lambda changes: venv.files_changed([*changes.changed, *changes.deleted], changes.overflow))
    runner = await start(executor.Executor(venv, workspace, first))
    runs = await start(Runs(store, runner, venv, log, workspace, workers=max(1, round(settings.cores))))
    tree = await start(files.Files(workspace, activity.touch))
    terminals = await start(_terminals(workspace, venv, log, settings, activity))
    if forwarder is not None:
        forwarder.on_refused(terminals.explain)
    servers = await start(_language_servers(workspace, venv, watcher, log, settings))
    previews = preview.Preview(frozenset({settings.egress_port}))
    for source in (venv.busy, runs.busy, terminals.busy, previews.busy):
        activity.add_source(source)
    served = [
        *about.routes(activity, UsageReader(workspace), lambda: venv.status),
        *events.routes(log),
        *project.routes(store),
        *environment.routes(venv),
        *run_routes(runs),
        *files.routes(tree),
        *terminal.routes(terminals),
        *language.routes(servers),
        *preview.routes(previews),
    ]
    return served, runs.stop


def _terminals(
    workspace: Path,
    venv: environment.Environment,
    log: events.EventLog,
    settings: AgentSettings,
    activity: Activity,
) -> terminal.Terminals:
    return terminal.Terminals(
        workspace,
        venv,
        log,
        idle_timeout=settings.terminal_idle_timeout_ms / 1000,
        max_session=settings.terminal_max_session_ms / 1000,
        touch=activity.touch,
    )


def _language_servers(
    workspace: Path,
    venv: environment.Environment,
    watcher: files.Watcher,
    log: events.EventLog,
    settings: AgentSettings,
) -> language.LanguageServers:
    return language.LanguageServers(
        workspace,
        venv,
        _PathWatcher(watcher),
        log,
        python_lsp=settings.python_lsp,
        max_restarts=settings.lsp_max_restarts,
        restart_window_ms=settings.lsp_restart_window_ms,
        idle_ttl_ms=settings.lsp_idle_ttl_ms,
    )


class _PathWatcher:
    """The watcher, for those who want two lists of paths."""

    def __init__(self, watcher: files.Watcher) -> None:
        self._watcher = watcher

    def subscribe(self, callback: Callable[[list[str], list[str]], None]) -> Callable[[], None]:
        """Call ``callback`` with what changed and what is gone, until what is returned is called."""

        def tell(changes: FilesChanged) -> None:
            callback(changes.changed, changes.deleted)

        return self._watcher.subscribe(tell)
