"""The environment as the other parts see it: its interpreter, its state, and when its packages change."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.events import EventLog
from sandbox_image.agent.settings import AgentSettings
from sandbox_image.wire.environment import Package, PackageLookup, PackageSearch, VenvState, VenvStatus
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.events import Venv

from . import requirements
from .distributions import Installed, difference, fingerprint, installed, normalized, site_packages
from .folder_watch import FolderWatch
from .installation import installation_over
from .maker import VenvMaker
from .package_names import PackageNames
from .uv import UvFailed

logger = logging.getLogger(__name__)

LOG_LINES: Final = 200
LOST: Final = "The environment was deleted. Making it anew"
BUSY: Final = frozenset({VenvState.CREATING, VenvState.INSTALLING})


class Environment:
    """Makes, changes and watches the project's environment. An async context manager that owns its tasks."""

    def __init__(self, workspace: Path, events: EventLog, settings: AgentSettings | None = None) -> None:
        self._events = events
        settings = settings or AgentSettings(workspace=str(workspace))
        self._maker = VenvMaker(workspace, settings)
        self._names = PackageNames(workspace, settings)
        self._status = VenvStatus(status=VenvState.NOT_STARTED)
        self._installed = Installed({})
        self._callbacks: list[Callable[[], None]] = []
        self._settled = asyncio.Event()
        """Cleared while the environment is made, not while packages are added to it."""
        self._usable = False
        self._again = False
        """Set when an import brought other requirements while an operation ran."""
        self._outdated = False
        self._made = asyncio.Event()
        self._tasks = asyncio.TaskGroup()
        self._own: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Environment":
        await self._tasks.__aenter__()
        self._start(self._watch())
        if self._maker.is_complete():
            self._usable = True
            self._look()
            self._finish(VenvState.COMPLETED, "")
        else:
            self._begin(VenvState.CREATING, "Creating the environment", self._maker.create)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for task in self._own:
            task.cancel()
        await self._tasks.__aexit__(None, None, None)

    @property
    def python(self) -> Path:
        """The interpreter of the project, whether or not it exists yet."""
        return self._maker.python

    @property
    def fingerprint(self) -> str:
        """Digest of the interpreter and what is installed; part of every cache key."""
        return fingerprint(self._maker.interpreter(), self._installed.packages)

    @property
    def status(self) -> VenvStatus:
        """Answer of ``GET /environment``."""
        return replace(
            self._status,
            python=str(self.python),
            fingerprint=self.fingerprint,
            usable=self._usable and self._maker.is_there(),
            outdated=self._outdated,
        )

    async def ready(self) -> None:
        """Wait until the environment is made, or until that has failed; ``status`` says which."""
        self._replace_lost()  # who asks now need not wait until the watch has seen it
        while not self._settled.is_set():
            await self._settled.wait()

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back after each change of packages, from whatever source. The callback must not wait."""
        self._callbacks.append(callback)

    def packages(self) -> list[Package]:
        """What is installed, by name."""
        required = requirements.names_in(self._maker.requirements())
        return [
            Package(name=one.name, version=one.version, required=name in required)
            for name, one in sorted(self._installed.packages.items())
        ]

    async def lookup(self, name: str) -> PackageLookup:
        """Tell what installing a package by its name would bring. Raises INVALID for what is no name."""
        wanted = normalized(requirements.checked_name(name))
        try:
            return PackageLookup(name=wanted, version=await self._maker.latest(wanted))
        except UvFailed as failed:
            return PackageLookup(name=wanted, message=str(failed))

    async def search(self, text: str, *, read: bool) -> PackageSearch:
        """Packages with ``text`` in their name. With ``read``, the index's list is read where it is missing or old."""
        if read and self._names.is_wanted():
            self._start(self._names.read())
            await asyncio.sleep(0)
        return await self._names.find(text, self.available())

    def available(self) -> list[Package]:
        """What can be installed without a network, by name."""
        return self._maker.wheels()

    def busy(self) -> list[str]:
        """Why a sandbox must not be paused now."""
        return [self._status.message] if self._status.status in BUSY else []

    def recreate(self) -> VenvStatus:
        """Make the environment anew from ``requirements.txt``. Raises CONFLICT while another operation runs."""
        self._refuse_busy()
        self._settled.clear()
        self._usable = False
        return self._begin(VenvState.CREATING, "Creating the environment", self._maker.recreate)

    def sync(self) -> None:
        """Install what ``requirements.txt`` asks for, now or after the operation under way, unless that was done."""
        if self._status.status in BUSY:
            self._again = True
        elif not self._maker.is_complete():
            # A run that is asked for now means what the new requirements give.
            self._settled.clear()
            self._begin(VenvState.INSTALLING, "Installing what requirements.txt asks for", self._maker.create)

    def files_changed(self, paths: Collection[str], overflow: bool) -> None:
        """Files of the workspace changed, ``paths`` or, on ``overflow``, any: see whether the requirements are others now."""
        concerned = overflow or not self._maker.requirement_files.isdisjoint(paths)
        if concerned and self._status.status not in BUSY:
            before, self._outdated = self._outdated, not self._maker.is_current()
            if self._outdated != before:
                self._set(self._status)

    def install_required(self) -> VenvStatus:
        """Install what ``requirements.txt`` asks for. Raises CONFLICT while another operation runs.

        What it asks for no longer stays, since other packages may need it; ``recreate`` leaves it out.
        """
        self._refuse_busy()
        message = "Installing what requirements.txt asks for"
        return self._begin(VenvState.INSTALLING, message, self._maker.create)

    def install(self, wanted: Sequence[str]) -> VenvStatus:
        """Install requirements and write them down. Raises INVALID, CONFLICT."""
        checked = [requirements.checked(requirement) for requirement in wanted]
        if not checked:
            raise AgentError(ErrorCode.INVALID, "Say what to install.", field="requirements")
        self._refuse_busy()

        async def work(on_line: Callable[[str], None]) -> None:
            await self._maker.install(checked, on_line)

        return self._begin(VenvState.INSTALLING, f"Installing {', '.join(checked)}"[:300], work)

    def uninstall(self, name: str) -> VenvStatus:
        """Uninstall a package and take it out of ``requirements.txt``. Raises NOT_FOUND, CONFLICT.

        One that is required but could not be installed is only taken out, and the rest is installed.
        """
        there = normalized(name) in self._installed.packages
        if not there and normalized(name) not in requirements.names_in(self._maker.requirements()):
            raise AgentError(ErrorCode.NOT_FOUND, f"{name[:100]!r} is not installed.", package=name[:100])
        self._refuse_busy()

        async def work(on_line: Callable[[str], None]) -> None:
            await self._maker.uninstall(normalized(name), on_line, there=there)

        return self._begin(VenvState.INSTALLING, f"Uninstalling {name}", work)

    # ── Operations ───────────────────────────────────────────────────────────────────────────────────────────

    def _refuse_busy(self) -> None:
        if self._status.status in BUSY:
            message = f"{self._status.message} is not done yet. Wait for it, then try again."
            raise AgentError(ErrorCode.CONFLICT, message, status=self._status.status)

    def _begin(
        self, state: VenvState, message: str, work: Callable[[Callable[[str], None]], Awaitable[None]]
    ) -> VenvStatus:
        self._set(VenvStatus(status=state, message=message))
        self._start(self._operate(work))
        return self.status

    async def _operate(self, work: Callable[[Callable[[str], None]], Awaitable[None]]) -> None:
        try:
            await work(self._heard)
        except UvFailed as failed:
            message, state = str(failed), VenvState.FAILED
        except OSError as error:
            message, state = f"The environment could not be made: {error.strerror}.", VenvState.FAILED
        except AgentError as error:
            message, state = error.message, VenvState.FAILED
        else:
            message, state = "", VenvState.COMPLETED
            self._usable = True
        # What an installation brought is known before it is called done.
        self._look()
        self._made.set()
        self._finish(state, message)
        if self._again:
            self._again = False
            self._settled.set()
            self.sync()

    def _heard(self, line: str) -> None:
        """uv wrote a line: keep it, and tell by it how far things are."""
        progress, message, state = self._status.progress, self._status.message, self._status.status
        for start, (reached, said) in STEPS.items():
            if line.startswith(start) and reached > progress:
                progress, message = reached, said or message
                state = VenvState.INSTALLING
        log = [*self._status.log, line][-LOG_LINES:]
        self._set(replace(self._status, status=state, progress=progress, message=message, log=log))

    def _finish(self, state: VenvState, message: str) -> None:
        self._outdated = not self._maker.is_current()
        progress = 1.0 if state is VenvState.COMPLETED else self._status.progress
        self._set(replace(self._status, status=state, progress=progress, message=message))
        if not self._again:
            self._settled.set()

    def _set(self, status: VenvStatus) -> None:
        self._status = status
        # The stream carries the last lines only: each event would repeat the whole log otherwise.
        self._events.publish(Venv(venv=replace(self.status, log=status.log[-5:])))

    # ── Packages ─────────────────────────────────────────────────────────────────────────────────────────────

    def _look(self) -> None:
        """See what is installed now, and tell everybody when that changed."""
        before, self._installed = self._installed, installed(site_packages(self._maker.venv))
        changed = difference(before.packages, self._installed.packages)
        if changed is None:
            return
        self._events.publish(replace(changed, fingerprint=self.fingerprint))
        for callback in self._callbacks:
            callback()

    async def _watch(self) -> None:
        """Look whenever names in ``site-packages`` changed, whoever did it, and make anew what somebody deleted."""
        with FolderWatch() as watch:
            while True:
                self._replace_lost()
                folder = site_packages(self._maker.venv)
                if folder is None:
                    self._made.clear()
                    await self._made.wait()
                    continue
                # A distribution without RECORD is half done: its own folder tells when it gets one.
                watch.watch([self._maker.venv, self.python.parent, folder, *self._installed.unfinished])
                await watch.changed()
                await installation_over(watch, folder, self._installed.unfinished)
                # What an operation of ours does half-way is nobody's business; it looks itself at its end.
                if self._status.status not in BUSY:
                    self._look()

    def _replace_lost(self) -> None:
        """Make the environment anew when it was there and is no more: a run that is asked for now waits for it."""
        if self._usable and not self._maker.is_there() and self._status.status not in BUSY:
            self._usable = False
            self._settled.clear()
            self._begin(VenvState.CREATING, LOST, self._maker.create)

    def _start(self, work: "Awaitable[None]") -> None:
        async def run() -> None:
            await work

        task = self._tasks.create_task(run())
        self._own.add(task)
        task.add_done_callback(self._own.discard)


STEPS: Final[dict[str, tuple[float, str]]] = {
    "Creating virtual environment": (0.1, ""),
    "Using Python": (0.15, ""),
    "Resolved": (0.4, "Downloading packages"),
    "Prepared": (0.8, "Installing packages"),
    "Uninstalled": (0.85, ""),
    "Installed": (0.95, ""),
}
"""Starts of uv's lines, with the progress that they mean and what is said then."""
