"""Tells what changes in the workspace, whoever changes it."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeVar

from sandbox_image.wire.events import FilesChanged

from .names import shown_path
from .tree import Parts
from .watched import WatchedTree

DEBOUNCE_SEC: Final = 0.1
MAX_PATHS: Final = 1_000
MAX_PATH_CHARACTERS: Final = 128 * 1024
"""Of all paths in one event; with more it says ``overflow`` instead."""

T = TypeVar("T")
Subscriber = Callable[[FilesChanged], None]


class Publisher(Protocol):
    """Where events go."""

    def publish(self, data: Any, by: str = "") -> None:
        """Publish a struct of ``wire/events.py``; never blocks."""
        ...


class Watcher:
    """Watches the workspace below its ignored folders. Use as an async context manager.

    Changes are gathered for 100 ms, then published as ``FilesChanged`` and given to subscribers in the loop's thread.
    Reading folders happens in a thread: a large checkout does not hold up a keystroke.
    """

    def __init__(self, workspace: Path, events: Publisher) -> None:
        self._root = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._events = events
        self._subscribers: list[Subscriber] = []
        self._tree = WatchedTree(self._root)
        self._tasks = asyncio.TaskGroup()
        self._watching: asyncio.Task[None] | None = None
        self.ready = asyncio.Event()
        """Set once the whole workspace is watched."""

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._watching = self._tasks.create_task(self._watch())
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._watching is not None:
            self._watching.cancel()
        try:
            await self._tasks.__aexit__(exc_type, exc, traceback)
        finally:
            self._tree.close()
            os.close(self._root)

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call ``callback`` with each ``FilesChanged``, until what is returned is called."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe

    async def _watch(self) -> None:
        await _in_thread(lambda: self._tree.add((), tell=False))
        self.ready.set()
        while True:
            await self._readable()
            if await _in_thread(self._tree.take_changes):
                await asyncio.sleep(DEBOUNCE_SEC)
                await _in_thread(self._tree.take_changes)
                self._tell(*await _in_thread(self._tree.take_touched))

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        # Only while it is waited for: the descriptor stays readable until the thread has read it.
        loop.add_reader(self._tree.fd, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._tree.fd)

    def _tell(self, there: list[Parts], gone: list[Parts], overflow: bool) -> None:
        changed = [shown_path(parts) for parts in there]
        deleted = [shown_path(parts) for parts in gone]
        characters = sum(map(len, changed)) + sum(map(len, deleted))
        if overflow or len(changed) + len(deleted) > MAX_PATHS or characters > MAX_PATH_CHARACTERS:
            event = FilesChanged(overflow=True)
        elif changed or deleted:
            event = FilesChanged(changed=changed, deleted=deleted)
        else:
            return
        self._events.publish(event)
        for subscriber in tuple(self._subscribers):
            subscriber(event)


async def _in_thread(work: Callable[[], T]) -> T:
    """Run ``work`` in a thread. Cancelled, it still waits for its end: descriptors are closed after us."""
    running = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise
