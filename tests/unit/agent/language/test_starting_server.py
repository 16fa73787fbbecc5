"""What clients do while a server process starts anew: it is told nothing before it is initialized, and all of it then."""

import json
from typing import Any

from sandbox_image.agent.language.multiplexer import Multiplexer
from tests.unit.agent.language.peers import CAPABILITIES, URI, Editor, Server

FORMAT = {"id": "f", "method": "textDocument/formatting", "registerOptions": {}}


def restarting(mux: Multiplexer) -> list[dict[str, Any]]:
    """A process that has started and did not answer ``initialize`` yet; what it is sent."""
    got: list[dict[str, Any]] = []
    mux.lost()
    mux.hold()
    mux.connect(lambda message: got.append(json.loads(message)))
    return got


def test_edits_before_it_is_initialized_reach_it_once_and_afterwards(mux: Multiplexer, server: Server):
    editor, leaver = Editor(mux).initialize().open("x"), Editor(mux).initialize()
    got = restarting(mux)
    editor.type("xy", 2)
    editor.tell("textDocument/didClose", {"textDocument": {"uri": URI}})
    editor.open("xyz", 3)
    leaver.open("other")
    leaver.leave()
    assert got == [], "a server refuses, or gets wrong, what comes before it is initialized"
    mux.ready(json.dumps({"capabilities": CAPABILITIES}).encode())
    assert [message["method"] for message in got] == ["textDocument/didOpen"]
    assert got[0]["params"]["textDocument"]["text"] == "xyz"
    editor.type("last", 4)
    assert [message["method"] for message in got[1:]] == ["textDocument/didChange"]


def test_what_it_asks_before_it_is_initialized_is_answered(mux: Multiplexer, server: Server):
    got = restarting(mux)
    mux.receive_from_server(b'{"jsonrpc":"2.0","id":1,"method":"window/showMessageRequest","params":{"message":"?"}}')
    assert [message["id"] for message in got] == [1]


def test_a_capability_that_ended_with_its_server_is_taken_back(mux: Multiplexer, server: Server):
    editor = Editor(mux).initialize()
    server.send(id=1, method="client/registerCapability", params={"registrations": [FORMAT]})
    mux.lost()
    (request,) = editor.asked("client/unregisterCapability")
    assert request["params"] == {"unregisterations": [{"id": "f", "method": FORMAT["method"]}]}
    server.start()
    server.send(id=1, method="client/registerCapability", params={"registrations": [FORMAT]})
    assert len(editor.asked("client/registerCapability")) == 2
