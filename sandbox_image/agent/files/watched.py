"""Which folders are watched, and what their changes mean for paths."""

import logging
import os
from typing import Final

from . import inotify
from .tree import STATE, Parts

logger = logging.getLogger(__name__)

IGNORED: Final = frozenset({STATE, b".venv", b"venv", b"node_modules", b"__pycache__", b".git", b".ruff_cache"})
"""Folders whose insides are nobody's work; they are not watched. That they come and go is told."""
MAX_TOUCHED: Final = 2_000
"""Paths gathered before it is cheaper to read the whole tree again."""


class WatchedTree:
    """The folders of a workspace under inotify, and the paths touched since they were last taken.

    All methods block, for as long as reading the new folders takes; they are for one thread at a time.
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._inotify = inotify.Inotify()
        self._folders: dict[int, Parts] = {}
        self._watches: dict[Parts, int] = {}
        self._touched: set[Parts] = set()
        self._overflow = False
        self.fd = self._inotify.fd

    def close(self) -> None:
        """End watching."""
        self._inotify.close()

    def add(self, top: Parts, *, tell: bool) -> None:
        """Watch a folder and those below it. With ``tell`` all that is in them counts as touched.

        What appears in a folder before its watch is told by the reading after it, which therefore comes second.
        """
        path = b"/".join((b".", *top))
        try:
            for where, folders, _, fd in os.fwalk(path, follow_symlinks=False, dir_fd=self._root):
                parts: Parts = tuple(where.split(b"/")[1:])
                self._watch(fd, parts)
                with os.scandir(fd) as found:
                    entries = [(os.fsencode(entry.name), entry.is_dir(follow_symlinks=False)) for entry in found]
                if tell:
                    self._touch(*((*parts, name) for name, _ in entries))
                folders[:] = [name for name, is_folder in entries if is_folder and name not in IGNORED]
        except (FileNotFoundError, NotADirectoryError):
            # It went or was replaced while it was looked at, which is an event of its own.
            return
        except OSError as error:
            # Out of watches or of descriptors: what lies below is not told, so at least say that.
            logger.warning("%d folders are watched, and not all: %s", len(self._folders), error)
            self._overflow = True

    def take_changes(self) -> bool:
        """Read what the kernel tells. True when there is something to tell on."""
        lost = False
        for change in self._inotify.read():
            if change.mask & inotify.OVERFLOW:
                self._overflow = lost = True
            elif change.mask & inotify.IGNORED:
                self._drop(change.watch)
            elif (folder := self._folders.get(change.watch)) is not None:
                self._apply(change, (*folder, change.name))
        if lost:
            # Folders whose coming was lost are not watched yet.
            self.add((), tell=False)
        return bool(self._touched) or self._overflow

    def take_touched(self) -> tuple[list[Parts], list[Parts], bool]:
        """Paths that are there and paths that are gone, of those touched, and whether some are not known."""
        overflow = self._overflow
        touched = [] if overflow else sorted(self._touched)
        self._touched.clear()
        self._overflow = False
        there: list[Parts] = []
        gone: list[Parts] = []
        for parts in touched:
            (there if self._exists(parts) else gone).append(parts)
        return there, gone, overflow

    def _apply(self, change: inotify.Change, parts: Parts) -> None:
        if parts == (STATE,):
            return
        self._touch(parts)
        if not change.mask & inotify.ISDIR or change.name in IGNORED:
            return
        if change.mask & (inotify.MOVED_FROM | inotify.DELETE):
            self._forget(parts)
        if change.mask & (inotify.MOVED_TO | inotify.CREATE):
            self.add(parts, tell=True)

    def _watch(self, fd: int, parts: Parts) -> None:
        number = self._inotify.watch(fd)
        # A folder that was moved keeps its watch, under a new path.
        self._drop(number)
        self._folders[number] = parts
        self._watches[parts] = number

    def _drop(self, number: int) -> None:
        parts = self._folders.pop(number, None)
        if parts is not None and self._watches.get(parts) == number:
            del self._watches[parts]

    def _forget(self, top: Parts) -> None:
        for parts in [parts for parts in self._watches if parts[: len(top)] == top]:
            number = self._watches.pop(parts)
            self._folders.pop(number, None)
            self._inotify.forget(number)

    def _touch(self, *paths: Parts) -> None:
        self._touched.update(paths)
        if len(self._touched) > MAX_TOUCHED:
            self._touched.clear()
            self._overflow = True

    def _exists(self, parts: Parts) -> bool:
        try:
            os.stat(b"/".join(parts), dir_fd=self._root, follow_symlinks=False)
        except OSError:
            return False
        return True
