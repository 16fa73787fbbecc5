"""Processes that are held on to: waited for, and signalled without hitting another that got the number later.

A pidfd does that. Where the kernel has none (gVisor), a thread waits for a child of ours, and any other process is known by its
number and the time of its start, and looked at until it has ended.
"""

import asyncio
import contextlib
import errno
import os
import signal
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Final

LOOK_SEC: Final = 0.02


def watch_child(pid: int) -> int:
    """A descriptor that can be read from when a child of ours has ended. The child still has to be waited for.

    Raises OSError when the sandbox is out of descriptors or threads.
    """
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
    read, write = os.pipe()
    try:
        threading.Thread(target=_close_at_end, args=(pid, write), name=f"watch {pid}", daemon=True).start()
    except RuntimeError as error:
        os.close(read)
        os.close(write)
        raise OSError(errno.EAGAIN, "no thread can be started") from error
    return read


def _close_at_end(pid: int, write: int) -> None:
    try:
        # Somebody else may have waited for it; then it has ended as well.
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    finally:
        os.close(write)


class ByPidfd:
    """A process of which there is a pidfd."""

    def __init__(self, pidfd: int) -> None:
        self._pidfd = pidfd

    def send(self, number: int) -> None:
        """Signal it. Raises ProcessLookupError when it has gone."""
        signal.pidfd_send_signal(self._pidfd, number)

    async def ended(self) -> None:
        """Wait until it has ended."""
        loop = asyncio.get_running_loop()
        happened = asyncio.Event()
        loop.add_reader(self._pidfd, happened.set)
        try:
            await happened.wait()
        finally:
            loop.remove_reader(self._pidfd)


class ByNumber:
    """A process that is known by its number and the time of its start. Raises ProcessLookupError when there is none."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        found = _start(pid)
        if found is None:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        self._started = found

    def send(self, number: int) -> None:
        """Signal it. Raises ProcessLookupError when it has gone."""
        if _start(self._pid) != self._started:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        os.kill(self._pid, number)

    async def ended(self) -> None:
        """Wait until it has ended."""
        # Nothing tells.
        while _start(self._pid) == self._started:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SEC)


def _start(pid: int) -> bytes | None:
    """When a process was started, in ticks since the machine was; None when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in {b"Z", b"X"} else fields[19]


@contextlib.contextmanager
def hold(pid: int) -> Generator[ByPidfd | ByNumber]:
    """Hold on to a process. Raises ProcessLookupError when there is none, OSError when descriptors have run out."""
    try:
        pidfd = os.pidfd_open(pid)
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        yield ByNumber(pid)
        return
    try:
        yield ByPidfd(pidfd)
    finally:
        os.close(pidfd)
