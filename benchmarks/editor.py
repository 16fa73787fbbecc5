"""An editor on the language servers' socket: JSON-RPC, a message a text frame."""

import json
from dataclasses import dataclass
from typing import Any

from benchmarks.websocket import WebSocket


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file that need not be saved."""

    text: str
    line: int
    character: int
    uri: str = "file:///workspace/nodes/measured.py"

    @property
    def params(self) -> dict[str, Any]:
        """Parameters of a request about the position."""
        return {"textDocument": {"uri": self.uri}, "position": {"line": self.line, "character": self.character}}


class Editor:
    """A connected editor."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self._id = 0

    def __enter__(self) -> "Editor":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def begin(self, place: Place) -> None:
        """Initialize, and open a file."""
        self.ask("initialize", {"processId": None, "rootUri": "file:///workspace", "capabilities": {}})
        self.notify("initialized", {})
        self.open(place)

    def open(self, place: Place) -> None:
        """Open a further file."""
        document = {"uri": place.uri, "languageId": "python", "version": 1, "text": place.text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        """Send a request and return its result; requests that a newer state overtook are made again."""
        while True:
            self._id += 1
            self._send({"id": self._id, "method": method, "params": params})
            answer = self._answer()
            if "error" not in answer:
                return answer["result"]
            if answer["error"]["code"] not in {-32801, -32800}:
                raise RuntimeError(f"{method}: {answer['error']}")

    def completion(self, place: Place) -> set[str]:
        """Return the labels of the completions at a place."""
        result = self.ask("textDocument/completion", place.params)
        items = result["items"] if isinstance(result, dict) else result or []
        return {item["label"] for item in items}

    def complete_until(self, place: Place, label: str) -> None:
        """Ask for completions until ``label`` is among them."""
        while label not in self.completion(place):
            pass

    def _send(self, message: dict[str, Any]) -> None:
        self.socket.send_text(json.dumps({"jsonrpc": "2.0", **message}))

    def _answer(self) -> dict[str, Any]:
        while True:
            message = json.loads(self.socket.receive()[1])
            if message.get("id") == self._id and "method" not in message:
                return message
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": None})
