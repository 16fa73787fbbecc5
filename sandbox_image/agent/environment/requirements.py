"""``requirements.txt`` as people write it: changed a line at a time, comments and order kept."""

import re
from typing import Final

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode

from .distributions import normalized

REQUIREMENTS_FILE: Final = "requirements.txt"
MAX_REQUIREMENT: Final = 500
MAX_REQUIREMENTS_FILE: Final = 1 << 20
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
# A name first: no option of uv, no path, no address can be meant by it.
_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:[\[<>=!~@;(].*)?", re.ASCII)


def checked(requirement: str) -> str:
    """A requirement specifier such as ``polars[all]>=1``. Raises INVALID for anything else."""
    text = requirement.strip()
    if len(text) > MAX_REQUIREMENT or not text.isprintable() or not _REQUIREMENT.fullmatch(text):
        message = f"{requirement[:80]!r} is no requirement. Write a name, with a version if you like: polars>=1"
        raise AgentError(ErrorCode.INVALID, message, field="requirements")
    return text


def checked_name(name: str) -> str:
    """The name of a package and nothing else. Raises INVALID."""
    if len(name) > MAX_REQUIREMENT or not _NAME.fullmatch(name):
        raise AgentError(ErrorCode.INVALID, f"{name[:80]!r} is no name of a package.", field="name")
    return name


def name_of(line: str) -> str:
    """The normalized name that a line requires; empty for comments, options and what has no name."""
    match = _REQUIREMENT.fullmatch(line.partition(" #")[0].strip())
    return normalized(match[1]) if match else ""


def names_in(text: str) -> set[str]:
    """Normalized names of all that a file requires."""
    return {name for line in text.splitlines() if (name := name_of(line))}


def asked_for(text: str) -> list[str]:
    """The lines that ask for something: without comments, empty lines and the spaces around them."""
    lines = (line.partition(" #")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def with_requirement(text: str, requirement: str) -> str:
    """``text`` with ``requirement`` in place of the line for the same name, or at the end."""
    name, lines, placed = name_of(requirement), list[str](), False
    for line in text.splitlines():
        if name_of(line) != name:
            lines.append(line)
        elif not placed:
            # Asked for by name alone, a package keeps the version that the file asks for.
            lines.append(line if normalized(requirement) == name else requirement)
            placed = True
    return "\n".join(lines if placed else [*lines, requirement]) + "\n"


def without(text: str, name: str) -> str:
    """``text`` without the lines that require ``name``."""
    lines = [line for line in text.splitlines() if name_of(line) != normalized(name)]
    return "\n".join(lines) + "\n" if lines else ""
