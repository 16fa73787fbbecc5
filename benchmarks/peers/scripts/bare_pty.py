"""``bare_pty.py COMMAND``: reads what a command writes to a PTY and drops it; prints how many MB a second came.

Nothing can read a terminal faster: what stands between is the kernel's line discipline, which hands out 4 KiB at most a read.
"""

import json
import os
import pty
import sys
import time


def main() -> None:
    start = time.perf_counter()
    pid, master = pty.fork()
    if pid == 0:
        os.execvp("bash", ["bash", "-c", sys.argv[1]])
    total = 0
    try:
        while data := os.read(master, 1 << 20):
            total += len(data)
    except OSError:  # nobody holds the other end any more
        pass
    print(json.dumps(total / (time.perf_counter() - start) / 1e6))


if __name__ == "__main__":
    main()
