"""Reaps orphans. The agent is PID 1 of its container, so that ``kill -9 -1`` typed by a user cannot end it; the price is
that every process whose parent died becomes its child, and stays a zombie that counts against the process limit.

``waitpid(-1)`` would also take the exit statuses of the agent's own children away from asyncio and the executor. The
kernel does not tell an adopted child from a born one, so the difference is made by who waits: an owner is woken by the
kernel or by the event loop at the moment its child dies. What is still a zombie ``GRACE_SEC`` later and after the loop
went through all that it had to do, and was not kept by ``keep``, is an orphan.

SIGCHLD is left alone, since libuv needs it to itself: a thread sleeps in ``waitid`` until some child is dead.
"""

import asyncio
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

GRACE_SEC: Final = 0.25
ROUNDS: Final = 3
"""Turns of the event loop that are waited for: one may be under way, and the next one reads the signals."""
CHILDLESS_SEC: Final = 1.0
"""``waitid`` returns at once when there is no child at all; that is looked at again after this time."""

Zombie = tuple[int, int]
"""Pid and start time in clock ticks: together they are never used twice."""


class Reaper:
    """Reaps adopted children of this process from ``start`` on. Its thread ends with the process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, grace_sec: float = GRACE_SEC) -> None:
        self._loop = loop
        self._grace_sec = grace_sec
        self._kept: set[int] = set()
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin, in a thread of its own."""
        threading.Thread(target=self._run, name="reaper", daemon=True).start()

    def stop(self) -> None:
        """Reap nothing more."""
        self._stop.set()

    def keep(self, pid: int) -> None:
        """Leave this child to its owner, who waits for it only later."""
        self._kept.add(pid)

    def release(self, pid: int) -> None:
        """The owner of a kept child has its status, or does not want it any more."""
        self._kept.discard(pid)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            except ChildProcessError:
                self._stop.wait(CHILDLESS_SEC)
                continue
            suspects = zombies()
            self._stop.wait(self._grace_sec)
            if not self._let_the_loop_go_round():
                return
            for zombie in suspects & zombies():
                if zombie[0] not in self._kept:
                    with suppress(ChildProcessError):
                        os.waitid(os.P_PID, zombie[0], os.WEXITED | os.WNOHANG)

    def _let_the_loop_go_round(self) -> bool:
        """Wait until the loop has seen all that happened until now, however busy it is. False when it has ended."""
        for _ in range(ROUNDS):
            done = threading.Event()
            try:
                self._loop.call_soon_threadsafe(done.set)
            except RuntimeError:  # closed
                return False
            while not done.wait(CHILDLESS_SEC):
                if self._stop.is_set() or self._loop.is_closed():
                    return False
        return not self._stop.is_set()


def zombies() -> set[Zombie]:
    """Children of this process that are dead and not waited for."""
    parent = str(os.getpid())
    found: set[Zombie] = set()
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal():
            continue
        with suppress(OSError):
            # After the name, which may hold spaces and brackets: state, parent, …, start time as the 22nd field.
            fields = Path(entry.path, "stat").read_text(errors="replace").rpartition(")")[2].split()
            if fields[0] == "Z" and fields[1] == parent:
                found.add((int(entry.name), int(fields[19])))
    return found
