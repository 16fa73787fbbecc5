"""The server always holds the text of the client who asks, under the relay's own version numbers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_image.agent.language import documents
from sandbox_image.agent.language.documents import Documents
from sandbox_image.agent.language.envelope import Malformed

URI = "file:///workspace/a.py"


class Server:
    """What a server makes of the messages: it trusts version numbers and applies edits to what it holds."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.version = 0
        self.full = 0

    def take(self, messages: list[bytes]) -> None:
        for message in map(json.loads, messages):
            document = message["params"]["textDocument"]
            match message["method"]:
                case "textDocument/didOpen":
                    assert document["uri"] not in self.texts
                    self.texts[document["uri"]] = document["text"]
                case "textDocument/didChange":
                    for change in message["params"]["contentChanges"]:
                        self._change(document["uri"], change)
                case _:
                    del self.texts[document["uri"]]
                    continue
            assert document["version"] > self.version
            self.version = document["version"]

    def _change(self, uri: str, change: dict[str, Any]) -> None:
        if "range" not in change:
            self.full += 1
            self.texts[uri] = change["text"]
            return
        # One line of ASCII is all that these tests edit by range.
        first, last = (change["range"][end]["character"] for end in ("start", "end"))
        self.texts[uri] = self.texts[uri][:first] + change["text"] + self.texts[uri][last:]


def opened(text: str, version: int = 1, uri: str = URI) -> bytes:
    return json.dumps({"textDocument": {"uri": uri, "languageId": "python", "version": version, "text": text}}).encode()


def edited(start: int, end: int, text: str, version: int) -> bytes:
    span = {"start": {"line": 0, "character": start}, "end": {"line": 0, "character": end}}
    return json.dumps(
        {"textDocument": {"uri": URI, "version": version}, "contentChanges": [{"range": span, "text": text}]}
    ).encode()


def published(version: int | None, message: str, uri: str = URI) -> bytes:
    params: dict[str, Any] = {"uri": uri, "diagnostics": [{"message": message}]}
    return json.dumps(params if version is None else {**params, "version": version}).encode()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def held() -> Documents:
    return Documents()


def test_a_file_is_open_as_long_as_one_client_holds_it(held: Documents, server: Server):
    server.take(held.open(1, opened("x")))
    assert held.open(2, opened("x")) == []
    assert held.close(1, URI) == []
    server.take(held.close(2, URI))
    assert server.texts == {}
    assert held.close(2, URI) == []


def test_edits_of_one_who_agrees_with_the_server_are_passed_on_as_they_are(held: Documents, server: Server):
    server.take(held.open(1, opened("abc")))
    server.take(held.change(1, edited(1, 2, "XY", 2)))
    assert (server.texts[URI], server.full) == ("aXYc", 0)


def test_an_edit_that_servers_understand_differently_is_sent_as_a_whole_text(held: Documents, server: Server):
    server.take(held.open(1, opened("abc")))
    server.take(held.change(1, edited(1, 99, "", 2)))
    assert (server.texts[URI], server.full) == ("a", 1)


def test_the_server_is_switched_to_the_text_of_the_client_who_asks(held: Documents, server: Server):
    server.take(held.open(1, opened("one")))
    server.take(held.open(2, opened("two")))
    assert server.texts[URI] == "one"
    server.take(held.show(2, URI))
    assert server.texts[URI] == "two"
    server.take(held.change(1, edited(3, 3, "!", 2)))
    assert server.texts[URI] == "two"
    server.take(held.show(1, URI))
    assert server.texts[URI] == "one!"
    assert held.show(1, URI) == []


def test_two_that_make_the_same_edits_never_need_a_whole_text(held: Documents, server: Server):
    server.take(held.open(1, opened("")))
    server.take(held.open(2, opened("")))
    for version, letter in enumerate("hello", 2):
        server.take(held.change(1, edited(version - 2, version - 2, letter, version)))
        server.take(held.change(2, edited(version - 2, version - 2, letter, version)))
        server.take(held.show(2, URI))
    assert (server.texts[URI], server.full) == ("hello", 0)


def test_who_remains_after_a_diverged_client_left_is_shown(held: Documents, server: Server):
    server.take(held.open(1, opened("mine")))
    server.take(held.open(2, opened("theirs")))
    server.take(held.drop(1))
    assert server.texts[URI] == "theirs"


def test_another_spelling_of_an_address_is_the_same_file(held: Documents, server: Server):
    server.take(held.open(1, opened("x", uri="file:///workspace/a b.py")))
    assert held.open(2, opened("x", uri="file:///workspace/a%20b.py")) == []
    assert held.publish(published(server.version, "!", "file:///workspace/a%20b.py")) is not None


def test_findings_come_under_the_address_that_the_client_knows(held: Documents, server: Server):
    spellings = ["file:///workspace/a%20b.py", "file:///workspace/a b.py"]
    for client, uri in enumerate(spellings):
        server.take(held.open(client, opened("x", uri=uri)))
    document = held.publish(published(None, "found", uri=spellings[0]))
    assert document is not None
    told = [held.findings(client, document) for client in range(2)]
    assert [json.loads(one or b"{}")["params"]["uri"] for one in told] == spellings


def test_names_that_are_no_text_are_files_of_their_own(held: Documents, server: Server):
    for number in range(2):
        server.take(held.open(1, opened(str(number), uri=f"file:///workspace/%F{number}.py")))
    assert sorted(server.texts.values()) == ["0", "1"]


def test_a_new_server_gets_everything_under_numbers_that_go_on(held: Documents, server: Server):
    server.take(held.open(1, opened("x")))
    server.take(held.change(1, edited(0, 1, "y", 2)))
    server.texts.clear()
    server.take(held.reopen())
    assert server.texts == {URI: "y"}


def findings(held: Documents, client: int) -> dict[str, Any] | None:
    document = held.find(URI)
    assert document is not None
    found = held.findings(client, document)
    return json.loads(found)["params"] if found else None


def test_findings_go_to_holders_of_that_text_once_with_their_own_number(held: Documents, server: Server):
    server.take(held.open(1, opened("x", version=10)))
    server.take(held.open(2, opened("x", version=70)))
    server.take(held.open(3, opened("other", version=5)))
    held.publish(published(server.version, "first"))
    assert findings(held, 1) == {"uri": URI, "version": 10, "diagnostics": [{"message": "first"}]}
    assert findings(held, 2) == {"uri": URI, "version": 70, "diagnostics": [{"message": "first"}]}
    assert findings(held, 3) is None
    assert findings(held, 1) is None
    assert findings(held, 9) is None


def test_findings_reach_one_who_comes_to_that_text_later(held: Documents, server: Server):
    server.take(held.open(1, opened("x")))
    server.take(held.open(2, opened("")))
    held.publish(published(server.version, "kept"))
    assert findings(held, 2) is None
    server.take(held.change(2, edited(0, 0, "x", 2)))
    assert findings(held, 2) == {"uri": URI, "version": 2, "diagnostics": [{"message": "kept"}]}


def test_findings_about_an_older_text_or_a_closed_file_reach_nobody(held: Documents, server: Server):
    server.take(held.open(1, opened("x")))
    older = server.version
    server.take(held.change(1, edited(0, 1, "y", 2)))
    held.publish(published(older, "late"))
    assert findings(held, 1) is None
    assert held.publish(published(9999, "unknown")) is None
    held.publish(published(server.version, "timely"))
    assert findings(held, 1) is not None
    assert held.publish(published(1, "!", "file:///other.py")) is None


@pytest.mark.parametrize(
    "params",
    [
        b"null",
        b'{"textDocument":{"uri":5}}',
        b'{"textDocument":{"uri":"file:///workspace/a.py"},"contentChanges":{}}',
        b'{"textDocument":{"uri":"file:///workspace/a.py"},"contentChanges":[{"range":{"start":{"line":-1,"character":0}}}]}',
    ],
)
def test_edits_that_cannot_be_read_are_refused(held: Documents, params: bytes):
    held.open(1, opened("x"))
    with pytest.raises(Malformed):
        held.change(1, params)
    with pytest.raises(Malformed):
        held.open(1, params)


def test_what_a_client_may_hold_is_bounded(held: Documents, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(documents, "MAX_SHADOW", 10)
    monkeypatch.setattr(documents, "MAX_DOCUMENTS", 2)
    held.open(1, opened("12345"))
    held.open(1, opened("12345", uri="file:///b.py"))
    with pytest.raises(Malformed, match="close some"):
        held.open(1, opened("", uri="file:///c.py"))
    with pytest.raises(Malformed, match="close some"):
        held.change(1, edited(0, 0, "x", 2))
    held.open(2, opened("", uri="file:///c.py"))


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 3]), st.sampled_from(["open", "type", "erase", "ask", "close", "drop", "restart"])
    ),
    max_size=40,
)


@given(ACTIONS, st.randoms(use_true_random=False))
def test_whatever_clients_do_the_asker_is_asked_about_their_own_text(actions: list[tuple[int, str]], random: Any):
    held, server = Documents(), Server()
    texts: dict[int, str] = {}
    for version, (client, action) in enumerate(actions):
        if action == "restart":
            server.texts.clear()
            server.take(held.reopen())
        elif action == "open":
            texts[client] = random.choice(["", "ab", "abc"])
            server.take(held.open(client, opened(texts[client], version)))
        elif client not in texts:
            assert held.show(client, URI) == []
        elif action in ("close", "drop"):
            del texts[client]
            server.take(held.close(client, URI) if action == "close" else held.drop(client))
        elif action == "ask":
            server.take(held.show(client, URI))
            assert server.texts[URI] == texts[client]
        else:
            text = texts[client]
            start = random.randint(0, len(text))
            end, new = (start, random.choice("xy")) if action == "type" else (random.randint(start, len(text)), "")
            texts[client] = text[:start] + new + text[end:]
            server.take(held.change(client, edited(start, end, new, version)))
        # Somebody always sees what the server sees, so that findings reach someone.
        assert server.texts.get(URI) in {*texts.values()} if texts else URI not in server.texts
