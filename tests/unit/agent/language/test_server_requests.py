"""Each request of a shared server is answered, and edits reach the client whose doing they are."""

from typing import Any

import pytest

from sandbox_image.agent.language.multiplexer import Multiplexer
from sandbox_image.agent.language.server_requests import Registration
from tests.unit.agent.language.peers import SETTINGS, URI, Editor, Server

WATCHED = {"id": "w", "method": "workspace/didChangeWatchedFiles", "registerOptions": {"watchers": []}}
FORMAT = {"id": "f", "method": "textDocument/formatting", "registerOptions": {}}


@pytest.fixture
def watchers() -> list[list[Registration]]:
    return []


@pytest.fixture
def mux(watchers: list[list[Registration]]) -> Multiplexer:
    return Multiplexer(lambda: SETTINGS, on_watchers=watchers.append)


@pytest.fixture
def server(mux: Multiplexer) -> Server:
    return Server(mux).start()


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        (
            "workspace/configuration",
            {"items": [{"section": "python.analysis"}, {"section": "no.such"}, {"scopeUri": "file:///"}]},
            [SETTINGS["python"]["analysis"], None, SETTINGS],
        ),
        ("client/registerCapability", {"registrations": [WATCHED]}, None),
        ("client/unregisterCapability", {"unregisterations": [{"id": "never", "method": "x"}]}, None),
        ("window/workDoneProgress/create", {"token": "t"}, None),
        ("window/showMessageRequest", {"type": 1, "message": "?", "actions": []}, None),
        ("window/showDocument", {"uri": URI}, {"success": False}),
        ("workspace/semanticTokens/refresh", None, None),
        ("workspace/workspaceFolders", None, None),
        ("no/such", {}, {"code": -32601, "message": "Nobody here answers no/such."}),
    ],
)
def test_requests_are_answered_at_once(server: Server, method: str, params: Any, expected: Any):
    server.send(id="q", method=method, params=params)
    assert server.answers("q") == [expected]


@pytest.mark.parametrize(
    "method", ["workspace/configuration", "client/registerCapability", "client/unregisterCapability"]
)
def test_requests_that_are_not_understood_are_answered_too(server: Server, method: str):
    server.send(id="q", method=method, params=[])
    assert server.answers("q")[0]["code"] == -32602


def test_an_edit_goes_to_the_client_whose_command_is_in_flight(mux: Multiplexer, server: Server):
    one, other = Editor(mux).initialize(), Editor(mux).initialize()
    one.ask(1, "workspace/executeCommand", {"command": "organize"})
    server.send(id=77, method="workspace/applyEdit", params={"edit": {"changes": {}}})
    assert other.asked("workspace/applyEdit") == []
    (request,) = one.asked("workspace/applyEdit")
    other.answer(request["id"], {"applied": False})
    assert server.answers(77) == []
    one.answer(request["id"], {"applied": True})
    one.answer(request["id"], {"applied": True})
    assert server.answers(77) == [{"applied": True}]


def test_an_edit_that_nobody_caused_or_whose_client_left_is_not_applied(mux: Multiplexer, server: Server):
    server.send(id=1, method="workspace/applyEdit", params={"edit": {}})
    assert server.answers(1)[0]["applied"] is False
    editor = Editor(mux).initialize()
    editor.ask(1, "workspace/executeCommand", {"command": "organize"})
    server.send(id=2, method="workspace/applyEdit", params={"edit": {}})
    editor.leave()
    assert server.answers(2)[0]["applied"] is False


def test_an_edit_is_put_into_the_client_s_versions(mux: Multiplexer, server: Server):
    editor = Editor(mux)
    editor.initialize(capabilities={"workspace": {"workspaceEdit": {"documentChanges": True}}}).open("x", 40)
    version = server.asked("textDocument/didOpen")[0]["params"]["textDocument"]["version"]
    editor.ask(1, "workspace/executeCommand", {"command": "organize"})
    change = {"textDocument": {"uri": URI, "version": version}, "edits": []}
    server.send(id=2, method="workspace/applyEdit", params={"edit": {"documentChanges": [change]}})
    (request,) = editor.asked("workspace/applyEdit")
    assert request["params"]["edit"]["documentChanges"][0]["textDocument"]["version"] == 40


def test_registrations_reach_all_and_those_who_come_later_and_watching_stays_here(
    mux: Multiplexer, server: Server, watchers: list[list[Registration]]
):
    early = Editor(mux).initialize()
    server.send(id=1, method="client/registerCapability", params={"registrations": [WATCHED, FORMAT]})
    late = Editor(mux).initialize()
    for editor in (early, late):
        (request,) = editor.asked("client/registerCapability")
        assert request["params"]["registrations"] == [FORMAT]
        editor.answer(request["id"], None)
    assert [[one.id for one in current] for current in watchers] == [["w"]]
    gone = [{"id": item["id"], "method": item["method"]} for item in (WATCHED, FORMAT)]
    server.send(id=2, method="client/unregisterCapability", params={"unregisterations": gone})
    assert early.asked("client/unregisterCapability")[0]["params"]["unregisterations"] == [gone[1]]
    assert watchers[-1] == []
    assert Editor(mux).initialize().asked("client/registerCapability") == []


def test_what_a_server_registered_ends_with_it(mux: Multiplexer, server: Server, watchers: list[list[Registration]]):
    server.send(id=1, method="client/registerCapability", params={"registrations": [WATCHED, FORMAT]})
    mux.lost()
    server.start()
    assert watchers[-1] == []
    assert Editor(mux).initialize().asked("client/registerCapability") == []


def test_a_refresh_asks_every_client_under_numbers_of_its_own(mux: Multiplexer, server: Server):
    editors = [Editor(mux).initialize(), Editor(mux).initialize()]
    server.send(id=1, method="workspace/inlayHint/refresh")
    numbers = [editor.asked("workspace/inlayHint/refresh")[0]["id"] for editor in editors]
    assert numbers[0] != numbers[1]
    assert server.answers(1) == [None]
    server.send(id=2, method="window/showMessageRequest", params={"type": 3, "message": "hello"})
    assert [editor.told("window/showMessage")[0]["message"] for editor in editors] == ["hello", "hello"]
