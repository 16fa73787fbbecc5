"""The names of all packages of the index, kept for a day, and what is found among them."""

import asyncio
import heapq
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.project.folder import Folder
from sandbox_image.agent.settings import AgentSettings
from sandbox_image.wire.environment import IndexListing, Package, PackageMatch, PackageSearch

from .distributions import normalized
from .uv import outward

PATH: Final = ".aimforge/index-names.txt"
PROGRAM: Final = Path(__file__).with_name("list_index.py")
KEPT_SEC: Final = 86_400.0
READ_WITHIN_SEC: Final = 300.0
AGAIN_AFTER_SEC: Final = 600.0
"""An index that has no list is asked for it again only after this time."""
MAX_LIST: Final = 48 << 20
"""Bytes of names that are kept: the largest public index has about a quarter of this."""
MAX_SEARCH: Final = 100
MAX_MATCHES: Final = 40
MAX_LOOKED_AT: Final = 200_000
"""Names that are weighed for one search: a single letter is in nearly all of them."""


class PackageNames:
    """The list of an index, read when somebody asks for it. ``find`` and ``read`` may run at the same time."""

    def __init__(self, workspace: Path, settings: AgentSettings) -> None:
        self._folder = Folder(workspace)
        self._settings = settings
        self._reading = False
        self._failed_at = 0.0
        self._message = ""

    def is_wanted(self) -> bool:
        """True when the list must be read: it is missing or old, nobody is reading it, and it did not just fail."""
        if self._settings.offline or self._reading or self._is_fresh():
            return False
        return not self._message or time.monotonic() - self._failed_at > AGAIN_AFTER_SEC

    async def read(self) -> None:
        """Read the list. What goes wrong is told by the next ``find``."""
        self._reading = True
        try:
            async with asyncio.timeout(READ_WITHIN_SEC):
                names = await self._listed()
            await asyncio.to_thread(self._folder.write, PATH, names)
            self._message = ""
        except (OSError, ValueError, AgentError) as error:
            self._failed_at = time.monotonic()
            late = isinstance(error, TimeoutError)
            self._message = "The package index did not tell its list in time." if late else str(error)
        finally:
            self._reading = False

    async def find(self, text: str, wheels: Sequence[Package]) -> PackageSearch:
        """What has ``text`` in its name: what installs without a network first, then what the index has."""
        wanted = normalized(text.strip())[:MAX_SEARCH].strip("-")
        if not wanted:
            return PackageSearch(listing=self._listing(), message=self._message)
        here = [PackageMatch(name=one.name, version=one.version, offline=True) for one in wheels if wanted in one.name]
        here.sort(key=lambda match: weight(match.name, wanted))
        known = {match.name for match in here}
        # Told as it is before the names are read: a list that comes meanwhile is not among them.
        listing = self._listing()
        names = await asyncio.to_thread(self._names)
        found = await asyncio.to_thread(best, names, wanted, known)
        matches = [*here, *(PackageMatch(name=name) for name in found)][:MAX_MATCHES]
        return PackageSearch(matches=matches, listing=listing, message=self._message)

    def _names(self) -> bytes:
        try:
            return self._folder.read(PATH, MAX_LIST)[0]
        except FileNotFoundError:
            return b""

    def _signature_age(self) -> float | None:
        signature = self._folder.signature(PATH)
        return None if signature is None else time.time() - signature.modified_ns / 1e9

    def _is_fresh(self) -> bool:
        age = self._signature_age()
        return age is not None and age < KEPT_SEC

    def _listing(self) -> IndexListing:
        if self._signature_age() is not None:
            return IndexListing.READY
        if self._reading:
            return IndexListing.READING
        if self._settings.offline or self._message:
            return IndexListing.ABSENT
        return IndexListing.UNREAD

    async def _listed(self) -> bytes:
        """The names as the program prints them. Raises ``ValueError`` with a sentence when there are none."""
        first = self._settings.listing_url or self._settings.index_url
        indexes = [*([first] if first else []), *self._settings.extra_index_urls]
        if not indexes:
            raise ValueError("No package index is known here whose list could be searched.")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(PROGRAM), stdin=PIPE, stdout=PIPE, stderr=PIPE, env=outward(self._settings)
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            process.stdin.write("\n".join(indexes).encode())
            process.stdin.close()
            names = bytearray()
            while piece := await process.stdout.read(1 << 16):
                names += piece
                if len(names) > MAX_LIST:
                    raise ValueError("The package index's list is too long to be searched here.")
            said = (await process.stderr.read(1000)).decode(errors="replace").strip()
            if await process.wait():
                raise ValueError(said.splitlines()[-1] if said else "The package index's list could not be read.")
            return bytes(names)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def weight(name: str, wanted: str) -> tuple[int, int, str]:
    """How far down a name stands: itself, then what begins with it, has it as a word, has it; short ones first."""
    if name == wanted:
        rank = 0
    elif name.startswith(wanted):
        rank = 1 if name.startswith(f"{wanted}-") else 2
    else:
        rank = 3 if f"-{wanted}" in name else 4
    return rank, len(name), name


def best(names: bytes, wanted: str, without: Iterable[str] = ()) -> list[str]:
    """The names that fit best, best first. ``names`` has one a line, in any order."""
    seen = set(without)
    found = (name for name in _containing(names, wanted.encode()) if name not in seen)
    kept = heapq.nsmallest(2 * MAX_MATCHES, found, key=lambda name: weight(name, wanted))
    return list(dict.fromkeys(kept))[:MAX_MATCHES]


def _containing(names: bytes, wanted: bytes) -> Iterator[str]:
    at = names.find(wanted)
    for _ in range(MAX_LOOKED_AT):
        if at < 0:
            return
        start = names.rfind(b"\n", 0, at) + 1
        end = names.find(b"\n", at)
        end = len(names) if end < 0 else end
        yield names[start:end].decode(errors="replace")
        at = names.find(wanted, end)
