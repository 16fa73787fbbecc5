"""A shell on a PTY of its own: started, sized, asked for its foreground program."""

import contextlib
import fcntl
import os
import signal
import struct
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from .held import watch_child

BASHRC: Final = Path(__file__).with_name("bashrc")
MAX_COLS: Final = 1000
MAX_ROWS: Final = 500
_WINSIZE: Final = struct.Struct("HHHH")
_HIDDEN_PREFIXES: Final = ("AIMFORGE_", "PYTHON", "UVICORN_")


class Pty(Struct, frozen=True):
    """The agent's end of a PTY (non-blocking), and the shell's process, which leads a session of its own.

    ``end`` is a descriptor that can be read from when the shell has ended.
    """

    master: int
    pid: int
    end: int

    def resize(self, cols: int, rows: int) -> None:
        """Set the size; the kernel tells the foreground program."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, _WINSIZE.pack(rows, cols, 0, 0))

    def is_cooked(self) -> bool:
        """Whether the program in the foreground writes lines: full-screen programs and a shell at its prompt do not."""
        try:
            return bool(termios.tcgetattr(self.master)[3] & termios.ICANON)
        except termios.error:
            return False

    def foreground_group(self) -> int:
        """The process group in the foreground; that of the shell at its prompt, 0 when there is none any more."""
        try:
            return os.tcgetpgrp(self.master)
        except OSError:
            return 0

    def foreground(self) -> str:
        """Name of the program in the foreground; empty at the prompt."""
        group = self.foreground_group()
        return "" if group in {0, self.pid} else program_name(group)

    def signal_foreground(self, number: int) -> None:
        """Send a signal to the process group in the foreground."""
        group = self.foreground_group()
        if group > 1:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)


def program_name(pid: int) -> str:
    """Name of a process; ``program`` when it has gone meanwhile."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    except OSError:
        return "program"


def clamp_size(cols: int, rows: int) -> tuple[int, int]:
    """The nearest size that a terminal can have: a tiny or huge one makes programs hang or take all memory."""
    return min(max(cols, 2), MAX_COLS), min(max(rows, 1), MAX_ROWS)


def shell_environment(base: Mapping[str, str], venv: Path | None, state: Path) -> dict[str, str]:
    """The environment of a shell: the agent's own without what is the agent's, with the project's venv active."""
    environment = {name: value for name, value in base.items() if not name.startswith(_HIDDEN_PREFIXES)}
    environment |= {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "SHELL": "/bin/bash",
        "HISTFILE": str(state / "bash_history"),
    }
    if venv is not None:
        environment["VIRTUAL_ENV"] = str(venv)
        environment["PATH"] = f"{venv}/bin:{environment.get('PATH', os.defpath)}"
    return environment


def start_shell(workspace: Path, environment: Mapping[str, str], cols: int, rows: int) -> Pty:
    """Start bash in ``workspace`` on a new PTY. Raises OSError when the sandbox is out of processes or PTYs."""
    master, slave = os.openpty()
    try:
        name = os.ttyname(slave)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, _WINSIZE.pack(rows, cols, 0, 0))
        # `env` changes the folder, which posix_spawn cannot. As leader of a new session that opens a terminal, it gets
        # that one as its controlling terminal; bash takes its place.
        pid = os.posix_spawn(
            "/usr/bin/env",
            ["env", f"--chdir={workspace}", "bash", "--rcfile", str(BASHRC), "-i"],
            environment,
            setsid=True,
            setsigmask=[],
            # Ignored signals stay ignored through exec: with SIGINT among them Ctrl-C would print ^C and end nothing.
            setsigdef=sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, name, os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
                *((os.POSIX_SPAWN_CLOSE, fd) for fd in _inheritable()),
            ],
        )
        end = watch_child(pid)
    except OSError:
        os.close(master)
        raise
    finally:
        os.close(slave)
    os.set_blocking(master, False)
    return Pty(master, pid, end)


def _inheritable() -> list[int]:
    """Descriptors above the standard ones that a child would get, such as those that came over a socket."""
    found: list[int] = []
    for entry in list(Path("/proc/self/fd").iterdir()):
        # The descriptor of the listing itself has gone by now.
        with contextlib.suppress(OSError):
            if int(entry.name) > 2 and os.get_inheritable(int(entry.name)):
                found.append(int(entry.name))
    return found
