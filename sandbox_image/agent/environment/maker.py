"""Makes and fills the virtual environment in ``.aimforge/venv``."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.project.folder import Folder
from sandbox_image.agent.settings import AgentSettings
from sandbox_image.wire.environment import Package

from . import requirements
from .included_files import followed
from .requirements import MAX_REQUIREMENTS_FILE, REQUIREMENTS_FILE
from .uv import Uv, UvFailed
from .wheelhouse import wheels_in

OnLine = Callable[[str], None]

_NEXT: Final = ".aimforge/requirements.next.txt"
_MARK: Final = ".aimforge/venv.complete"
"""Digest of the requirements that the environment was made of; missing while it is made."""


class VenvMaker:
    """The steps by which the environment changes. Raises ``UvFailed`` and ``OSError``."""

    def __init__(self, workspace: Path, settings: AgentSettings) -> None:
        self._folder = Folder(workspace)
        self._workspace = workspace
        self._settings = settings
        self._cache = workspace / ".aimforge" / "uv-cache"
        self._uv = Uv(settings, workspace, self._cache)
        self.venv = workspace / ".aimforge" / "venv"
        self.requirement_files = frozenset({REQUIREMENTS_FILE})
        """Paths below the workspace whose contents decide what is asked for, as they were when they were read last."""

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.venv / "bin" / "python"

    def interpreter(self) -> str:
        """Which interpreter the environment uses; a new one, after an update of the image, has another name."""
        return os.path.realpath(self.python)

    def is_there(self) -> bool:
        """True when there is an interpreter, whatever is installed for it."""
        return self.python.exists()

    def is_complete(self) -> bool:
        """True when the environment was made of the requirements as they are now, and its interpreter still exists."""
        return self.is_there() and self.is_current()

    def is_current(self) -> bool:
        """True when ``requirements.txt`` asks for what was installed from it last."""
        try:
            mark, _ = self._folder.read(_MARK, 1000)
            return mark.decode(errors="replace") == self._digest()
        except OSError:
            return False

    def requirements(self) -> str:
        """The text of ``requirements.txt``, empty without one."""
        try:
            return self._folder.read(REQUIREMENTS_FILE, MAX_REQUIREMENTS_FILE)[0].decode(errors="replace")
        except FileNotFoundError:
            return ""

    async def create(self, on_line: OnLine) -> None:
        """Make the environment where it is missing, and install what ``requirements.txt`` says."""
        if not self.is_there():
            self._folder.remove(_MARK)
            await asyncio.to_thread(shutil.rmtree, self.venv, ignore_errors=True)
            self._folder.make(".aimforge")
            base = self._settings.base_python
            await self._uv.run(["venv", "--python", base, str(self.venv)], on_line)
        digest = self._digest()
        what = [str(wheel) for wheel in (_pip_wheel(),) if wheel is not None and not (self.venv / "bin/pip").exists()]
        if self._folder.signature(REQUIREMENTS_FILE) is not None:
            what += ["-r", str(self._workspace / REQUIREMENTS_FILE)]
        if what:
            await self._install(what, on_line)
        self._folder.write(_MARK, digest.encode())

    async def recreate(self, on_line: OnLine) -> None:
        """Make everything anew. The cache goes too: its files are those of the environment, which somebody may have edited."""
        self._folder.remove(_MARK)
        await asyncio.to_thread(shutil.rmtree, self.venv, ignore_errors=True)
        await asyncio.to_thread(shutil.rmtree, self._cache, ignore_errors=True)
        await self.create(on_line)

    async def install(self, wanted: Sequence[str], on_line: OnLine) -> None:
        """Install ``wanted`` together with all that is required already, then write it down."""
        text = self.requirements()
        for requirement in wanted:
            text = requirements.with_requirement(text, requirement)
        self._folder.write(_NEXT, text.encode())
        try:
            await self._install(["-r", str(self._workspace / _NEXT)], on_line)
        finally:
            self._folder.remove(_NEXT)
        self._write_requirements(text, installed=True)

    async def uninstall(self, name: str, on_line: OnLine, *, there: bool = True) -> None:
        """Uninstall a package, and require it no longer. When it is not ``there``, install what is still required."""
        was_current = self.is_current()
        if there:
            await self._uv.run(["pip", "uninstall", "--python", str(self.python), name], on_line)
        text = self.requirements()
        if name in requirements.names_in(text):
            self._write_requirements(requirements.without(text, name), installed=was_current)
        if not there:
            await self.create(on_line)

    async def latest(self, name: str) -> str:
        """The version of a package that installing it would bring. Raises ``UvFailed``."""
        return await self._uv.latest(name, self.python if self.python.exists() else Path(self._settings.base_python))

    def wheels(self) -> list[Package]:
        """What can be installed without a network."""
        return wheels_in([self._settings.wheelhouse, *self._settings.find_links])

    async def _install(self, what: Sequence[str], on_line: OnLine) -> None:
        """First from what lies here, which takes a second at most; then, when something is missing, from the index."""
        arguments = self._uv.install(self.python, *what)
        held: list[str] = []
        try:
            await self._uv.run(arguments, held.append if not self._settings.offline else on_line, offline=True)
        except UvFailed:
            if self._settings.offline:
                raise
            await self._uv.run(arguments, on_line)
            return
        for line in held:
            on_line(line)

    def _write_requirements(self, text: str, *, installed: bool) -> None:
        self._folder.write(REQUIREMENTS_FILE, text.encode())
        if installed:
            self._folder.write(_MARK, self._digest().encode())

    def _digest(self) -> str:
        """Of what is asked for: a comment changes nothing."""
        text = self.requirements()
        more = followed(text, self._included)
        self.requirement_files = frozenset({REQUIREMENTS_FILE, *more})
        lines = [self._settings.base_python, *requirements.asked_for(text)]
        for path, content in more.items():
            lines += [f"# {path}", *(["# missing"] if content is None else requirements.asked_for(content))]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def _included(self, path: str) -> str | None:
        try:
            return self._folder.read(path, MAX_REQUIREMENTS_FILE)[0].decode(errors="replace")
        except (OSError, AgentError):  # missing, a link, no file, too large: uv says so when it installs
            return None


def _pip_wheel() -> Path | None:
    """The pip that Python brings along, so that people find one in their environment; None where Python was cut down."""
    spec = find_spec("ensurepip")
    if spec is None or spec.origin is None:
        return None
    folders = (Path(spec.origin).parent / "_bundled", Path("/usr/share/python-wheels"))
    return next((wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))), None)
