"""Names and labels of what we create in the engine. Whatever a project's id holds, its names are safe and its own."""

import hashlib
import re
from typing import Final

DEPLOYMENT_LABEL: Final = "org.aimforge.deployment"
PROJECT_LABEL: Final = "org.aimforge.project"
GENERATION_LABEL: Final = "org.aimforge.generation"

_SAFE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,47}")


def slug(text: str) -> str:
    """Return a name for paths, containers and volumes: the text itself when it is harmless, else its digest.

    Two texts never get one slug: a digest is marked by a leading ``x-``, and no harmless text starts so.
    """
    if _SAFE.fullmatch(text) and not text.startswith("x-") and ".." not in text:
        return text
    return "x-" + hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:40]


def container_name(deployment: str, project_id: str, generation: int) -> str:
    """Return the name of a sandbox's container. Each generation has its own, so a late call never meets its successor."""
    return f"aimforge-{slug(deployment)}-{slug(project_id)}-{generation}"


def volume_name(deployment: str, project_id: str) -> str:
    """Return the name of a project's workspace."""
    return f"aimforge-{slug(deployment)}-{slug(project_id)}"


def labels(deployment: str, project_id: str, generation: int | None = None) -> dict[str, str]:
    """Return the labels by which containers and volumes are known as this deployment's."""
    ours = {DEPLOYMENT_LABEL: deployment, PROJECT_LABEL: project_id}
    return ours if generation is None else {**ours, GENERATION_LABEL: str(generation)}
