"""Bytes on disk as one file, or, when they are many, as two that are written at the same time and mapped as one.

Writing into the page cache takes three times as long as copying memory: a page has to be found for every piece, under a lock
of the file's. Two files have two locks, and a machine has more than one core. The first has the name that it was given, the
second the same name with ``SECOND`` behind it; the second begins where the first ends.
"""

import ctypes
import mmap
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

SECOND: Final = ".second"
SPLIT: Final = 32 * 1024 * 1024
"""From this many bytes on there are two files: below, a thread costs more than it gains."""
STEP: Final = 16 * 1024 * 1024
HUGE: Final = 2 * 1024 * 1024
"""Where address and offset agree up to this, the kernel maps large pieces of the page cache at one touch."""
PROT_READ_WRITE: Final = 3
MAP_PRIVATE_FIXED: Final = 0x12
"""From ``sys/mman.h``, as Python's ``mmap`` cannot map to an address."""

Bytes = bytes | memoryview


def write(path: str, pieces: Sequence[Bytes], size: int) -> None:
    """Write pieces of ``size`` bytes in all to new files. Raises ``OSError``; nothing is left behind then."""
    names = (path, path + SECOND) if size >= SPLIT else (path,)
    targets: list[int] = []
    try:
        for name in names:
            # One by one: what was opened has to be known when the next cannot be.
            targets.append(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))  # noqa: PERF401
        if len(targets) == 1:
            _write(targets[0], pieces, 0, size)
        else:
            _write_both(targets, pieces, size // 2 // HUGE * HUGE, size)
    except BaseException:
        for name, _ in zip(names, targets, strict=False):  # those that were made here
            Path(name).unlink(missing_ok=True)
        raise
    finally:
        for target in targets:
            os.close(target)


def read(path: str) -> mmap.mmap | memoryview:
    """Map what was written, copy-on-write. Raises ``OSError``, ``ValueError``."""
    first = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            second = os.open(path + SECOND, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return mmap.mmap(first, 0, access=mmap.ACCESS_COPY)
        try:
            return _joined(first, second)
        finally:
            os.close(second)
    finally:
        os.close(first)


def _write_both(targets: Sequence[int], pieces: Sequence[Bytes], middle: int, size: int) -> None:
    import threading  # where it is imported, each fork does some work for it

    failures: list[BaseException] = []

    def write_second() -> None:
        try:
            _write(targets[1], pieces, middle, size)
        except BaseException as error:  # noqa: BLE001 raised again below, in the thread that waits for it
            failures.append(error)

    other = threading.Thread(target=write_second)
    other.start()
    try:
        _write(targets[0], pieces, 0, middle)
    finally:
        other.join()
    for failure in failures:
        raise failure


def _write(target: int, pieces: Sequence[Bytes], start: int, end: int) -> None:
    """Write what lies between two positions. The space is reserved first: a full disk is known before the work, which is
    twice as fast then.
    """
    os.posix_fallocate(target, 0, end - start)
    for view in _between(pieces, start, end):
        while view:
            view = view[os.write(target, view[:STEP]) :]  # noqa: PLW2901 what is left of it


def _between(pieces: Sequence[Bytes], start: int, end: int) -> Iterator[memoryview]:
    position = 0
    for piece in pieces:
        view = memoryview(piece)
        yield view[max(0, start - position) : max(0, end - position)]
        position += len(view)


def _joined(first: int, second: int) -> memoryview:
    sizes = os.fstat(first).st_size, os.fstat(second).st_size
    if sizes[0] % HUGE:
        raise ValueError("a stored value is damaged; clear the cache and run again")
    # Room for both, over which each is mapped; when nothing of the room is used any more, they go as well.
    room = mmap.mmap(-1, sum(sizes) + HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    start = ctypes.addressof(ctypes.c_char.from_buffer(room))
    skipped = -start % HUGE
    _map(start + skipped, sizes[0], first)
    _map(start + skipped + sizes[0], sizes[1], second)
    return memoryview(room)[skipped : skipped + sum(sizes)]


def _map(address: int, size: int, descriptor: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    wanted = ctypes.c_void_p(address), ctypes.c_size_t(size)
    if library.mmap(*wanted, PROT_READ_WRITE, MAP_PRIVATE_FIXED, descriptor, ctypes.c_long(0)) != address:
        raise OSError(ctypes.get_errno(), "a stored value cannot be mapped")
