"""Whatever a node does to its process ends in a typed error on that run, and the next run works."""

import asyncio
import os
import signal
from typing import Any

import pytest

from sandbox_image.agent.executor import Executor, NodeJob
from sandbox_image.wire.environment import VenvState, VenvStatus
from sandbox_image.wire.runs import RunStatus

from .conftest import Bench, Environment, Heard, gone, plain_json

WORKS = "def main():\n    return 'works'\n"

ENDS: list[tuple[str, str, str]] = [
    ("import os\ndef main():\n    os._exit(3)", "Exited", "status 3"),
    ("import os\ndef main():\n    os._exit(0)", "Exited", "status 0"),
    ("import sys\ndef main():\n    sys.exit('why')", "Exited", "sys.exit('why')"),
    ("import os, signal\ndef main():\n    os.kill(os.getpid(), signal.SIGSEGV)", "Killed", "SIGSEGV"),
    ("import os, signal\ndef main():\n    os.killpg(0, signal.SIGKILL)", "Killed", "SIGKILL"),
    ("import os\ndef main():\n    os.closerange(0, 1000)", "Exited", ""),
    ("def f(n):\n    return f(n + 1)\ndef main():\n    return f(0)", "RecursionError", "recursion"),
    ("def main():\n    return bytearray(1 << 62)", "OutOfMemory", ""),
    ("import errno\ndef main():\n    raise OSError(errno.ENOSPC, 'No space left on device')", "DiskFull", "No space"),
    ("import errno\ndef fork():\n    raise BlockingIOError(errno.EAGAIN, 'x')\ndef main():\n    fork()", "TooManyProcesses", ""),
    ("def main(:\n    pass", "SyntaxError", "line 1"),
    ("x = 1", "NoMain", "main"),
    ("def main():\n    return lambda: 1", "NotPicklable", "lambda"),
    ("import threading\nclass A:\n    pass\ndef main():\n    a = A()\n    a.lock = threading.Lock()\n    return {'k': [a]}",
     "NotPicklable", "output['k'][0].lock is a _thread.lock"),
    ("import os\ndef main():\n    return {'k': os}", "NotPicklable", "output['k'] is a module"),
    ("def main():\n    yield 1", "NotPicklable", "output is a generator (return a list of what it gives instead)"),
    ("class E(Exception):\n    def __str__(self):\n        return 1 / 0\ndef main():\n    raise E", "E", "__str__"),
    ("def main():\n    return input()", "EOFError", ""),
]  # fmt: skip


@pytest.mark.parametrize(("source", "kind", "words"), ENDS)
async def test_each_end_has_its_type_and_the_next_run_works(bench: Bench, source: str, kind: str, words: str) -> None:
    outcome = await bench.run(source)
    assert outcome.status is RunStatus.FAILED
    assert outcome.error is not None
    assert (outcome.error.type, words in outcome.error.message) == (kind, True), outcome.error
    assert plain_json(await bench.run(WORKS)) == "works"


async def test_closing_stdout_does_not_disturb_the_result(bench: Bench) -> None:
    source = "import os, sys\ndef main():\n    print('before', flush=True)\n    sys.stdout.close()\n    os.close(1)\n    return 5"
    outcome = await bench.run(source)
    assert (plain_json(outcome), outcome.stdout) == (5, "before\n")


@pytest.mark.parametrize(
    "junk",
    [
        "b'\\xff' * 100",
        "b'\\x00\\x00\\x00\\x02\\x00\\x00\\x00\\x00[]'",
        "b'\\x00\\x00\\x00\\x02\\x00\\x00\\x00\\x00{}'",
    ],
)
async def test_garbage_on_the_executors_own_channel_is_contained(bench: Bench, junk: str) -> None:
    source = (
        "import os, socket, stat, time\ndef main():\n    for n in range(3, 100):\n        try:\n"
        f"            if stat.S_ISSOCK(os.fstat(n).st_mode): os.write(n, {junk})\n"
        "        except OSError: pass\n    time.sleep(60)"
    )
    outcome = await bench.run(source)
    assert outcome.error is not None
    assert outcome.error.type == "Exited"
    assert plain_json(await bench.run(WORKS)) == "works"


async def test_a_time_limit_is_kept(bench: Bench) -> None:
    outcome = await bench.run("def main():\n    while True: pass", timeout_sec=0.5)
    assert outcome.status is RunStatus.TIMED_OUT
    assert outcome.error is not None
    assert (outcome.error.type, "0.5 s" in outcome.error.message) == ("TimedOut", True)
    assert plain_json(await bench.run(WORKS)) == "works"


@pytest.mark.parametrize("stubborn", ["pass", "signal.signal(signal.SIGTERM, signal.SIG_IGN)"])
async def test_ending_a_run_ends_its_whole_group(bench: Bench, stubborn: str) -> None:
    heard = Heard()
    source = (
        f"import signal, subprocess, time\ndef main():\n    {stubborn}\n    child = subprocess.Popen(['sleep', '600'])\n"
        "    print(child.pid)\n    time.sleep(600)"
    )
    execution = bench.executor.execution(NodeJob(source=source, file="nodes/a.py", timeout_sec=300), heard)
    running = asyncio.ensure_future(execution.run())
    async with asyncio.timeout(60):
        await heard.first.wait()
        execution.cancel()
        outcome = await running
    await gone(int(outcome.stdout))


async def test_cancelling_ends_the_run_and_keeps_what_it_wrote(bench: Bench) -> None:
    heard = Heard()
    source = "import time\ndef main():\n    print('started')\n    time.sleep(600)"
    execution = bench.executor.execution(NodeJob(source=source, file="nodes/a.py"), heard)
    running = asyncio.ensure_future(execution.run())
    async with asyncio.timeout(60):
        await heard.first.wait()
        execution.cancel()
        outcome = await running
    assert (outcome.status, outcome.stdout, outcome.error) == (RunStatus.CANCELLED, "started\n", None)
    assert plain_json(await bench.run(WORKS)) == "works"


async def test_processes_that_a_node_leaves_behind_end_with_it(bench: Bench) -> None:
    outcome = await bench.run("import subprocess\ndef main():\n    return subprocess.Popen(['sleep', '600']).pid")
    await gone(plain_json(outcome))


DAEMON = """
import os, time
def main():
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(writing, str(os.getpid()).encode())
            time.sleep(600)
        os._exit(0)
    return int(os.read(reading, 20))
"""


async def test_a_process_that_left_its_group_ends_once_no_run_is_left(bench: Bench) -> None:
    pid = plain_json(await bench.run(DAEMON))
    await gone(pid)
    assert plain_json(await bench.run(WORKS)) == "works"


async def test_a_run_outlives_its_zygote_and_can_still_be_ended(bench: Bench) -> None:
    kill = "import os, signal, time\ndef main():\n    os.kill(os.getppid(), signal.SIGKILL)\n"
    assert plain_json(await bench.run(kill + "    return 'lives'")) == "lives"
    assert (await bench.run(kill + "    time.sleep(600)", timeout_sec=1.0)).status is RunStatus.TIMED_OUT
    killed = await bench.run(kill + "    os.kill(os.getpid(), signal.SIGKILL)")
    assert killed.error is not None
    assert killed.error.type == "Killed"
    assert plain_json(await bench.run(WORKS)) == "works"


async def test_a_zygote_that_a_node_stopped_goes_on(bench: Bench) -> None:
    stop = "import os, signal\ndef main():\n    os.kill(os.getppid(), signal.SIGSTOP)\n    return os.getppid()"
    async with asyncio.timeout(60):
        stopped = [plain_json(await bench.run(stop)) for _ in range(4)]
    assert len(set(stopped)) == 1  # it was woken, not given up
    assert plain_json(await bench.run(WORKS)) == "works"


async def test_forked_children_neither_answer_for_the_node_nor_hold_up_its_end(bench: Bench) -> None:
    both = "import os\ndef main():\n    pid = os.fork()\n    if pid: os.waitpid(pid, 0)\n    return 'parent' if pid else 'child'"
    assert plain_json(await bench.run(both)) == "parent"
    raising = "import os\ndef main():\n    pid = os.fork()\n    if not pid: raise ValueError\n    os.waitpid(pid, 0)\n    return 'fine'"
    assert plain_json(await bench.run(raising)) == "fine"
    detached = (
        "import os, time\ndef main():\n    read, write = os.pipe()\n    pid = os.fork()\n    if not pid:\n        os.setsid()\n"
        "        os.write(write, b'.')\n        time.sleep(600)\n    os.read(read, 1)\n    print(pid, flush=True)\n    os._exit(3)"
    )
    outcome = await bench.run(detached, timeout_sec=300)
    os.kill(int(outcome.stdout), signal.SIGKILL)
    assert outcome.error is not None
    assert (outcome.error.type, "status 3" in outcome.error.message) == ("Exited", True)


async def test_an_idle_process_that_was_killed_is_replaced_before_anybody_notices(bench: Bench) -> None:
    source = (
        "import os, signal\ndef main():\n    me, zygote = os.getpid(), os.getppid()\n"
        "    for pid in open(f'/proc/{zygote}/task/{zygote}/children').read().split():\n"
        "        if int(pid) != me: os.kill(int(pid), signal.SIGKILL)\n    return 'killed others'"
    )
    for _ in range(3):
        assert plain_json(await bench.run(source)) == "killed others"
        assert plain_json(await bench.run(WORKS)) == "works"


async def test_a_changed_environment_gives_a_new_interpreter(bench: Bench) -> None:
    source = "import os\ndef main():\n    return os.getppid()"
    before = plain_json(await bench.run(source))
    assert plain_json(await bench.run(source)) == before
    bench.environment.change("2")
    assert plain_json(await bench.run(source)) != before


@pytest.mark.parametrize(
    ("status", "python", "words"),
    [
        (VenvStatus(status=VenvState.FAILED, message="no such package: nope"), None, "nope"),
        (VenvStatus(status=VenvState.COMPLETED, usable=True), "/bin/false", "does not start"),
        (VenvStatus(status=VenvState.COMPLETED, usable=True), "/nowhere/python", "cannot be started"),
    ],
)
async def test_a_broken_environment_is_told_and_a_mended_one_works(
    tmp_path: Any, status: VenvStatus, python: str | None, words: str
) -> None:
    environment = Environment()
    good = environment.python
    environment.status, environment.python = status, type(good)(python) if python else good
    async with Executor(environment, tmp_path) as executor:
        bench = Bench(executor, environment, tmp_path)
        error = (await bench.run(WORKS)).error
        assert error is not None
        assert (error.type, words in error.message) == ("EnvironmentNotReady", True), error
        environment.status, environment.python = VenvStatus(status=VenvState.COMPLETED, usable=True), good
        assert plain_json(await bench.run(WORKS)) == "works"
