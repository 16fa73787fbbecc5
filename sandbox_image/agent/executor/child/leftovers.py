"""Processes that ended runs left behind: those that left their run's group and session, as servers and fork bombs do."""

import ctypes
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final

PR_SET_CHILD_SUBREAPER: Final = 36
ROUNDS: Final = 100
"""How often it is looked for more: those that are ended may have children, or go on forking meanwhile."""


def adopt() -> None:
    """Let processes below this one become its children when their parents end, instead of children of process 1."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end(kept: set[int]) -> None:
    """End all children of this process but those of ``kept``."""
    for _ in range(ROUNDS):
        found = children() - kept
        if not found:
            return
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in found:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def children() -> set[int]:
    """Pids of this process's children, those too that are dead and not waited for."""
    parent = str(os.getpid())
    found: set[int] = set()
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            # A process may end between being listed and being read.
            with suppress(OSError):
                fields = Path(entry.path, "stat").read_text(errors="replace").rpartition(")")[2].split()
                if fields[1] == parent:
                    found.add(int(entry.name))
    return found
