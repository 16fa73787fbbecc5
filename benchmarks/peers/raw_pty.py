"""A PTY of this process, without anything between."""

import os
import pty
import select
import signal
import termios


class RawPty:
    """A program that takes what is typed, on a PTY that echoes it. A context manager."""

    def __enter__(self) -> "RawPty":
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.execvp("cat", ["cat"])
        attributes = termios.tcgetattr(self.master)
        attributes[3] |= termios.ECHO
        termios.tcsetattr(self.master, termios.TCSANOW, attributes)
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.master)

    def type(self, data: bytes) -> None:
        """Type bytes."""
        os.write(self.master, data)

    def output(self) -> bytes:
        """Return the next output."""
        select.select([self.master], [], [])
        return os.read(self.master, 65536)
