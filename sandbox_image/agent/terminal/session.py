"""The processes of a terminal's session: listed, and ended so that no other process can be hit by mistake."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from .held import ByNumber, ByPidfd, hold

GRACE_SEC: Final = 1.0
"""Between SIGHUP and SIGKILL."""
ROUNDS: Final = 20
"""How often a session is looked through for processes that were started while it was being ended."""


class Process(Struct, frozen=True):
    """A process as ``/proc`` shows it. ``state`` is its letter: ``T`` is stopped, ``Z`` has ended."""

    pid: int
    name: str
    state: str
    session: int


def processes() -> Iterator[Process]:
    """All processes that can be seen."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            # A process may end between being listed and being read.
            with contextlib.suppress(OSError):
                before, _, after = (folder / "stat").read_bytes().rpartition(b")")
                fields = after.split()
                name = before.partition(b"(")[2].decode(errors="replace")
                yield Process(int(folder.name), name, fields[0].decode(), int(fields[3]))


def members(session: int) -> list[Process]:
    """The processes of a session that have not ended."""
    return [process for process in processes() if process.session == session and process.state not in "ZX"]


def holds_socket(pid: int, inode: int) -> bool:
    """Whether a process has the socket of that inode open."""
    wanted = f"socket:[{inode}]"
    with contextlib.suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            # A descriptor may be closed between being listed and being read.
            with contextlib.suppress(OSError):
                if os.readlink(entry.path) == wanted:  # noqa: PTH115  a name of the kernel's, not a path
                    return True
    return False


async def end_session(session: int) -> None:
    """Send SIGHUP to each process of a session, wait ``GRACE_SEC`` at most, and SIGKILL those that remain."""
    await _signal_and_wait(session, signal.SIGHUP, GRACE_SEC)
    for _ in range(ROUNDS):
        if not await _signal_and_wait(session, signal.SIGKILL, GRACE_SEC):
            return


async def _signal_and_wait(session: int, number: signal.Signals, timeout: float) -> bool:
    """Signal all members and wait until they end. False when there was none."""
    with contextlib.ExitStack() as stack:
        signalled: list[ByPidfd | ByNumber] = []
        for pid in [process.pid for process in members(session)]:
            with contextlib.suppress(ProcessLookupError):
                process = stack.enter_context(hold(pid))
                # The number may name another process by now; only what is still of the session is signalled.
                if os.getsid(pid) == session:
                    process.send(number)
                    # A stopped process hangs up when it goes on.
                    process.send(signal.SIGCONT)
                    signalled.append(process)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                for process in signalled:
                    await process.ended()
        return bool(signalled)
