"""The sandbox image: found by the digest of its inputs, built when it is not there, old ones removed after a build."""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from control_plane.adapters.docker.base_image import FROM_REGISTRY, ensure_base, has_image
from control_plane.adapters.docker.engine import Engine, EngineRefused
from control_plane.adapters.docker.image_context import DOCKERFILE, ImageContext, proxies
from control_plane.domain.errors import ImageMissing

Progress = Callable[[str], None]

REPOSITORY: Final = "aimforge-sandbox"
KEPT_FOR_SEC: Final = 3600.0
"""An image younger than this is kept: another checkout on this machine may be about to use it."""


def current_image(base: str | None = None, context: ImageContext | None = None) -> str:
    """Return the name of the image that fits this source tree. ``base`` is the build argument ``BASE_IMAGE``."""
    context = context or ImageContext.read()
    return f"{REPOSITORY}:{context.digest(base or FROM_REGISTRY)}"


async def ensure_image(engine: Engine, say: Progress, *, base: str | None = None, rebuild: bool = False) -> str:
    """Build the sandbox image unless the engine has it, and return its name.

    Raises ``EngineUnavailable``; ``ImageMissing`` with the last lines of the build when it fails.
    """
    context = ImageContext.read()
    name = current_image(base, context)
    if rebuild or not await has_image(engine, name):
        parent = await ensure_base(engine, base, say)
        say(f"image: building {name} from {parent}")
        try:
            await _build(engine, context, name, parent, say, rebuild=rebuild)
        except ImageMissing:
            say("image: that failed; trying once more")  # an index that hiccups is common; done steps are not repeated
            await _build(engine, context, name, parent, say, rebuild=False)
        await prune(engine, name, say)
    await engine.call("POST", f"images/{name}/tag", params={"repo": REPOSITORY, "tag": "latest"})
    return name


async def _build(
    engine: Engine, context: ImageContext, name: str, parent: str, say: Progress, *, rebuild: bool
) -> None:
    lines: list[str] = []
    try:
        async with engine.reaching():
            steps = engine.docker.images.build(
                fileobj=context.archive(),
                encoding="identity",
                path_dockerfile=DOCKERFILE,
                tag=name,
                buildargs={**proxies(), "BASE_IMAGE": parent},
                nocache=rebuild,
                rm=True,
                forcerm=True,
                stream=True,
            )
            async for step in steps:
                text = str(cast("Mapping[str, Any]", step).get("stream", "")).rstrip()
                if text:
                    lines = [*lines[-40:], text]
                if text.startswith(("Step ", "tools: ")):
                    say(f"image: {text.splitlines()[0][:100]}")
    except EngineRefused as error:
        raise ImageMissing(f"The sandbox image could not be built: {error}\n" + "\n".join(lines), image=name) from error


async def prune(engine: Engine, current: str, say: Progress) -> None:
    """Remove older images of ours that no container uses, and older stages than the one that the next build starts from."""
    images = cast("list[dict[str, Any]]", await engine.call("GET", "images/json"))
    containers = cast("list[dict[str, Any]]", await engine.call("GET", "containers/json", params={"all": 1}))
    for name in superseded(images, {str(container["ImageID"]) for container in containers}, current):
        await _remove(engine, name, say)


def superseded(images: list[dict[str, Any]], in_use: set[str], current: str) -> list[str]:
    """Return tags and ids, of the engine's list of images, that nothing needs any more.

    ``in_use`` are the ids of images that containers run on: the engine would take the tag from one that has several, and
    a server that still runs could start no further sandbox of it.
    """
    newest = max((float(image["Created"]) for image in images), default=0.0)
    old = [image for image in images if float(image["Created"]) < newest - KEPT_FOR_SEC and image["Id"] not in in_use]
    kept = (current, f"{REPOSITORY}:latest")
    tags = [tag for image in old for tag in cast("list[str]", image.get("RepoTags") or [])]
    stages = [image for image in images if "org.aimforge.stage" in cast("dict[str, str]", image.get("Labels") or {})]
    last = max(stages, key=lambda image: float(image["Created"]), default=None)
    return [
        *(tag for tag in tags if tag.startswith(f"{REPOSITORY}:") and tag not in kept),
        *(str(image["Id"]) for image in stages if image is not last and image in old),
    ]


async def _remove(engine: Engine, name: str, say: Progress) -> None:
    try:
        await engine.call("DELETE", f"images/{name}")
        say(f"image: removed {name}")
    except EngineRefused as error:
        if error.status not in (404, 409):  # gone already, or in use
            raise
