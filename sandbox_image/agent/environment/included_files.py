"""The files that ``requirements.txt`` reads in with ``-r`` and ``-c``, as uv follows them: what they say is asked for too."""

import posixpath
import re
from collections.abc import Callable
from typing import Final

from .requirements import REQUIREMENTS_FILE

MAX_FILES: Final = 32
MAX_DEPTH: Final = 8
"""Files that read in files, one below the other; what lies deeper is not followed."""
_INCLUDE: Final = re.compile(r"(?:-[rc]\s*|--(?:requirements?|constraints?)(?:\s*=\s*|\s+))(\S.*)")


def included(text: str) -> list[str]:
    """The files that a text reads in, as it names them."""
    lines = (line.partition(" #")[0].strip() for line in text.splitlines())
    return [match[1] for line in lines if (match := _INCLUDE.fullmatch(line))]


def followed(text: str, read: Callable[[str], str | None]) -> dict[str, str | None]:
    """The texts of all files that the text of ``requirements.txt`` leads to, by their paths below the workspace.

    ``read`` gives None for a file that cannot be read. What lies outside of the workspace is not looked at.
    """
    found: dict[str, str | None] = {}
    ahead = [(REQUIREMENTS_FILE, text)]
    for _ in range(MAX_DEPTH):
        following: list[tuple[str, str]] = []
        for path, content in ahead:
            for name in included(content):
                target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
                if target in found or target == REQUIREMENTS_FILE or _is_outside(target) or len(found) >= MAX_FILES:
                    continue
                found[target] = read(target)
                following.append((target, found[target] or ""))
        ahead = following
    return found


def _is_outside(path: str) -> bool:
    return path.startswith(("/", "../")) or path in {".", ".."} or ":" in path or not path.isprintable()
