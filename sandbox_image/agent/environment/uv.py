"""Runs uv, and says in one sentence why it failed."""

import asyncio
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from sandbox_image.agent.settings import AgentSettings

MAX_LINE: Final = 500
"""Characters of one line of output that are kept."""
TIMEOUT_SEC: Final = 1800.0

_NOT_FOUND: Final = re.compile(
    r"Because (\S+) was not found in the (?:package registry|cache|provided package locations)"
)
_NO_VERSION: Final = re.compile(r"Because (?:only (\S+?)[<>=!~]|there is no version of (\S+?)[<>=!~])")
_NO_SOLUTION: Final = re.compile(r"No solution found when resolving dependencies:?$")


class UvFailed(Exception):
    """uv ended with an error; the message is for people."""


class Uv:
    """uv, with the settings of this sandbox."""

    def __init__(self, settings: AgentSettings, workspace: Path, cache: Path) -> None:
        self._settings = settings
        self._workspace = workspace
        self._cache = cache

    async def run(self, arguments: Sequence[str], on_line: Callable[[str], None], *, offline: bool = False) -> None:
        """Run ``uv arguments``, telling each line of its output. Raises ``UvFailed``. Cancelling ends uv."""
        lines: list[str] = []
        process = await asyncio.create_subprocess_exec(
            self._program(),
            *arguments,
            *(["--offline"] if offline else []),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment(),
            cwd=self._workspace,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(TIMEOUT_SEC):
                async for line in _lines(process.stdout):
                    lines = [*lines[-199:], line]
                    on_line(line)
                status = await process.wait()
        except TimeoutError as error:
            raise UvFailed(f"It took longer than {TIMEOUT_SEC / 60:.0f} minutes and was ended.") from error
        finally:
            if process.returncode is None:
                # Builds of source distributions run in its process group.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if status:
            raise UvFailed(explained(lines, offline=offline))

    def install(self, python: Path, *what: str) -> list[str]:
        """Arguments that install ``what`` into the environment of ``python``."""
        return ["pip", "install", "--python", str(python), *self._sources(), *what]

    def _sources(self) -> list[str]:
        settings, arguments = self._settings, list[str]()
        if settings.index_url:
            arguments += ["--default-index", settings.index_url]
        for url in settings.extra_index_urls:
            arguments += ["--index", url]
        for folder in (settings.wheelhouse, *settings.find_links):
            if folder and Path(folder).is_dir():
                arguments += ["--find-links", folder]
        return arguments

    async def latest(self, name: str, python: Path) -> str:
        """The version of a package that would be installed by its name alone. Raises ``UvFailed``.

        Asks the index in the way that installing does. Nothing of the package is run, so one that would have to be built
        first counts as none.
        """
        lines: list[str] = []
        options = ["--python", str(python), "--no-deps", "--no-build", "--no-header", "--no-annotate"]
        with NamedTemporaryFile("w", prefix="lookup-", suffix=".in") as wanted:
            print(name, file=wanted, flush=True)
            arguments = ["pip", "compile", *self._sources(), *options, wanted.name]
            try:
                await self.run(arguments, lines.append, offline=self._settings.offline)
            except UvFailed as failed:
                if self._settings.offline:
                    raise
                # The index may be out of reach; what lies here can be installed all the same.
                try:
                    await self.run(arguments, lines.append, offline=True)
                except UvFailed:
                    raise failed from None
        pinned = [line.partition("==")[2] for line in lines if line.startswith(f"{name}==")]
        if not pinned:
            raise UvFailed(f"uv does not tell a version of {name!r}.")
        return pinned[0].split()[0]

    def _program(self) -> str:
        beside = Path(sys.executable).with_name("uv")
        program = self._settings.uv or shutil.which("uv") or (str(beside) if beside.exists() else "")
        if not program:
            raise UvFailed("uv is not installed in this sandbox; build its image anew.")
        return program

    def _environment(self) -> dict[str, str]:
        settings = self._settings
        # What a user exported in the image's environment for uv would otherwise change where things go.
        unwanted = {
            "VIRTUAL_ENV",
            "UV_PROJECT",
            "UV_SYSTEM_PYTHON",
            "UV_TARGET",
            "UV_PREFIX",
            "PYTHONPATH",
            "PYTHONHOME",
        }
        environment = {name: value for name, value in os.environ.items() if name not in unwanted}
        environment |= {
            "UV_CACHE_DIR": str(self._cache),
            "UV_NO_PROGRESS": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_HTTP_TIMEOUT": environment.get("UV_HTTP_TIMEOUT", "60"),
            "NO_COLOR": "1",
        }
        return outward(settings, environment)


def outward(settings: AgentSettings, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of a program that reaches the package index: by the sandbox's way out, where it has one."""
    outward = dict(environment)
    if settings.has_egress:
        proxy = f"http://127.0.0.1:{settings.egress_port}"
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            outward.setdefault(name, proxy)
    return outward


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Lines of any length, each cut to ``MAX_LINE``."""
    rest = b""
    while chunk := await stream.read(16384):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace").rstrip()[:MAX_LINE]
        rest = rest[: 4 * MAX_LINE]
    if rest:
        yield rest.decode(errors="replace").rstrip()[:MAX_LINE]


def explained(lines: Sequence[str], *, offline: bool = False) -> str:
    """Why uv failed, from what it wrote: with the package named where it names one."""
    text = "\n".join(lines)
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return "The workspace is full. Delete files and try again."
    if missing := _NOT_FOUND.search(text):
        name = re.split(r"[<>=!~\[]", missing[1])[0]
        where = "among the packages that can be had without a network" if offline else "in the package index"
        return f"There is no package {name!r} {where}. Check how it is spelled."
    if versions := _NO_VERSION.search(text):
        name = versions[1] or versions[2]
        return f"No version of {name!r} fits. {_cause(lines)}"
    return _cause(lines) or "uv failed without a word."


def _cause(lines: Sequence[str]) -> str:
    """The error and its causes, in a line."""
    start = next((index for index, line in enumerate(lines) if line.startswith("error:")), None)
    kept = lines[start:] if start is not None else lines[-5:]
    # It heads its reasons with that, which nobody wonders about; without reasons it is all that there is to say.
    kept = [line for line in kept if not _NO_SOLUTION.search(line)] or kept
    parts = [re.sub(r"^(error|cause|hint|Caused by):\s*|^[×╰─▶\s]+", "", line.strip()) for line in kept if line.strip()]
    return " ".join(part.strip() for part in parts)[:1000]
