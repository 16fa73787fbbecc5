"""``python -m benchmarks.flood HOST PORT TOKEN PATH``: a viewer of its own process that keeps a terminal flooding.

Its own process, so that its work does not hold up the one that measures.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.product import ROOT, Project
from benchmarks.terminal import Terminal
from benchmarks.websocket import WebSocket


@contextmanager
def flooding(project: Project) -> Iterator[None]:
    """Let another terminal of the project flood a client that reads it, until the end of the block."""
    terminal_id = project.call("POST", "/terminals", {"name": ""})["id"]
    host, port = project.product.address
    path = f"/api/terminal/{project.id}/{terminal_id}"
    command = [sys.executable, "-m", "benchmarks.flood", host, str(port), project.product.token, path]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        if not process.stdout.readline():
            raise RuntimeError("The flood did not begin.")
        yield
        if process.poll() is not None:
            raise RuntimeError("The flood ended before what was measured beside it.")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        project.call("DELETE", f"/terminals/{terminal_id}")


def main() -> None:
    """Flood until killed; a line is printed when it flows."""
    host, port, token, path = sys.argv[1:]
    terminal = Terminal(
        WebSocket((host, int(port)), path, {"authorization": f"Bearer {token}", "host": f"{host}:{port}"})
    )
    terminal.command("true")
    terminal.type(b"yes\n")
    total = 0
    while total < 1024 * 1024:
        total += len(terminal.output())
    print("flowing", flush=True)
    while True:
        terminal.output()


if __name__ == "__main__":
    main()
