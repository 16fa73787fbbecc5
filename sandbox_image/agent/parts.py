"""The composition root: starts the agent's parts, in the order in which they need each other."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from starlette.routing import BaseRoute

from sandbox_image.agent import about, environment, events, executor, files, language, project, terminal
from sandbox_image.agent.activity import Activity
from sandbox_image.agent.flow.routes import routes as run_routes
from sandbox_image.agent.flow.runs import Runs
from sandbox_image.agent.settings import AgentSettings
from sandbox_image.agent.usage import UsageReader
from sandbox_image.wire.events import FilesChanged


async def start_parts(stack: AsyncExitStack, settings: AgentSettings, activity: Activity) -> list[BaseRoute]:
    """Start every part on ``stack``, which ends them in reverse, and return the routes of all."""
    workspace = Path(settings.workspace)
    log = events.EventLog()
    watcher = await stack.enter_async_context(files.Watcher(workspace, log))
    store = await stack.enter_async_context(
        project.ProjectStore(workspace, log, name=settings.project_name, template=settings.template)
    )
    venv = await stack.enter_async_context(environment.Environment(workspace, log, settings))
    runner = await stack.enter_async_context(executor.Executor(venv, workspace))
    runs = await stack.enter_async_context(
        Runs(store, runner, venv, log, workspace, workers=max(1, round(settings.cores)))
    )
    tree = await stack.enter_async_context(files.Files(workspace, activity.touch))
    terminals = await stack.enter_async_context(
        terminal.Terminals(
            workspace,
            venv,
            log,
            idle_timeout=settings.terminal_idle_timeout_ms / 1000,
            max_session=settings.terminal_max_session_ms / 1000,
            touch=activity.touch,
        )
    )
    servers = await stack.enter_async_context(
        language.LanguageServers(
            workspace,
            venv,
            _PathWatcher(watcher),
            log,
            python_lsp=settings.python_lsp,
            max_restarts=settings.lsp_max_restarts,
            restart_window_ms=settings.lsp_restart_window_ms,
            idle_ttl_ms=settings.lsp_idle_ttl_ms,
        )
    )
    watcher.subscribe(lambda changes: store.files_changed([*changes.changed, *changes.deleted]))
    for source in (venv.busy, runs.busy, terminals.busy):
        activity.add_source(source)
    return [
        *about.routes(activity, UsageReader(workspace), lambda: venv.status),
        *events.routes(log),
        *project.routes(store),
        *environment.routes(venv),
        *run_routes(runs),
        *files.routes(tree),
        *terminal.routes(terminals),
        *language.routes(servers),
    ]


class _PathWatcher:
    """The watcher, for those who want two lists of paths."""

    def __init__(self, watcher: files.Watcher) -> None:
        self._watcher = watcher

    def subscribe(self, callback: Callable[[list[str], list[str]], None]) -> Callable[[], None]:
        """Call ``callback`` with what changed and what is gone, until what is returned is called."""

        def tell(changes: FilesChanged) -> None:
            callback(changes.changed, changes.deleted)

        return self._watcher.subscribe(tell)
