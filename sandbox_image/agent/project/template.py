"""Fills an empty workspace from one of the templates that are shipped with the agent.

A template that is written in another language (``welcome-ko``) holds only what differs from the one that it translates.
"""

from pathlib import Path
from typing import Final

from msgspec.structs import replace

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MIB

from .flow_file import FLOW_FILE, decode, encode
from .folder import Folder

TEMPLATES: Final = Path(__file__).parents[2] / "templates"
_MAX_FILE: Final = 16 * MIB


def fill(target: Folder, template: str, name: str) -> None:
    """Copy a template's files, and call its project ``name``. Raises NOT_FOUND naming the templates there are."""
    known = sorted(path.name for path in TEMPLATES.iterdir() if (path / FLOW_FILE).is_file())
    if template not in known:
        chosen = [name for name in known if not name.startswith("_")]
        message = f"There is no template {template!r}; there are {', '.join(chosen)}."
        raise AgentError(ErrorCode.NOT_FOUND, message, templates=chosen)
    for path, root in sorted(_files(template).items()):
        data = Folder(root).read(path, _MAX_FILE)[0]
        if path == FLOW_FILE:
            data = encode(replace(decode(data), name=name))
        target.write(path, data)


def _files(template: str) -> dict[str, Path]:
    """Find the template's files: paths in the workspace, and the folder where each lies."""
    translated = template.rpartition("-")[0]
    roots = [TEMPLATES / name for name in (translated, template) if name]
    return {
        file.relative_to(root).as_posix(): root
        for root in roots
        for file in root.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
