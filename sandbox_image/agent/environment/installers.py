"""Tells whether somebody is installing packages right now: in a terminal, from a node, by a script.

Not how packages are noticed, which the watch on their folder does: only how long to wait before looking at it, so that one
installation of many packages is one change. Who is not recognized is waited for until the folder is quiet.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

MAX_COMMAND: Final = 4096
"""Bytes read of a command line."""
_TOOL: Final = re.compile(r"pip(?:[23](?:\.\d+)?)?|uv|pipx|poetry|pdm|rye|hatch|pixi|conda|mamba|micromamba")
_VERBS: Final = frozenset({"install", "uninstall", "sync", "add", "remove", "update", "upgrade"})
_PLACES: Final = 6
"""Words among which a program's name is: ``python -I -X dev -m pip``."""


def is_installer(words: Sequence[str]) -> bool:
    """True for a command line such as ``python -m pip install polars`` or ``uv sync``; not for ``uv run server.py``."""
    tool = next((index for index, word in enumerate(words[:_PLACES]) if _TOOL.fullmatch(Path(word).name)), None)
    return tool is not None and not _VERBS.isdisjoint(words[tool + 1 :])


def is_installing() -> bool:
    """True while a program that installs packages runs in this sandbox. Takes a millisecond for a hundred processes."""
    own = _namespace("self")
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal():
            continue
        try:
            with Path(f"/proc/{entry.name}/cmdline").open("rb") as file:
                words = file.read(MAX_COMMAND).decode(errors="replace").split("\0")
            if is_installer(words) and _namespace(entry.name) == own:
                return True
        except OSError:  # it ended meanwhile
            continue
    return False


def _namespace(pid: str) -> int:
    """Its space of process numbers: what runs in a container of its own installs somewhere else."""
    return Path(f"/proc/{pid}/ns/pid").stat().st_ino
