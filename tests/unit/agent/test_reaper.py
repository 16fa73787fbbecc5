"""The reaper, in a process of its own that adopts orphans as PID 1 does."""

import subprocess
import sys

SCRIPT = """
import ctypes, os, time
from sandbox_image.agent.reaper import Reaper, zombies

ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
reaper = Reaper(grace_sec=0.05)
reaper.start()
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

kept = child(lambda: os._exit(7))
reaper.keep(kept)
middle = child(leave_orphan)
reaper.keep(middle)
os.write(tell, b"xx")  # both end, the second after it left an orphan
orphan = int(os.read(answered, 20))
assert os.waitstatus_to_exitcode(os.waitpid(middle, 0)[1]) == 0
os.write(tell, b"x")
deadline = time.monotonic() + 60
while not gone(orphan):
    assert time.monotonic() < deadline, zombies()
    time.sleep(0.01)
assert {pid for pid, _ in zombies()} <= {kept}
assert os.waitstatus_to_exitcode(os.waitpid(kept, 0)[1]) == 7
print("done")
"""


def test_orphans_are_reaped_and_statuses_of_kept_children_stay_with_their_owners():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
