"""An edit is computed from what its asker sees of the project; otherwise nobody gets it."""

from pathlib import Path
from typing import Any

import pytest

from sandbox_image.agent.language.multiplexer import Multiplexer
from sandbox_image.agent.language.saved_text import saved_text
from tests.unit.agent.language.peers import SETTINGS, URI, Editor, Server

MODIFIED = -32801
OTHER = "file:///workspace/other.py"
CAPABLE: dict[str, Any] = {"capabilities": {"workspace": {"workspaceEdit": {"documentChanges": True}}}}


@pytest.fixture
def disk() -> dict[str, str | None]:
    """Saved texts by address; what is not named does not exist."""
    return {URI: "saved", OTHER: "other"}


@pytest.fixture
def mux(disk: dict[str, str | None]) -> Multiplexer:
    return Multiplexer(lambda: SETTINGS, saved=lambda uri: disk.get(uri, ""))


def texts(server: Server) -> list[str]:
    """What the server was shown of the file, in order."""
    shown: list[str] = []
    for message in server.got:
        if message.get("method") == "textDocument/didOpen":
            shown.append(message["params"]["textDocument"]["text"])
        elif message.get("method") == "textDocument/didChange":
            shown.append(message["params"]["contentChanges"][-1]["text"])
        elif "id" in message:
            shown.append(message["method"].rpartition("/")[2])
    return shown


def rename(editor: Editor, identity: int, uri: str = OTHER) -> None:
    where = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}
    editor.ask(identity, "textDocument/rename", {**where, "newName": "neat"})


def edit_of(uri: str, version: int | None = None) -> dict[str, Any]:
    return {"documentChanges": [{"textDocument": {"uri": uri, "version": version}, "edits": [{"newText": "neat"}]}]}


def given(editor: Editor, identity: int) -> Any:
    """The version of the one file in an answer, or its error's code."""
    (answer,) = editor.answers(identity)
    return answer if isinstance(answer, int) else answer["documentChanges"][0]["textDocument"]["version"]


def replied(server: Server, result: Any, method: str = "textDocument/rename") -> None:
    server.reply(server.asked(method)[-1], result)


def test_a_colleague_s_unsaved_text_is_put_away_for_a_rename_and_shown_again(mux: Multiplexer, server: Server):
    one, other = Editor(mux).initialize(**CAPABLE), Editor(mux).initialize(**CAPABLE)
    other.open("unsaved")
    rename(one, 1)
    assert texts(server) == ["unsaved", "saved", "rename"]
    replied(server, edit_of(URI))
    assert given(one, 1) is None
    assert texts(server)[3:] == ["unsaved"]
    # Its own text is what the colleague is answered about.
    rename(other, 2, URI)
    replied(server, edit_of(URI))
    assert given(other, 2) == 1
    assert texts(server)[4:] == ["rename"]


def test_a_colleague_s_file_that_was_not_saved_at_all_is_empty_for_a_rename(mux: Multiplexer, server: Server):
    one, other = Editor(mux).initialize(**CAPABLE), Editor(mux).initialize(**CAPABLE)
    document = {"uri": "file:///workspace/new.py", "languageId": "python", "version": 1, "text": "new"}
    other.tell("textDocument/didOpen", {"textDocument": document})
    rename(one, 1)
    assert texts(server) == ["new", "", "rename"]


def test_the_asker_s_version_is_that_of_when_it_asked(mux: Multiplexer, server: Server):
    editor = Editor(mux).initialize(**CAPABLE).open("mine", 5)
    rename(editor, 1, URI)
    replied(server, edit_of(URI))
    assert given(editor, 1) == 5
    rename(editor, 2, URI)
    editor.type("more", 6)
    replied(server, edit_of(URI))
    assert given(editor, 2) == MODIFIED


@pytest.mark.parametrize("version", [None, 1])
def test_all_texts_of_the_asker_are_shown_for_a_rename(mux: Multiplexer, server: Server, version: int | None):
    one = Editor(mux).initialize(**CAPABLE).open("mine", 5)
    Editor(mux).initialize().open("theirs", 9)
    one.hover(1)
    Editor(mux).initialize().open("mine")  # the server stays where it is
    other = Editor(mux).initialize().open("theirs", 2)
    other.hover(1)
    assert texts(server)[-2:] == ["theirs", "hover"]
    rename(one, 2)
    assert texts(server)[-2:] == ["mine", "rename"]
    shown = server.asked("textDocument/didChange")[-1]["params"]["textDocument"]["version"]
    replied(server, edit_of(URI, version and shown))
    assert given(one, 2) == 5


@pytest.mark.parametrize("what", ["typed", "saved", "closed", "opened"])
def test_what_happens_meanwhile_to_a_file_of_others_refuses_the_edit(
    mux: Multiplexer, server: Server, disk: dict[str, str | None], what: str
):
    one, other = Editor(mux).initialize(**CAPABLE), Editor(mux).initialize(**CAPABLE)
    other.open("unsaved")
    rename(one, 1)
    if what == "typed":
        other.type("unsaved more", 2)
    elif what == "saved":
        disk[URI] = "unsaved"
    elif what == "closed":
        other.tell("textDocument/didClose", {"textDocument": {"uri": URI}})
    else:
        Editor(mux).initialize().open("third").hover(1)
    replied(server, edit_of(URI))
    assert given(one, 1) == MODIFIED
    # What does not touch it is none of its business.
    rename(one, 2)
    other.type("again", 3)
    replied(server, edit_of(OTHER))
    assert given(one, 2) is None


def test_a_file_that_cannot_be_read_is_not_edited(mux: Multiplexer, server: Server, disk: dict[str, str | None]):
    disk[URI] = None
    one, other = Editor(mux).initialize(), Editor(mux).initialize()
    other.open("unsaved")
    rename(one, 1)
    replied(server, {"changes": {URI: []}})
    assert one.answers(1) == [MODIFIED]
    rename(one, 2)
    replied(server, {"changes": {OTHER: []}})
    assert one.answers(2) == [{"changes": {OTHER: []}}]


@pytest.mark.parametrize("how", ["leaves", "lost"])
def test_what_was_put_away_comes_back_however_it_ends(mux: Multiplexer, server: Server, how: str):
    one, other = Editor(mux).initialize(), Editor(mux).initialize()
    other.open("unsaved")
    rename(one, 1)
    if how == "leaves":
        one.leave()
    else:
        mux.lost()
        server.start()
    assert texts(server)[-1] == "unsaved"


def test_a_command_s_edit_is_of_the_asker_s_text(mux: Multiplexer, server: Server):
    one, other = Editor(mux).initialize(**CAPABLE).open("mine", 5), Editor(mux).initialize().open("theirs")
    other.hover(1)
    one.ask(1, "workspace/executeCommand", {"command": "organize", "arguments": [URI]})
    assert texts(server)[-2:] == ["mine", "executeCommand"]
    server.send(id=77, method="workspace/applyEdit", params={"edit": edit_of(URI)})
    (asked,) = one.asked("workspace/applyEdit")
    assert asked["params"]["edit"]["documentChanges"][0]["textDocument"]["version"] == 5


def test_saved_texts_are_those_of_the_project(tmp_path: Path):
    workspace, outside = tmp_path / "workspace", tmp_path / "outside.py"
    workspace.mkdir()
    (workspace / "a b.py").write_bytes(b"\xef\xbb\xbfx = '\xff'\n")
    (workspace / "folder.py").mkdir()
    (workspace / "link.py").symlink_to(outside)
    outside.write_text("secret")

    def read(name: str) -> str | None:
        return saved_text(workspace, f"{workspace.as_uri()}/{name}")

    assert read("a%20b.py") == "x = '�'\n"
    assert read("gone.py") == ""
    assert [read(name) for name in ("folder.py", "link.py", "../outside.py", "a%00b.py")] == [None] * 4
    assert saved_text(workspace, outside.as_uri()) is None
    assert saved_text(workspace, "untitled:1") is None
