"""Scripted clients and a scripted server for the multiplexer, in memory."""

import json
from typing import Any

from sandbox_image.agent.language.member import Member
from sandbox_image.agent.language.multiplexer import Multiplexer
from sandbox_image.wire.closing import CloseCode

URI = "file:///workspace/a.py"
SETTINGS = {"python": {"pythonPath": "/workspace/.venv/bin/python", "analysis": {"typeCheckingMode": "basic"}}}
CAPABILITIES = {"hoverProvider": True, "diagnosticProvider": {}, "textDocumentSync": 2}


class Editor:
    """A client that keeps what it is sent."""

    def __init__(self, multiplexer: Multiplexer, *, view_only: bool = False) -> None:
        self.view_only = view_only
        self.got: list[dict[str, Any]] = []
        self.closed: CloseCode | None = None
        self._multiplexer = multiplexer
        self.member: Member = multiplexer.join(self)

    def deliver(self, message: bytes) -> None:
        self.got.append(json.loads(message))

    def close(self, code: CloseCode) -> None:
        self.closed = self.closed or code

    def leave(self) -> None:
        self._multiplexer.leave(self.member)

    def raw(self, data: bytes) -> None:
        self._multiplexer.receive(self.member, data)

    def ask(self, identity: int | str, method: str, params: Any = None) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0", "id": identity, "method": method, "params": params or {}}).encode())

    def tell(self, method: str, params: Any = None) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0", "method": method, "params": params or {}}).encode())

    def answer(self, identity: int | str, result: Any) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0", "id": identity, "result": result}).encode())

    def initialize(self, **params: Any) -> "Editor":
        self.ask("init", "initialize", params)
        self.tell("initialized")
        return self

    def open(self, text: str, version: int = 1) -> "Editor":
        document = {"uri": URI, "languageId": "python", "version": version, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return self

    def type(self, text: str, version: int) -> None:
        self.tell(
            "textDocument/didChange",
            {"textDocument": {"uri": URI, "version": version}, "contentChanges": [{"text": text}]},
        )

    def hover(self, identity: int | str, method: str = "textDocument/hover") -> None:
        self.ask(identity, method, {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}})

    def answers(self, identity: int | str) -> list[Any]:
        """Results, or error codes, that came for a request."""
        return [
            message["result"] if "result" in message else message["error"]["code"]
            for message in self.got
            if message.get("id") == identity and "method" not in message
        ]

    def told(self, method: str) -> list[Any]:
        return [message["params"] for message in self.got if message.get("method") == method]

    def asked(self, method: str) -> list[dict[str, Any]]:
        return [message for message in self.got if message.get("method") == method and "id" in message]


class Server:
    """A server that keeps what it is sent and answers when it is told to."""

    def __init__(self, multiplexer: Multiplexer) -> None:
        self.got: list[dict[str, Any]] = []
        self._multiplexer = multiplexer

    def start(self, **capabilities: Any) -> "Server":
        self.got.clear()
        self._multiplexer.connect(lambda message: self.got.append(json.loads(message)))
        self._multiplexer.ready(json.dumps({"capabilities": {**CAPABILITIES, **capabilities}}).encode())
        return self

    def send(self, **message: Any) -> None:
        self._multiplexer.receive_from_server(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def asked(self, method: str) -> list[dict[str, Any]]:
        return [message for message in self.got if message.get("method") == method]

    def reply(self, request: dict[str, Any], result: Any) -> None:
        self.send(id=request["id"], result=result)

    def answers(self, identity: int | str) -> list[Any]:
        return [
            message.get("result", message.get("error"))
            for message in self.got
            if message.get("id") == identity and "method" not in message
        ]
