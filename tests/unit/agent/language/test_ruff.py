"""Ruff's pipe: its server works in the workspace, whatever the editor says, and messages pass as they are."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox_image.agent.language.envelope import Malformed
from sandbox_image.agent.language.ruff import RuffPipe
from sandbox_image.wire.closing import CloseCode


class Editor:
    def __init__(self, *, view_only: bool = False) -> None:
        self.view_only = view_only
        self.got: list[dict[str, Any]] = []
        self.closed: CloseCode | None = None
        self.server: list[Any] = []
        self.pipe = RuffPipe(self, lambda data: self.server.append(json.loads(data)), Path("/workspace"))

    def deliver(self, message: bytes) -> None:
        self.got.append(json.loads(message))

    def close(self, code: CloseCode) -> None:
        self.closed = self.closed or code

    def say(self, **message: Any) -> None:
        self.pipe.receive(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def hear(self, **message: Any) -> None:
        self.pipe.receive_from_server(json.dumps({"jsonrpc": "2.0", **message}).encode())


def test_initialize_is_bound_to_the_workspace():
    editor = Editor()
    editor.say(
        id="i",
        method="initialize",
        params={
            "processId": 999_999,
            "rootUri": "file:///etc",
            "workspaceFolders": None,
            "capabilities": {"general": {"positionEncodings": ["utf-8"], "x": 1}, "textDocument": {"hover": {}}},
            "initializationOptions": {"settings": {"lineLength": 100}, "aimforge": True},
        },
    )
    params = editor.server[0]["params"]
    assert (params["processId"], params["rootUri"]) == (None, "file:///workspace")
    assert params["workspaceFolders"] == [{"uri": "file:///workspace", "name": "workspace"}]
    assert params["capabilities"]["general"] == {"positionEncodings": ["utf-16"], "x": 1}
    assert params["capabilities"]["textDocument"] == {"hover": {}}
    assert params["initializationOptions"]["settings"]["lineLength"] == 100


@pytest.mark.parametrize("params", [{}, {"capabilities": 5, "initializationOptions": [1]}])
def test_an_editor_that_says_nothing_of_use_is_served_too(params: dict[str, Any]):
    editor = Editor()
    editor.say(id=1, method="initialize", params=params)
    assert editor.server[0]["params"]["capabilities"] == {"general": {"positionEncodings": ["utf-16"]}}
    other = Editor()
    other.say(id=2, method="initialize", params=[])
    assert other.got[0]["error"]["code"] == -32602


@pytest.mark.parametrize(("capabilities", "pulls"), [({}, False), ({"textDocument": {"diagnostic": {}}}, True)])
def test_findings_are_pushed_or_pulled_and_never_both(capabilities: dict[str, Any], pulls: bool):
    editor = Editor()
    editor.say(id=1, method="initialize", params={"capabilities": capabilities})
    editor.hear(id=1, result={"capabilities": {"diagnosticProvider": {}, "hoverProvider": True}, "serverInfo": {}})
    (answer,) = editor.got
    assert answer["result"]["capabilities"]["hoverProvider"] is True
    assert ("diagnosticProvider" in answer["result"]["capabilities"]) is pulls


def test_everything_else_passes_as_it_is():
    editor = Editor()
    question = {"id": 5, "method": "textDocument/formatting", "params": {"x": [1]}}
    editor.say(**question)
    editor.hear(id=5, result=[])
    editor.hear(id=1, method="workspace/configuration", params={"items": []})
    editor.say(id=1, result=[])
    assert editor.server == [{"jsonrpc": "2.0", **question}, {"jsonrpc": "2.0", "id": 1, "result": []}]
    assert [message.get("method") for message in editor.got] == [None, "workspace/configuration"]
    editor.say(method="exit")
    assert editor.closed is CloseCode.NORMAL


def test_a_client_that_leaves_initialized_out_is_spoken_for_once():
    editor = Editor()
    question = {"id": 2, "method": "textDocument/hover", "params": {}}
    editor.say(**question)  # before initialize it is the server that refuses
    editor.say(method="initialized", params={})
    assert editor.server == [{"jsonrpc": "2.0", **question}]
    editor.say(id=1, method="initialize", params={})
    editor.hear(id=1, result={"capabilities": {}})
    for _ in range(2):
        editor.say(**question)
        editor.say(method="initialized", params={})
    methods = [message["method"] for message in editor.server[1:]]
    assert methods == ["initialize", "initialized", "textDocument/hover", "textDocument/hover"]
    editor.say(id=3, method="initialize", params={})
    assert len(editor.server) == 5
    assert (editor.got[-1]["id"], editor.got[-1]["error"]["code"]) == (3, -32600)


def test_a_client_that_says_initialized_is_not_spoken_for():
    editor = Editor()
    editor.say(id=1, method="initialize", params=[])  # refused, so that it may be sent again
    editor.say(id=2, method="initialize", params={})
    editor.say(method="initialized", params={})
    editor.say(method="exit")
    assert [message["method"] for message in editor.server] == ["initialize", "initialized"]


def test_commands_are_for_editors():
    viewer, editor = Editor(view_only=True), Editor()
    for client in (viewer, editor):
        client.say(id=1, method="workspace/executeCommand", params={"command": "ruff.applyAutofix"})
    assert (viewer.server, len(editor.server)) == ([], 1)
    assert viewer.got[0]["error"]["code"] == -32803
    viewer.say(method="workspace/executeCommand", params={"command": "ruff.applyAutofix"})  # nobody waits for an answer
    assert (viewer.server, len(viewer.got)) == ([], 1)


def test_garbled_messages_reach_neither_side():
    editor = Editor()
    editor.pipe.receive(b"{")
    assert (editor.server, editor.got[0]["error"]["code"]) == ([], -32700)
    with pytest.raises(Malformed):
        editor.pipe.receive_from_server(b"{}")
    for _ in range(20):
        editor.pipe.receive(b"[]")
    assert editor.closed is CloseCode.BAD_FRAME
