"""Edits that a server applies by itself reach the one client whose command they come from, or nobody."""

from typing import Any

from sandbox_image.agent.language.multiplexer import Multiplexer
from tests.unit.agent.language.peers import URI, Editor, Server

OTHER = "file:///workspace/b%20b.py"


def organize(editor: Editor, uri: str) -> None:
    editor.ask(1, "workspace/executeCommand", {"command": "organize", "arguments": [uri]})


def edit_of(uri: str) -> dict[str, Any]:
    return {"edit": {"changes": {uri: []}}}


def test_a_question_of_another_client_meanwhile_does_not_attract_it(mux: Multiplexer, server: Server):
    one, other = Editor(mux).initialize(), Editor(mux).initialize()
    organize(one, URI)
    other.hover(1, "textDocument/codeAction")  # as with each move of a cursor
    server.send(id=77, method="workspace/applyEdit", params=edit_of(URI))
    assert len(one.asked("workspace/applyEdit")) == 1
    assert other.asked("workspace/applyEdit") == []


def test_of_two_commands_the_one_about_that_file_gets_it(mux: Multiplexer, server: Server):
    one, other = Editor(mux).initialize(), Editor(mux).initialize()
    organize(one, URI)
    organize(other, "file:///workspace/b b.py")
    server.send(id=1, method="workspace/applyEdit", params=edit_of(URI))
    assert [len(editor.asked("workspace/applyEdit")) for editor in (one, other)] == [1, 0]
    server.send(id=2, method="workspace/applyEdit", params=edit_of(OTHER))
    assert [len(editor.asked("workspace/applyEdit")) for editor in (one, other)] == [1, 1]


def test_where_it_cannot_be_told_whose_it_is_nobody_gets_it(mux: Multiplexer, server: Server):
    one, other = Editor(mux).initialize(), Editor(mux).initialize()
    organize(one, URI)
    organize(other, URI)
    server.send(id=1, method="workspace/applyEdit", params=edit_of(URI))
    assert [editor.asked("workspace/applyEdit") for editor in (one, other)] == [[], []]
    assert server.answers(1)[0]["applied"] is False
    server.reply(server.asked("workspace/executeCommand")[1], None)
    server.send(id=2, method="workspace/applyEdit", params=edit_of(URI))
    assert len(one.asked("workspace/applyEdit")) == 1


def test_a_result_with_an_empty_error_beside_it_is_a_result(mux: Multiplexer, server: Server):
    """As programs write it that know the protocol's first version."""
    editor = Editor(mux).initialize()
    editor.hover(5)
    server.send(id=server.asked("textDocument/hover")[0]["id"], result={"contents": "x"}, error=None)
    assert editor.answers(5) == [{"contents": "x"}]
    organize(editor, URI)
    server.send(id=77, method="workspace/applyEdit", params=edit_of(URI))
    number = editor.asked("workspace/applyEdit")[0]["id"]
    editor.raw(b'{"jsonrpc":"2.0","id":"%b","error":null,"result":{"applied":true}}' % number.encode())
    assert server.answers(77) == [{"applied": True}]


def test_what_cannot_be_translated_is_answered_all_the_same(mux: Multiplexer, server: Server):
    editor = Editor(mux).initialize()
    deep = b'{"edit":{"documentChanges":[]},"more":%b}' % (b"[" * 800 + b"]" * 800)
    organize(editor, URI)
    mux.receive_from_server(b'{"jsonrpc":"2.0","id":77,"method":"workspace/applyEdit","params":%b}' % deep)
    assert server.answers(77)[0]["code"] == -32602
    editor.hover(9, "textDocument/rename")
    number = server.asked("textDocument/rename")[0]["id"]
    mux.receive_from_server(b'{"jsonrpc":"2.0","id":%d,"result":%b}' % (number, deep))
    assert editor.answers(9) == [-32602]
