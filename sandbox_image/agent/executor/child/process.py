"""The life of a forked process: it makes itself at home, waits for one request, serves it, and ends."""

import atexit
import gc
import os
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any, Final, NoReturn, TextIO

from . import failures, outputs, plain, tables, values
from .framing import Channel
from .node import NodeRun, flush

BROKEN: Final = 71
"""Exit status of a process that could not even report what went wrong."""


def serve(connection: socket.socket, stdout: int, stderr: int, workspace: str) -> NoReturn:
    """Serve one request on ``connection`` and exit; never returns, so that no frame of the zygote is reached again."""
    status = BROKEN
    try:
        _settle(stdout, stderr, workspace)
        channel = Channel(connection)
        _warm_up()
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


def _settle(stdout: int, stderr: int, workspace: str) -> None:
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.close(stdout)
    os.close(stderr)
    sys.stdout = sys.__stdout__ = _line_buffered(1)
    sys.stderr = sys.__stderr__ = _line_buffered(2)
    # When memory runs out, the kernel should take a run rather than the agent or the zygote.
    Path("/proc/self/oom_score_adj").write_text("1000")
    os.chdir(workspace)
    sys.path.insert(0, workspace)
    numpy_random: Any = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()  # otherwise every run would draw the zygote's numbers
    gc.enable()


def _line_buffered(descriptor: int) -> TextIO:
    return open(descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _warm_up() -> None:
    """Touch the memory that a run will write to, while nobody waits: each first touch copies a page of the zygote."""
    plain.to_json({"": [1, 1.0]}, plain.Budget(100))
    values.load(bytearray(values.Packed([1]).joined()))
    outputs.represent(1, 1000)
    exec(compile("def main(): pass", "", "exec"), {})  # noqa: S102 a constant


def _answer(channel: Channel, request: dict[str, Any], blob: memoryview) -> None:
    if request["op"] == "table":
        channel.send(_table(request, blob))
        return
    run = NodeRun(request, blob, channel)
    handlers = atexit._ncallbacks()  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]  # noqa: SLF001
    run.execute()
    run.send_digests()
    if atexit._ncallbacks() == handlers:  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]  # noqa: SLF001
        return  # those of the zygote's imports have nothing to do here
    atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]  # noqa: SLF001 temporary folders
    flush()


def _table(request: dict[str, Any], blob: memoryview) -> dict[str, Any]:
    try:
        value = values.load_file(request["file"]) if "file" in request else values.load(bytearray(blob))
        if request["column"]:
            value = tables.ordered(value, request["column"], descending=request["descending"])
        found = tables.table(value, request["limit"], request["offset"], request["rows"])
    except Exception as error:  # noqa: BLE001 unpickling runs user code, which may raise anything
        return {"is": "result", "error": failures.describe(error, request["workspace"])}
    return {"is": "table", "table": found[0] if found else None}
