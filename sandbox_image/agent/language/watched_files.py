"""Files that changed on disk, told to the server that asked for them. It watches nothing itself."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from . import envelope
from .envelope import Malformed
from .server_requests import Registration

MAX_EVENTS: Final = 1000
"""Files named in one notification."""
MAX_KNOWN: Final = 20_000
"""Files of a project that are told apart as new or changed."""
_ALL_KINDS: Final = 7


class Change(IntEnum):
    """The protocol's file change types."""

    CREATED = 1
    CHANGED = 2
    DELETED = 3


class _Relative(msgspec.Struct):
    pattern: str
    base: str | dict[str, Any] = msgspec.field(name="baseUri")


class _Watcher(msgspec.Struct):
    glob: str | _Relative = msgspec.field(name="globPattern")
    kind: int = _ALL_KINDS


class _Options(msgspec.Struct):
    watchers: list[_Watcher]


class WatchedFiles:
    """Matches changed files with what a server registered for. Paths are those below the workspace, or absolute."""

    def __init__(self, workspace: Path, notify: Callable[[str, bytes], None]) -> None:
        self._workspace = workspace
        self._notify = notify
        self._patterns: list[tuple[re.Pattern[str], int]] = []
        self._known: set[str] = set()

    def know(self, paths: Iterable[str]) -> None:
        """Files that existed when the server started, so that a change of them is not told as a new file."""
        self._known.update(paths)

    def register(self, registrations: list[Registration]) -> None:
        """Take the server's current registrations. Ones that cannot be understood are left out."""
        self._patterns = []
        for registration in registrations:
            try:
                watchers = envelope.parse(registration.options, _Options).watchers
                self._patterns += [(self._pattern(watcher), watcher.kind) for watcher in watchers]
            except (Malformed, re.error):
                continue

    def changed(self, changed: Iterable[str], deleted: Iterable[str]) -> None:
        """Files were written or made, and others are gone."""
        events = [
            {"uri": Path(path).as_uri(), "type": int(change)}
            for path, change in self._changes(changed, deleted)
            if self._is_watched(path, change)
        ]
        for start in range(0, len(events), MAX_EVENTS):
            changes = {"changes": events[start : start + MAX_EVENTS]}
            self._notify("workspace/didChangeWatchedFiles", envelope.encode(changes))

    def _changes(self, changed: Iterable[str], deleted: Iterable[str]) -> Iterator[tuple[str, Change]]:
        for path in map(self._absolute, deleted):
            self._known.discard(path)
            yield path, Change.DELETED
        for path in map(self._absolute, changed):
            known = path in self._known
            if not known and len(self._known) < MAX_KNOWN:
                self._known.add(path)
            yield path, Change.CHANGED if known else Change.CREATED

    def _absolute(self, path: str) -> str:
        return str(self._workspace / path)

    def _is_watched(self, path: str, change: Change) -> bool:
        # Hidden files are ours or a tool's, and what lies outside of the workspace is not the project's.
        below = Path(os.path.relpath(path, self._workspace))
        if any(part.startswith(".") for part in below.parts):
            return False
        bit = 1 << (change - 1)
        return any(kind & bit and pattern.fullmatch(path) for pattern, kind in self._patterns)

    def _pattern(self, watcher: _Watcher) -> re.Pattern[str]:
        if isinstance(watcher.glob, str):
            base, glob = str(self._workspace), watcher.glob
        else:
            base, glob = _path_of(watcher.glob.base), watcher.glob.pattern
        anchored = glob if glob.startswith("/") else f"{base.rstrip('/')}/{glob}"
        return re.compile(translate(anchored))


def python_files(workspace: Path) -> set[str]:
    """Absolute paths of the Python files of a project, at most ``MAX_KNOWN``; blocks while it looks."""
    found: set[str] = set()
    for folder, folders, files in os.walk(workspace):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "node_modules"]
        found.update(f"{folder}/{name}" for name in files if name.endswith((".py", ".pyi")))
        if len(found) >= MAX_KNOWN:
            break
    return found


def translate(glob: str) -> str:
    """A glob of the protocol as a regular expression: ``*``, ``?``, ``**``, ``{a,b}``, ``[a-z]``, ``[!a]``."""
    tokens = re.findall(r"\*\*/|\*\*|\*|\?|\[!?[^\]/]+\]|[{},]|[^*?\[{},]+|\[", glob)
    depth = 0
    parts: list[str] = []
    for token in tokens:
        match token:
            case "**/":
                parts.append("(?:.*/)?")
            case "**":
                parts.append(".*")
            case "*":
                parts.append("[^/]*")
            case "?":
                parts.append("[^/]")
            case "{":
                depth += 1
                parts.append("(?:")
            case "}" if depth:
                depth -= 1
                parts.append(")")
            case "," if depth:
                parts.append("|")
            case _ if token.startswith("[") and len(token) > 1:
                inverted = token[1] == "!"
                parts.append(f"[{'^' * inverted}{re.escape(token[1 + inverted : -1]).replace(chr(92) + '-', '-')}]")
            case _:
                parts.append(re.escape(token))
    return "".join(parts) + ")" * depth


def _path_of(base: str | dict[str, Any]) -> str:
    uri = base if isinstance(base, str) else str(base.get("uri", ""))
    return unquote(urlsplit(uri).path)
