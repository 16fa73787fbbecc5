"""Values between nodes, as the agent knows them: bytes or a file with a digest. The agent never looks inside."""

import asyncio
import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

HASH_STEP: Final = 1024 * 1024
SECOND: Final = ".second"
"""Behind the name of a value's file: the other half of one that is large (see ``child/halves``)."""


class Value:
    """The bytes of one value, in memory when they are few, else in a file.

    The digest of a large value comes after the value itself, so that a consumer can start at once.
    """

    __slots__ = ("_digest", "_waiting", "data", "path", "size")

    def __init__(self, size: int, *, data: bytes | None = None, path: Path | None = None, digest: str = "") -> None:
        self.size = size
        self.data = data
        self.path = path
        self._digest = digest
        self._waiting: asyncio.Event | None = None

    @property
    def known_digest(self) -> str:
        """The content digest, empty while it is still being computed."""
        return self._digest

    def set_digest(self, digest: str) -> None:
        """Take the digest that the producing process computed. An empty one means that it will not compute it."""
        self._digest = self._digest or digest
        if self._waiting is not None:
            self._waiting.set()

    def expect_digest(self) -> None:
        """Say that ``set_digest`` will be called."""
        self._waiting = asyncio.Event()

    async def digest(self) -> str:
        """Return the content digest, waiting for it or computing it where need be. Raises ``OSError``."""
        if not self._digest and self._waiting is not None:
            await self._waiting.wait()
        if not self._digest:
            self._digest = await asyncio.to_thread(self._computed)
        return self._digest

    def _computed(self) -> str:
        state = hashlib.blake2b(self.data or b"", digest_size=16)
        for path in files_of(self.path) if self.path is not None else ():
            with path.open("rb") as file:
                while piece := file.read(HASH_STEP):
                    state.update(piece)
        return state.hexdigest()


def files_of(path: Path) -> tuple[Path, ...]:
    """Return the files of the value at ``path``, in order: one, or two for a large value."""
    second = path.with_name(path.name + SECOND)
    return (path, second) if second.exists() else (path,)


def link(source: Path, target: Path) -> None:
    """Give a value's files another name. Raises ``OSError``."""
    # The second half first: where there is a first one, all of it is there.
    for file in reversed(files_of(source)):
        with suppress(FileExistsError):  # of an earlier attempt that did not come to its end
            os.link(file, target.with_name(target.name + file.name.removeprefix(source.name)))


def unlink(path: Path) -> None:
    """Remove a value's files, if they are there."""
    for file in files_of(path):
        file.unlink(missing_ok=True)
