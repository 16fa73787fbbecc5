"""Replaces the project by a clone of a Git repository. Git runs in the sandbox and goes through the sandbox's own way out."""

import asyncio
import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_UPLOAD
from sandbox_image.wire.project import CloneRequest, Project

from .archive import MAX_ENTRIES
from .importing import replace_by
from .store import ProjectStore

TIMEOUT_SEC: Final = 600.0
MAX_URL: Final = 2000
MAX_OUTPUT: Final = 64 * 1024 * 1024
"""Bytes of a list of files: as many names as a clone may have, each as long as a path can be, take far less."""
_BRANCH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+@-]{0,199}", re.ASCII)
_LIMITED: Final = 'ulimit -f "$0"; exec "$@"'
"""Git fetches a clone as one file: its size is what can be limited, in blocks of 512 bytes."""
_OPTIONS: Final = (
    *("-c", "protocol.allow=never"),
    *("-c", "protocol.https.allow=always"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "http.lowSpeedLimit=1000"),
    *("-c", "http.lowSpeedTime=60"),
)


class _GitFailed(Exception):
    """Git ended with an error; the message is what it wrote."""


async def clone_project(store: ProjectStore, request: CloneRequest, by: str) -> tuple[Project, str]:
    """Replace the project by the newest state of a branch; its history is left behind, its origin is kept.

    Raises INVALID, FORBIDDEN where the way out is closed to the host, NOT_FOUND, TOO_LARGE, TIMED_OUT.
    """
    url, host = checked_url(request.url)
    branch = request.branch
    if branch and not _BRANCH.fullmatch(branch):
        raise AgentError(ErrorCode.INVALID, f"{branch[:80]!r} is no name of a branch.", field="branch")

    async def fill(tree: Path) -> None:
        wanted = [f"--branch={branch}"] if branch else []
        try:
            async with asyncio.timeout(TIMEOUT_SEC):
                # Links would lead out of the project; without them they are files that hold a path.
                await _git(
                    *("clone", "--quiet", "--depth=1", "--single-branch", "--no-tags", "--no-checkout", "--template="),
                    *("--config=core.symlinks=false", *wanted, "--", url, str(tree)),
                )
                check_sizes(await _git("-C", str(tree), "ls-tree", "-r", "-l", "-z", "HEAD"))
                await _git("-C", str(tree), "checkout", "--quiet")
        except TimeoutError as error:
            message = f"Cloning took longer than {TIMEOUT_SEC / 60:.0f} minutes and was ended."
            raise AgentError(ErrorCode.TIMED_OUT, message) from error
        except _GitFailed as failed:
            raise explained(str(failed), url, host, branch) from failed

    return await replace_by(store, fill, by)


def checked_url(text: str) -> tuple[str, str]:
    """The address and its host. Raises INVALID, saying what is wrong with it."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        named = parts.username is not None or parts.password is not None
    except ValueError:
        raise _invalid(f"{text[:100]!r} is no address.") from None
    if len(text) > MAX_URL or not text.isprintable() or " " in text:
        raise _invalid(f"An address has no spaces, and at most {MAX_URL} characters.")
    if parts.scheme != "https" or not host:
        raise _invalid(f"{text[:100]!r} is no https address. Write it as https://host/owner/repository.git")
    if named:
        raise _invalid("Leave name and password out of the address: a clone would keep them in the project's folder.")
    return text, host


def check_sizes(listing: bytes) -> None:
    """Refuse more files, or larger ones, than a project may have, before any of them is written. Raises TOO_LARGE."""
    lines = [line for line in listing.split(b"\0") if line]
    if len(lines) > MAX_ENTRIES:
        raise AgentError(ErrorCode.TOO_LARGE, f"The repository has more than {MAX_ENTRIES} files.")
    sizes = [line.split(b"\t", 1)[0].split()[-1] for line in lines]
    if sum(int(size) for size in sizes if size.isdigit()) > MAX_UPLOAD:
        raise AgentError(ErrorCode.TOO_LARGE, f"The repository's files have more than {MAX_UPLOAD} bytes.")


_CAUSES: Final[tuple[tuple[str, ErrorCode, str], ...]] = (
    (
        r"(response|code):? 403",
        ErrorCode.FORBIDDEN,
        "Sandboxes may not reach {host}. It can be allowed in AIMFORGE_EGRESS_HOSTS; or import a zip of the repository.",
    ),
    (
        r"could not resolve|failed to connect|couldn't connect|CONNECT tunnel failed|from proxy",
        ErrorCode.INVALID,
        "{host} cannot be reached from the sandbox. Check the address, or import a zip of the repository.",
    ),
    (r"certificate|SSL", ErrorCode.INVALID, "The certificate of {host} is not trusted."),
    (r"remote branch .* not found", ErrorCode.NOT_FOUND, "The repository has no branch {branch!r}."),
    (
        r"could not read username|authentication failed|not found|error: 40\d",
        ErrorCode.NOT_FOUND,
        "There is no repository at {url} that everybody may read.",
    ),
    (r"file too large", ErrorCode.TOO_LARGE, f"The repository has more than {MAX_UPLOAD} bytes."),
    (r"no space left|quota exceeded", ErrorCode.DISK_FULL, "The workspace is full; the repository does not fit."),
    (r"not a valid object name", ErrorCode.INVALID, "The repository at {url} is empty."),
)
"""What Git writes, and what that means. The first that is found counts."""


def explained(text: str, url: str, host: str, branch: str) -> AgentError:
    """Why Git failed, in a sentence that says what to do."""
    for pattern, code, sentence in _CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            return AgentError(code, sentence.format(url=url, host=host, branch=branch), field="url", host=host)
    lines = [line for line in text.splitlines() if line.strip()]
    cause = next((line for line in lines if line.startswith("fatal:")), lines[-1] if lines else "it gave no reason")
    return _invalid(f"The repository cannot be cloned: {cause.removeprefix('fatal: ')[:300]}")


async def _git(*arguments: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", _LIMITED, str(MAX_UPLOAD // 512), "git", *_OPTIONS, *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(),
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.TaskGroup() as reading:
            output = reading.create_task(_bounded(process.stdout, MAX_OUTPUT))
            errors = reading.create_task(_bounded(process.stderr, 16 * 1024))
        status = await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if status == -signal.SIGXFSZ:
        raise _GitFailed("file too large")
    if status != 0:
        raise _GitFailed(errors.result().decode(errors="replace"))
    return output.result()


async def _bounded(stream: asyncio.StreamReader, limit: int) -> bytes:
    """All that comes, of which the first ``limit`` bytes are kept."""
    kept = bytearray()
    while chunk := await stream.read(65536):
        kept += chunk[: limit - len(kept)]
    return bytes(kept)


def _environment() -> dict[str, str]:
    """Neither what people have in their home nor what they exported for Git counts; nobody is there to be asked."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    trusted = {name: value for name, value in os.environ.items() if name == "GIT_SSL_CAINFO"}
    own = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C"}
    return environment | trusted | own


def _invalid(message: str) -> AgentError:
    return AgentError(ErrorCode.INVALID, message, field="url")
