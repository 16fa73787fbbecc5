"""The watcher against what programs really do to files."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox_image.agent.files import Watcher
from sandbox_image.agent.files.watched import MAX_TOUCHED
from sandbox_image.wire.events import FilesChanged

DEADLINE = 60.0


class Seen:
    """Joins all events into the state of each path."""

    def __init__(self) -> None:
        self.events: list[FilesChanged] = []
        self.state: dict[str, bool] = {}
        self._news = asyncio.Event()

    def publish(self, data: Any, by: str = "") -> None:
        assert isinstance(data, FilesChanged)
        self.events.append(data)
        self.state |= dict.fromkeys(data.changed, True) | dict.fromkeys(data.deleted, False)
        self._news.set()

    async def until(self, *there: str, gone: tuple[str, ...] = ()) -> None:
        await self.until_event(
            lambda: all(self.state.get(p) is True for p in there) and all(self.state.get(p) is False for p in gone)
        )

    async def until_event(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE):
            while not condition():
                self._news.clear()
                await self._news.wait()


async def test_tells_files_that_come_change_move_and_go(tmp_path: Path) -> None:
    (tmp_path / "nodes").mkdir()
    (tmp_path / "nodes" / "old.py").write_text("")
    seen = Seen()
    async with Watcher(tmp_path, seen) as watcher:
        await watcher.ready.wait()
        (tmp_path / "nodes" / "a.py").write_text("1")
        await seen.until("nodes/a.py")
        (tmp_path / "nodes" / "old.py").write_text("2")
        (tmp_path / "nodes" / "a.py").rename(tmp_path / "b.py")
        await seen.until("nodes/old.py", "b.py", gone=("nodes/a.py",))
        (tmp_path / "b.py").unlink()
        await seen.until(gone=("b.py",))


async def test_sees_into_folders_that_appear_move_and_go(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "deep" / "er").mkdir(parents=True)
    (outside / "deep" / "er" / "f").write_text("")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    seen = Seen()
    async with Watcher(workspace, seen) as watcher:
        await watcher.ready.wait()
        (workspace / "x" / "y" / "z").mkdir(parents=True)
        (workspace / "x" / "y" / "z" / "f").write_text("")
        outside.rename(workspace / "in")
        await seen.until("x/y/z/f", "in/deep/er/f")
        (workspace / "in").rename(workspace / "renamed")
        await seen.until("renamed/deep/er/f", gone=("in",))
        (workspace / "renamed" / "deep" / "er" / "later").write_text("")
        await seen.until("renamed/deep/er/later")
        assert "in/deep/er/later" not in seen.state
        shutil.rmtree(workspace / "renamed")
        await seen.until(gone=("renamed", "renamed/deep/er/f"))


async def test_leaves_out_what_is_nobodys_work(tmp_path: Path) -> None:
    seen = Seen()
    ignored = [".aimforge", ".venv", "node_modules", ".git", "__pycache__"]
    (tmp_path / ".venv").mkdir()
    async with Watcher(tmp_path, seen) as watcher:
        await watcher.ready.wait()
        for name in ignored:
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "inside").write_text("")
        (tmp_path / "work").write_text("")
        await seen.until("work", ".git")
        assert not any("/" in path or path == ".aimforge" for path in seen.state)


async def test_links_are_not_walked(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "before").symlink_to(tmp_path / "outside")
    seen = Seen()
    async with Watcher(workspace, seen) as watcher:
        await watcher.ready.wait()
        (workspace / "link").symlink_to(tmp_path / "outside")
        await seen.until("link")
        (tmp_path / "outside" / "file").write_text("")
        (workspace / "real").write_text("")
        await seen.until("real")
        assert set(seen.state) == {"link", "real"}


async def test_too_much_at_once_is_an_overflow_and_watching_goes_on(tmp_path: Path) -> None:
    seen = Seen()
    told: list[FilesChanged] = []
    async with Watcher(tmp_path, seen) as watcher:
        await watcher.ready.wait()
        unsubscribe = watcher.subscribe(told.append)
        for number in range(MAX_TOUCHED * 2):
            (tmp_path / f"f{number}").touch()
        await seen.until_event(lambda: any(event.overflow for event in seen.events))
        (tmp_path / "after").mkdir()
        number = 0
        while not any(path.startswith("after/") for path in seen.state):
            # What comes with the rest of the flood is part of an overflow.
            number += 1
            before = len(seen.events)
            (tmp_path / "after" / f"f{number}").write_text("")
            await seen.until_event(lambda before=before: len(seen.events) > before)
        assert told == seen.events
        unsubscribe()
        (tmp_path / "unseen").write_text("")
        await seen.until("unseen")
        assert len(told) < len(seen.events)
