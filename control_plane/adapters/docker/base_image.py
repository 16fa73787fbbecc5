"""What the sandbox image is built from: an image that a registry gives, or a small Debian made on this machine."""

import asyncio
import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from control_plane.adapters.docker.engine import Engine, EngineRefused
from control_plane.domain.errors import ImageMissing

Progress = Callable[[str], None]

FROM_REGISTRY: Final = "python:3.12-slim"
PULL_TIMEOUT_SEC: Final = 300.0
SUITE: Final = "bookworm"
PACKAGES: Final = (
    *("ca-certificates", "curl", "git", "htop", "less", "nano", "procps"),
    *("python3", "python3-venv", "tmux", "vim-tiny"),
)
LEFT_OUT: Final = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
)
"""Parts of a Debian that nobody reads in a container."""


def local_base_name() -> str:
    """Return the name of the base made by debootstrap; it changes with its recipe."""
    recipe = repr((SUITE, PACKAGES, LEFT_OUT))
    return f"aimforge-base:{SUITE}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


async def has_image(engine: Engine, name: str) -> bool:
    """Tell whether the engine has an image of that name."""
    try:
        await engine.call("GET", f"images/{name}/json")
    except EngineRefused as error:
        if error.status == 404:
            return False
        raise
    return True


async def ensure_base(engine: Engine, wanted: str | None, say: Progress) -> str:
    """Return the name of an image that the engine has, to build from.

    ``wanted`` (the build argument ``BASE_IMAGE``) is taken or pulled, and it is an error when it cannot be had. Without
    it the usual image is pulled where a registry answers; otherwise a Debian is made with debootstrap (about a minute).
    """
    for name in [wanted] if wanted else [FROM_REGISTRY, local_base_name()]:
        if await has_image(engine, name):
            return name
    name = wanted or FROM_REGISTRY
    say(f"base: asking the registry for {name}")
    try:
        async with asyncio.timeout(PULL_TIMEOUT_SEC), engine.reaching():
            await engine.docker.images.pull(name)
    except (EngineRefused, TimeoutError) as error:
        if wanted:
            raise ImageMissing(f"The base image {wanted} could not be pulled ({error}).", image=wanted) from error
        say("base: no registry answers, making a Debian here")
        await _make(engine, local_base_name(), say)
        return local_base_name()
    return name


async def _make(engine: Engine, name: str, say: Progress) -> None:
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        raise ImageMissing(
            "No registry answers, and a base can be made here only by root with debootstrap. "
            "Run `apt-get install debootstrap` and try again as root, or set BASE_IMAGE to an image that the engine has.",
            image=name,
        )
    with tempfile.TemporaryDirectory(prefix="aimforge-base-") as scratch:
        tree = Path(scratch, "root")
        try:
            await _debootstrap(tree, say)
        except ImageMissing:
            say("base: that failed; trying once more")  # a mirror that hiccups is common, and a minute is lost at most
            await asyncio.to_thread(shutil.rmtree, tree, ignore_errors=True)
            await _debootstrap(tree, say)
        say("base: handing it to the engine")
        archive = Path(scratch, "context.tar")
        await asyncio.to_thread(_pack, tree, archive)
        with archive.open("rb") as stream:  # noqa: ASYNC230 - a local file, read piece by piece
            async with engine.reaching():
                await engine.docker.images.build(fileobj=stream, encoding="identity", tag=name, rm=True, forcerm=True)


async def _debootstrap(tree: Path, say: Progress) -> None:
    """Run debootstrap, with the mirror that this machine's own packages come from."""
    mirror = await _mirror()
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(tree), *mirror]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdout is not None
    last: list[str] = []
    async for raw in process.stdout:
        line = raw.decode(errors="replace").strip()
        last = [*last[-20:], line]
        if line.startswith(
            ("I: Resolving", "I: Extracting dpkg", "I: Installing core", "I: Configuring python3.", "I: Base")
        ):
            say(f"base: {line.removeprefix('I: ')}")
    if await process.wait() != 0:
        raise ImageMissing("debootstrap failed:\n" + "\n".join(last))


async def _mirror() -> list[str]:
    process = await asyncio.create_subprocess_exec(
        *("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", "Origin: Debian"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    return output.decode().split()[:1]


def _pack(tree: Path, archive: Path) -> None:
    """Write a build context that lays the tree into an empty image."""
    dockerfile = archive.with_name("Dockerfile")
    dockerfile.write_text("FROM scratch\nADD root.tar /\n")
    inner = archive.with_name("root.tar")
    with tarfile.open(inner, "w") as packed:
        packed.add(tree, arcname=".", filter=_keep)
    with tarfile.open(archive, "w") as outer:
        outer.add(dockerfile, arcname="Dockerfile")
        outer.add(inner, arcname="root.tar")


def _keep(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = entry.name.removeprefix("./")
    if entry.ischr() or entry.isblk():
        return None
    return None if any(name.startswith(f"{left}/") for left in LEFT_OUT) else entry
