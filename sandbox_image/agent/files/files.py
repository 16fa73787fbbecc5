"""What can be done with the files of the workspace."""

import asyncio
import os
import shutil
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.files import Entry, Listing, Rename

from .names import parse_path, shown_path
from .tree import STATE, Parts, Tree, check_changeable, describe
from .upload import Precondition, Upload, clear_uploads, rename_if_new

MAX_LISTED: Final = 10_000
"""Entries of one folder that are listed."""
UPLOAD_SLICE: Final = 1024 * 1024
"""Bytes gathered before a thread writes them: waking it for each frame would cost more than the writing."""


class Files:
    """Files of the workspace, named by paths below it. Use as an async context manager.

    Nothing here follows a link or opens what is no regular file. Methods that are not coroutines block; call them in a
    thread. ``touch`` is called with each change.
    """

    def __init__(self, workspace: Path, touch: Callable[[], None] = lambda: None) -> None:
        self.tree = Tree(workspace)
        self._touch = touch
        self._commits = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(clear_uploads, self.tree)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.tree.close()

    def list(self, path: str) -> Listing:
        """A folder's entries, folders first, by name. The agent's own folder is left out, but can be named."""
        parts = parse_path(path)
        entries: dict[Parts, Entry] = {}
        with self.tree.folder(parts) as folder, os.scandir(folder) as found:
            truncated = False
            for entry in found:
                name = os.fsencode(entry.name)
                if not parts and name == STATE:
                    continue
                if len(entries) == MAX_LISTED:
                    truncated = True
                    break
                try:
                    entries[(*parts, name)] = describe((*parts, name), entry.stat(follow_symlinks=False))
                except FileNotFoundError:
                    continue
        listed = sorted(entries.values(), key=lambda entry: (entry.kind != "folder", entry.name))
        return Listing(path=shown_path(parts), entries=listed, truncated=truncated)

    async def write(self, path: str, chunks: AsyncIterator[bytes], precondition: Precondition) -> tuple[bool, Entry]:
        """Replace or create a file by ``chunks``. Returns whether it is new. Raises STALE, DISK_FULL; nothing is half done.

        Whatever ends it early (the client's leaving included) leaves the old file as it was.
        """
        self._touch()
        parts = parse_path(path)
        upload = await asyncio.to_thread(Upload, self.tree, parts, precondition)
        try:
            gathered: list[bytes] = []
            size = 0
            async for chunk in chunks:
                gathered.append(chunk)
                size += len(chunk)
                if size >= UPLOAD_SLICE:
                    await asyncio.to_thread(upload.write, gathered)
                    gathered, size = [], 0
            await asyncio.to_thread(upload.write, gathered)
            # One after the other, or two writers with the same ETag could both win.
            async with self._commits:
                new, found = await asyncio.to_thread(upload.commit)
        finally:
            await asyncio.to_thread(upload.abandon)
        return new, describe(parts, found)

    def delete(self, path: str) -> None:
        """Delete a file, a link (not what it points to), or a folder with all in it."""
        self._touch()
        parts = parse_path(path)
        check_changeable(parts)
        with self.tree.parent(parts) as (folder, name):
            if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                os.unlink(name, dir_fd=folder)
                return
            try:
                # Walks by open folders and follows no link.
                shutil.rmtree(name, dir_fd=folder)
            except RecursionError as error:
                message = f"{shown_path(parts)} is nested too deeply; delete it in a terminal with rm -r."
                raise AgentError(ErrorCode.TOO_LARGE, message) from error

    def rename(self, rename: Rename) -> Entry:
        """Rename or move an entry. Raises CONFLICT when the target exists, unless ``overwrite``."""
        self._touch()
        source, target = parse_path(rename.source), parse_path(rename.target)
        check_changeable(source)
        check_changeable(target)
        with self.tree.parent(source) as (old_folder, old):
            os.stat(old, dir_fd=old_folder, follow_symlinks=False)
            with self.tree.parent(target) as (new_folder, new):
                if rename.overwrite:
                    os.rename(old, new, src_dir_fd=old_folder, dst_dir_fd=new_folder)
                else:
                    rename_if_new(old_folder, old, new_folder, new)
        return self.tree.entry(target)

    def make_folder(self, path: str) -> Entry:
        """Make a folder in an existing one."""
        self._touch()
        parts = parse_path(path)
        check_changeable(parts)
        with self.tree.parent(parts) as (folder, name):
            os.mkdir(name, 0o755, dir_fd=folder)
        return self.tree.entry(parts)
