"""A language server that does as it is told: answers with what it holds, or dies, or talks nonsense.

The first argument is a file in which each start leaves a line; the second how it behaves.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def read() -> dict[str, Any] | None:
    length = 0
    while (line := sys.stdin.buffer.readline()) not in (b"", b"\r\n"):
        length = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(length)) if length else None


def write(**message: Any) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    sys.stdout.buffer.flush()


def main() -> None:
    starts, behaviour = Path(sys.argv[1]), sys.argv[2]
    child = None
    if behaviour == "parent":
        child = subprocess.Popen(["sleep", "1000"])
    with starts.open("a") as file:
        file.write(f"{os.getpid()} {child.pid if child else 0}\n")
    print("started", file=sys.stderr, flush=True)
    if behaviour == "dies":
        sys.exit(3)
    if behaviour == "nonsense":
        sys.stdout.write("I am no language server\r\n\r\n")
        sys.stdout.flush()
        sys.stdin.read()
    texts: dict[str, str] = {}
    while (message := read()) is not None:
        match message["method"]:
            case "initialize":
                write(id=message["id"], result={"capabilities": {"hoverProvider": True}})
            case "textDocument/didOpen":
                document = message["params"]["textDocument"]
                if "/.aimforge/" not in document["uri"]:  # that of the warm-up
                    texts[document["uri"]] = document["text"]
            case "textDocument/didChange":
                texts[message["params"]["textDocument"]["uri"]] = message["params"]["contentChanges"][-1]["text"]
            case "textDocument/hover":
                write(id=message["id"], result={"pid": os.getpid(), "texts": texts})
            case "textDocument/completion":
                write(id=message["id"], result=None)
            case "textDocument/references":
                write(id=message["id"], result=["x" * 1_000_000])
            case "workspace/executeCommand":
                os._exit(1)
            case _:
                pass


main()
