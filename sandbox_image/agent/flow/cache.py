"""Results of nodes by what caused them: in memory at once, on disk soon after, within a limit of bytes.

``.aimforge/cache/values/<digest>`` holds values, ``results/<key>.json`` what people saw of a result, ``nodes/<…>.json``
what each node did last. Values of equal content are one file. The least recently used results go first.
"""

import asyncio
import logging
import os
import shutil
import time
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from sandbox_image.agent.executor.values import Value, link, unlink
from sandbox_image.wire.limits import MIB
from sandbox_image.wire.runs import Output

from . import digests
from .cause import Cause

logger = logging.getLogger(__name__)

DEFAULT_LIMIT: Final = 1024 * MIB
MAX_RESULTS: Final = 5_000
MEMORY: Final = 8 * MIB
"""Bytes of recent results that are kept in memory as well."""


T = TypeVar("T")


class StoredValue(msgspec.Struct, frozen=True):
    """Where the value of a port is."""

    port: str
    digest: str
    size: int


class Result(msgspec.Struct, kw_only=True):
    """A successful result of a node."""

    key: str
    node_id: str
    cause: Cause
    created_at: float
    run_id: str
    duration_ms: float
    values: list[StoredValue]
    definitions: dict[str, str] = {}
    """Digests of the workspace's files whose classes or functions the values refer to, by path."""
    output: Output | None = None
    displays: list[Output] = []
    stdout: str = ""
    stderr: str = ""


class Last(msgspec.Struct, kw_only=True):
    """What a node did last. ``key`` is that of its last success, empty without one."""

    node_id: str
    succeeded: bool
    key: str = ""
    cause: Cause | None = None
    at: float = 0.0
    error: str = ""


class _Indexed(msgspec.Struct):
    size: int
    used: float
    digests: list[str]
    partial: str
    """Key of the cause without its inputs."""


class ResultCache:
    """The cache of one project. Methods are for the event loop's thread, except where they say that they block."""

    def __init__(self, folder: Path, limit: int = DEFAULT_LIMIT, files: digests.FileDigests | None = None) -> None:
        """``files`` tells what is in the workspace's files, which values refer to."""
        self._files = files
        self._folder = folder
        self._values = folder / "values"
        self._results = folder / "results"
        self._nodes = folder / "nodes"
        self._limit = limit
        self._index: dict[str, _Indexed] = {}
        self._recent: OrderedDict[str, tuple[Result, int]] = OrderedDict()
        self._recent_bytes = 0
        self._small: OrderedDict[str, bytes] = OrderedDict()
        self._small_bytes = 0
        self._unsaved: dict[str, Value] = {}
        """Values by digest that are not in their place on disk yet."""
        self._last: dict[str, Last] = {}
        self._partials: Counter[str] = Counter()
        self._generation = 0

    def load(self) -> None:
        """Read what an earlier life of the agent left behind. Blocks; called once, before anything else."""
        for folder in (self._values, self._results, self._nodes):
            folder.mkdir(parents=True, exist_ok=True)
        for leftover in self._values.glob("new-*"):
            leftover.unlink(missing_ok=True)
        for path in self._results.glob("*.json"):
            result = _read(path, Result)
            if result is not None and all((self._values / value.digest).exists() for value in result.values):
                self._insert(result, path.stat().st_mtime)
            else:
                path.unlink(missing_ok=True)
        for path in self._nodes.glob("*.json"):
            last = _read(path, Last)
            if last is not None:
                self._last[last.node_id] = last

    def last(self, node_id: str) -> Last | None:
        """Return what the node did last."""
        return self._last.get(node_id)

    def has_any(self, cause: Cause) -> bool:
        """Return whether there is a result with this cause for any inputs."""
        return self._partials[cause.with_inputs({}).key()] > 0

    def find(self, key: str) -> Result | None:
        """Return the result with this key, and count it as used. None when what its values refer to is another now."""
        result = self._find(key)
        if result is None or self._files is None:
            return result
        now = {path: self._files.of(path) for path in result.definitions}
        return result if now == result.definitions else None

    def _find(self, key: str) -> Result | None:
        indexed = self._index.get(key)
        if indexed is None:
            return None
        indexed.used = time.time()
        recent = self._recent.get(key)
        if recent is not None:
            self._recent.move_to_end(key)
            return recent[0] if self._holds(recent[0]) else self._forget_and_miss(key)
        path = self._results / f"{key}.json"
        result = _read(path, Result)
        if result is None or not self._holds(result):
            return self._forget_and_miss(key)
        os.utime(path)  # so that it counts as used after a restart as well
        self._remember(result)
        return result

    def _holds(self, result: Result) -> bool:
        """Whether the values are there: people delete folders."""
        known = (self._small, self._unsaved)
        return all(
            any(value.digest in held for held in known) or (self._values / value.digest).exists()
            for value in result.values
        )

    def _forget_and_miss(self, key: str) -> None:
        self._forget(key)

    def last_result(self, node_id: str) -> Result | None:
        """Return the node's last successful result, whatever has changed since."""
        last = self._last.get(node_id)
        result = self._find(last.key) if last is not None and last.key else None
        if result is None or self._files is None:
            return result
        # With other code its classes may do something else; without any, nobody could read the values.
        return result if all(map(self._files.of, result.definitions)) else None

    def value(self, stored: StoredValue) -> Value:
        """Return a value of a result that ``find`` gave."""
        data = self._small.get(stored.digest)
        if data is not None:
            self._small.move_to_end(stored.digest)
            return Value(len(data), data=data, digest=stored.digest)
        unsaved = self._unsaved.get(stored.digest)
        return unsaved or Value(stored.size, path=self._values / stored.digest, digest=stored.digest)

    def add(self, result: Result, values: dict[str, Value]) -> None:
        """Take a result, whose digests are known; ``save`` writes it to disk."""
        self._insert(result, time.time())
        self._remember(result)
        for stored in result.values:
            self._unsaved[stored.digest] = values[stored.port]
            data = values[stored.port].data
            if data is not None and stored.digest not in self._small:
                self._small[stored.digest] = data
                self._small_bytes += len(data)
        while self._small_bytes > MEMORY:
            _, dropped = self._small.popitem(last=False)
            self._small_bytes -= len(dropped)

    def set_last(self, last: Last) -> None:
        """Take what a node did last."""
        self._last[last.node_id] = last

    @property
    def generation(self) -> int:
        """Rises with each ``clear``: what was computed before must not be added after."""
        return self._generation

    async def save(self, result: Result, values: dict[str, Value]) -> None:
        """Write a result that was added to disk. What cannot be written is forgotten."""
        try:
            await asyncio.to_thread(self._write_result, result, values)
        except OSError as error:
            logger.warning("a result was not kept: %s", error)
            self._forget(result.key)
            return
        finally:
            for stored in result.values:
                self._unsaved.pop(stored.digest, None)
        await self._shrink()

    async def save_last(self, node_id: str) -> None:
        """Write what a node did last to disk."""
        last = self._last.get(node_id)
        if last is None:
            return
        path = self._nodes / f"{digests.of_bytes(node_id.encode())}.json"
        try:
            await asyncio.to_thread(_write, path, msgspec.json.encode(last))
        except OSError as error:
            logger.warning("the state of node %s was not kept: %s", node_id, error)

    async def clear(self) -> None:
        """Forget everything."""
        self._generation += 1
        for kept in (self._index, self._recent, self._small, self._last, self._partials, self._unsaved):
            kept.clear()
        self._recent_bytes = self._small_bytes = 0
        await asyncio.to_thread(self._remove_all)

    def _insert(self, result: Result, used: float) -> None:
        if result.key not in self._index:
            indexed = _indexed(result, used)
            self._index[result.key] = indexed
            self._partials[indexed.partial] += 1

    def _remember(self, result: Result) -> None:
        size = len(msgspec.json.encode(result))
        if result.key in self._recent:
            self._recent_bytes -= self._recent.pop(result.key)[1]
        self._recent[result.key] = (result, size)
        self._recent_bytes += size
        while self._recent_bytes > MEMORY and len(self._recent) > 1:
            self._recent_bytes -= self._recent.popitem(last=False)[1][1]

    def _forget(self, key: str) -> list[str]:
        """Drop a result and return the digests that nothing else uses."""
        indexed = self._index.pop(key, None)
        if indexed is None:
            return []
        self._partials[indexed.partial] -= 1
        if key in self._recent:
            self._recent_bytes -= self._recent.pop(key)[1]
        used = {digest for other in self._index.values() for digest in other.digests}
        return [digest for digest in indexed.digests if digest not in used]

    async def _shrink(self) -> None:
        total = sum(indexed.size for indexed in self._index.values())
        if total <= self._limit and len(self._index) <= MAX_RESULTS:
            return
        removed: list[Path] = []
        for key, indexed in sorted(self._index.items(), key=lambda item: item[1].used):
            if len(self._index) <= 1 or (total <= self._limit * 0.9 and len(self._index) <= MAX_RESULTS * 0.9):
                break
            total -= indexed.size
            removed.append(self._results / f"{key}.json")
            removed += [self._values / digest for digest in self._forget(key)]
        await asyncio.to_thread(_unlink, removed)

    def _write_result(self, result: Result, values: dict[str, Value]) -> None:
        for stored in result.values:
            target = self._values / stored.digest
            value = values[stored.port]
            if target.exists():
                continue
            if value.data is not None:
                _write(target, value.data)
            elif value.path is not None:
                link(value.path, target)
        _write(self._results / f"{result.key}.json", msgspec.json.encode(result))

    def _remove_all(self) -> None:
        for folder in (self._results, self._nodes):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
        self._values.mkdir(parents=True, exist_ok=True)  # people delete folders
        for path in self._values.iterdir():
            if path.name.startswith("new-"):  # those belong to runs that are going on
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _indexed(result: Result, used: float) -> _Indexed:
    size = sum(value.size for value in result.values) + len(result.stdout) + len(result.stderr) + 1000
    return _Indexed(
        size=size,
        used=used,
        digests=[value.digest for value in result.values],
        partial=result.cause.with_inputs({}).key(),
    )


def _read(path: Path, as_type: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=as_type)
    except (OSError, msgspec.DecodeError):
        return None


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"new-{path.name}")
    temporary.write_bytes(data)
    temporary.replace(path)


def _unlink(paths: list[Path]) -> None:
    for path in paths:
        unlink(path)
