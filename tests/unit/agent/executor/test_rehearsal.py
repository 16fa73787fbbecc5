"""A rehearsal runs a real node, and leaves nothing behind that user code could meet."""

import subprocess
import sys
from pathlib import Path

CHILD = Path(__file__).parents[4] / "sandbox_image/agent/executor/child"

SCRIPT = """
import builtins, linecache, runpy, sys
load = runpy.run_path(sys.argv[1] + "/zygote_main.py")["load_package"]
rehearsal, node = load("rehearsal", "node")
modules, lines = set(sys.modules), set(linecache.cache)
runs = []
execute = node.NodeRun.execute
def counted(run):
    runs.append(execute(run))
node.NodeRun.execute = counted
rehearsal.rehearse(3)
assert len(runs) == 3, runs
assert set(sys.modules) == modules, set(sys.modules) - modules
assert set(linecache.cache) == lines
assert not hasattr(builtins, "display")
print("fine")
"""


def test_a_rehearsal_leaves_no_trace():
    found = subprocess.run([sys.executable, "-I", "-c", SCRIPT, CHILD], capture_output=True, text=True, check=False)
    assert found.stdout == "fine\n", found.stderr
