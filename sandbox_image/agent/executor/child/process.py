"""The life of a forked process: it makes itself at home, waits for one request, serves it, and ends."""

import atexit
import gc
import os
import signal
import socket
import sys
import traceback
from typing import Any, Final, NoReturn, TextIO

from . import failures, tables, values
from .framing import Channel
from .node import NodeRun, flush
from .rehearsal import rehearse

BROKEN: Final = 71
"""Exit status of a process that could not even report what went wrong."""
REHEARSALS: Final = 10
"""The interpreter specialises a function's bytecode after eight calls."""


def serve(connection: socket.socket, stdout: int, stderr: int, workspace: str) -> NoReturn:
    """Serve one request on ``connection`` and exit; never returns, so that no frame of the zygote is reached again."""
    status = BROKEN
    try:
        _settle(stdout, stderr, workspace)
        channel = Channel(connection)
        rehearse(1)
        received = channel.receive()
        if received is None:  # nobody needs this process any more
            os._exit(0)
        channel.send({"is": "started"})
        _answer(channel, *received)
        status = 0
    except BaseException:  # noqa: BLE001 nothing may reach the zygote's frames; the run's stderr shows it
        traceback.print_exc()
        flush()
    finally:
        os._exit(status)


def prepare() -> None:
    """Do in the zygote, once, what would be the same in every process: each page that a process touches is copied for it."""
    for number in (signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdout = sys.__stdout__ = _line_buffered(1)
    sys.stderr = sys.__stderr__ = _line_buffered(2)
    rehearse(REHEARSALS)


def _settle(stdout: int, stderr: int, workspace: str) -> None:
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.close(stdout)
    os.close(stderr)
    # When memory runs out, the kernel should take a run rather than the agent or the zygote.
    score = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
    os.write(score, b"1000")
    os.close(score)
    os.chdir(workspace)
    sys.path.insert(0, workspace)
    numpy_random: Any = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()  # otherwise every run would draw the zygote's numbers
    gc.enable()


def _line_buffered(descriptor: int) -> TextIO:
    """Open a standard stream over a pipe, which it is in a run: over anything else, Python would remember that it can seek."""
    kept, ends = os.dup(descriptor), os.pipe()
    os.dup2(ends[1], descriptor)
    try:
        return open(descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    finally:
        os.dup2(kept, descriptor)
        for temporary in (kept, *ends):
            os.close(temporary)


def _answer(channel: Channel, request: dict[str, Any], blob: memoryview) -> None:
    if request["op"] == "table":
        channel.send(_table(request, blob))
        return
    run = NodeRun(request, blob, channel)
    handlers = atexit._ncallbacks()  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]  # noqa: SLF001
    run.execute()
    goes_on = _threads_go_on()
    if goes_on:
        _print_nowhere()
    run.send_result()
    run.send_digests()
    if goes_on:
        # As at the end of any program; pools are told that there is no more work. The agent limits the time.
        sys.modules["threading"]._shutdown()  # pyright: ignore[reportAttributeAccessIssue]  # noqa: SLF001
    if atexit._ncallbacks() == handlers:  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]  # noqa: SLF001
        return  # those of the zygote's imports have nothing to do here
    atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]  # noqa: SLF001 temporary folders
    flush()


def _threads_go_on() -> bool:
    """Whether ``main`` left threads behind that a program would wait for at its end."""
    threading: Any = sys.modules.get("threading")
    return threading is not None and any(
        not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()
    )


def _print_nowhere() -> None:
    """The node's log ends with its result; what prints later must not fail because nobody reads it."""
    flush()
    null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    for standard in (1, 2):
        os.dup2(null, standard)
    os.close(null)


def _table(request: dict[str, Any], blob: memoryview) -> dict[str, Any]:
    try:
        value = values.load_file(request["file"]) if "file" in request else values.load(bytearray(blob))
        if request["column"]:
            value = tables.ordered(value, request["column"], descending=request["descending"])
        found = tables.table(value, request["limit"], request["offset"], request["rows"])
    except Exception as error:  # noqa: BLE001 unpickling runs user code, which may raise anything
        return {"is": "result", "error": failures.describe(error, request["workspace"])}
    return {"is": "table", "table": found[0] if found else None}
