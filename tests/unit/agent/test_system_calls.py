"""The filter of system calls, on a process of its own: it cannot be taken off again."""

import subprocess
import sys
from pathlib import Path

PROBE = """
import ctypes, errno, os, socket
from sandbox_image.agent.system_calls import NUMBERS, refuse_needless
import platform

libc = ctypes.CDLL(None, use_errno=True)
bpf, userfaultfd, perf, setup, enter, register = NUMBERS[platform.machine()][1]

def call(number):
    ctypes.set_errno(0)
    libc.syscall(number, 0, 0, 0, 0, 0, 0)
    return errno.errorcode.get(ctypes.get_errno(), "none")

before = [call(setup), call(enter)]
assert refuse_needless()
after = [call(number) for number in (bpf, userfaultfd, perf, setup, enter, register)]
pid = os.fork()
if pid == 0:
    os._exit(0 if call(setup) == "ENOSYS" else 1)
inherited = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
ours, theirs = socket.socketpair()
works = ours.send(b"x") == 1 and theirs.recv(1) == b"x"
print(before, after, inherited, works)
"""


def test_what_is_needless_is_refused_as_unknown_and_the_rest_works():
    ran = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3]
    )
    before, _, after = ran.stdout.partition("] ")
    assert "ENOSYS" not in before, "the machine refuses io_uring by itself, so nothing would be shown"
    assert after.strip() == f"{['ENOSYS'] * 6} True True"
