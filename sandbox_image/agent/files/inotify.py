"""The kernel's inotify, as far as the watcher needs it."""

import ctypes
import os
import struct
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

CREATE: Final = 0x100
DELETE: Final = 0x200
CLOSE_WRITE: Final = 0x8
MOVED_FROM: Final = 0x40
MOVED_TO: Final = 0x80
OVERFLOW: Final = 0x4000
IGNORED: Final = 0x8000
ISDIR: Final = 0x40000000
WATCHED: Final = CREATE | DELETE | CLOSE_WRITE | MOVED_FROM | MOVED_TO
_ONLY_FOLDERS: Final = 0x01000000
_NOT_UNLINKED: Final = 0x04000000
_NONBLOCK: Final = 0x800
_CLOEXEC: Final = 0x80000
_EVENT: Final = struct.Struct("iIII")
_libc = ctypes.CDLL(None, use_errno=True)


class Change(Struct, frozen=True):
    """One event: ``name`` in the folder of ``watch``."""

    watch: int
    mask: int
    name: bytes


class Inotify:
    """An inotify descriptor. Its ``fd`` is readable when there are changes."""

    def __init__(self) -> None:
        self.fd: int = _libc.inotify_init1(_NONBLOCK | _CLOEXEC)
        if self.fd < 0:
            raise _last_error()

    def watch(self, folder: int) -> int:
        """Watch an open folder; returns the watch's number. Raises OSError (ENOSPC) when there are too many watches."""
        path = f"/proc/self/fd/{folder}".encode()
        number: int = _libc.inotify_add_watch(self.fd, path, WATCHED | _ONLY_FOLDERS | _NOT_UNLINKED)
        if number < 0:
            raise _last_error()
        return number

    def forget(self, watch: int) -> None:
        """Stop watching. A watch that has ended by itself is no error."""
        _libc.inotify_rm_watch(self.fd, watch)

    def read(self) -> Iterator[Change]:
        """The changes that are there now."""
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return
        position = 0
        while position < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, position)
            position += _EVENT.size
            yield Change(watch, mask, data[position : position + length].rstrip(b"\0"))
            position += length

    def close(self) -> None:
        """End all watches."""
        os.close(self.fd)


def _last_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
