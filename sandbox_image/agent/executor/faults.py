"""The executor's own errors: ends of a process that no exception explains, as sentences with a hint."""

import errno
import signal
from pathlib import Path
from typing import Final

from sandbox_image.wire.runs import RunError

OOM_COUNTERS: Final = (
    (Path("/sys/fs/cgroup/memory.events"), "oom_kill"),
    (Path("/sys/fs/cgroup/memory/memory.oom_control"), "oom_kill"),
)
SANDBOX_STOPPED: Final = "The sandbox was stopped during this run."
SIGNAL_HINTS: Final = {
    signal.SIGSEGV: "Native code crashed, or a recursion was too deep for the stack.",
    signal.SIGBUS: "A mapped file shrank or the disk is full, or native code crashed.",
    signal.SIGABRT: "A native library gave up; stderr may say why.",
    signal.SIGFPE: "Native code divided by zero.",
    signal.SIGKILL: "Something in the sandbox killed it: a command such as `kill -9`, or a lack of memory.",
}


def timed_out(seconds: float) -> RunError:
    """Return the error of a node that ran longer than its limit."""
    return RunError(
        type="TimedOut",
        message=f"The node ran longer than its limit of {seconds:g} s and was stopped.",
        hint="Raise the node's time limit, or give it less to do.",
    )


def sandbox_stopped() -> RunError:
    """Return the error of what ran when the sandbox was told to stop."""
    return RunError(type="SandboxStopped", message=SANDBOX_STOPPED, hint="Run it again: the sandbox starts anew.")


def out_of_memory() -> RunError:
    """Return the error of a process that the kernel ended for lack of memory."""
    return RunError(
        type="OutOfMemory",
        message="The sandbox ran out of memory and the node was stopped.",
        hint="Work in pieces, drop what is no longer needed, or ask for a sandbox with more memory.",
    )


def not_ready(message: str) -> RunError:
    """Return the error of a run whose environment cannot be used."""
    return RunError(
        type="EnvironmentNotReady",
        message=message,
        hint="Look at the environment's log, mend requirements.txt, and recreate the environment.",
    )


def not_forked(number: int) -> RunError:
    """Return the error of a run for which no process could be made."""
    if number == errno.ENOMEM:
        return out_of_memory()
    if number in (errno.EMFILE, errno.ENFILE):
        return RunError(type="TooManyProcesses", message="The sandbox has no file descriptors left.", hint=_STOP_SOME)
    return RunError(type="TooManyProcesses", message="The sandbox has no room for another process.", hint=_STOP_SOME)


_STOP_SOME: Final = "Stop processes in the terminal, or restart the sandbox."


def ended(status: int | None, *, out_of_memory_kill: bool) -> RunError:
    """Return the error of a process that ended without a result. ``status`` is negative for a signal, None if unknown."""
    if status is None:
        return RunError(type="Killed", message="The node's process was killed.", hint=SIGNAL_HINTS[signal.SIGKILL])
    if status >= 0:
        return RunError(
            type="Exited",
            message=f"The node's process exited with status {status} before main returned.",
            hint="A node ends by returning from main. Remove calls of os._exit, and do not close files you did not open.",
        )
    if out_of_memory_kill and status == -signal.SIGKILL:
        return out_of_memory()
    try:
        number = signal.Signals(-status)
    except ValueError:
        return RunError(type="Killed", message=f"The node's process was killed by signal {-status}.")
    return RunError(
        type="Killed",
        message=f"The node's process was killed by {number.name} ({signal.strsignal(number)}).",
        hint=SIGNAL_HINTS.get(number, ""),
    )


def misbehaved(message: str) -> RunError:
    """Return the error of a process that wrote to the executor's own channel."""
    return RunError(
        type="Exited",
        message=f"The node's process broke the connection to the executor: {message}.",
        hint="Do not write to file descriptors that you did not open.",
    )


class OutOfMemoryKills:
    """Tells whether the kernel killed for memory in this sandbox since it was last asked."""

    def __init__(self) -> None:
        self._last = self._read()

    def since_last_asked(self) -> bool:
        """Return whether there were such kills, and start counting anew."""
        before, self._last = self._last, self._read()
        return self._last > before

    @staticmethod
    def _read() -> int:
        for path, name in OOM_COUNTERS:
            try:
                text = path.read_text()
            except OSError:
                continue
            for line in text.splitlines():
                key, _, value = line.partition(" ")
                if key == name and value.isdigit():
                    return int(value)
        return 0
