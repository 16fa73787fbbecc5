"""``bare_pty.py COMMAND``: reads what a command writes to a PTY and drops it; prints how many MB a second came.

What it gets is what the kernel's line discipline hands out, 4 KiB at most a read, to a reader that does nothing else. The time
counts from the first output, not from the command's start.
"""

import json
import os
import pty
import sys
import time


def main() -> None:
    pid, master = pty.fork()
    if pid == 0:
        os.execvp("bash", ["bash", "-c", f"echo begin; {sys.argv[1]}"])
    total = len(os.read(master, 1 << 20))
    start = time.perf_counter()
    try:
        while data := os.read(master, 1 << 20):
            total += len(data)
    except OSError:  # nobody holds the other end any more
        pass
    print(json.dumps(total / (time.perf_counter() - start) / 1e6))


if __name__ == "__main__":
    main()
