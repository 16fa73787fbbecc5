"""The reaper, in a process of its own that adopts orphans as PID 1 does."""

import subprocess
import sys

SCRIPT = """
import asyncio, ctypes, os, sys, time
import uvloop
from sandbox_image.agent.reaper import Reaper, zombies

told, tell = os.pipe()
answered, answer = os.pipe()

def child(work):
    pid = os.fork()
    if pid == 0:
        os.read(told, 1)
        work()
    return pid

def leave_orphan():
    orphan = child(lambda: os._exit(0))
    os.write(answer, str(orphan).encode())
    os._exit(0)

def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False

async def main():
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    reaper = Reaper(asyncio.get_running_loop(), grace_sec=0.0)
    kept = child(lambda: os._exit(7))
    middle = child(leave_orphan)
    reaper.keep(kept)
    reaper.keep(middle)
    reaper.start()
    os.write(tell, b"xx")  # both end, the second after it left an orphan
    orphan = int(os.read(answered, 20))
    assert os.waitstatus_to_exitcode(os.waitpid(middle, 0)[1]) == 0
    for _ in range(3):  # the loop's own children
        owned = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", "raise SystemExit(5)")
        time.sleep(0.05)  # a loop that is late
        assert await owned.wait() == 5
    os.write(tell, b"x")
    deadline = time.monotonic() + 60
    while not gone(orphan):
        assert time.monotonic() < deadline, zombies()
        await asyncio.sleep(0.01)
    assert {pid for pid, _ in zombies()} <= {kept}
    assert os.waitstatus_to_exitcode(os.waitpid(kept, 0)[1]) == 7
    print("done")

with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
"""


def test_orphans_are_reaped_and_statuses_of_kept_children_stay_with_their_owners():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
