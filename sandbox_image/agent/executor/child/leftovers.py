"""Processes that ended runs left behind: those that left their run's group and session, as servers and fork bombs do."""

import ctypes
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final

PR_SET_CHILD_SUBREAPER: Final = 36
ROUNDS: Final = 20
"""How often it is looked for more: they may go on forking until the last one is stopped."""


def adopt() -> None:
    """Let processes below this one become its children when their parents end, instead of children of process 1."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end(kept: set[int]) -> None:
    """End all processes below this one but those of ``kept``, and what is below those.

    They are stopped before they are killed: a stopped process keeps its place in the limit of processes, so that those
    which go on forking run out of room instead of filling the places of the killed.
    """
    stopped: set[int] = set()
    for _ in range(ROUNDS):
        found = below(kept) - stopped
        if not found:
            break
        _signal(found, signal.SIGSTOP)
        stopped |= found
    _signal(stopped, signal.SIGKILL)
    for _ in range(ROUNDS):
        # Those whose parents were killed are children of this process only then.
        ours = {pid for pid, parent in parents().items() if parent == os.getpid()} - kept
        if not ours:
            return
        _signal(ours, signal.SIGKILL)
        for pid in ours:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def below(kept: set[int]) -> set[int]:
    """Pids of this process's descendants, without ``kept`` and theirs."""
    children: dict[int, list[int]] = {}
    for pid, parent in parents().items():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    ahead = [os.getpid()]
    while ahead:
        for pid in children.get(ahead.pop(), ()):
            if pid not in kept and pid not in found:
                found.add(pid)
                ahead.append(pid)
    return found


def parents() -> dict[int, int]:
    """The parent of each process that can be seen."""
    found: dict[int, int] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            # A process may end between being listed and being read.
            with suppress(OSError):
                fields = Path(entry.path, "stat").read_text(errors="replace").rpartition(")")[2].split()
                found[int(entry.name)] = int(fields[1])
    return found


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
