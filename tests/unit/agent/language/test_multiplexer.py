"""Several clients on one server, each as if it were alone."""

from collections.abc import Callable

import pytest

from sandbox_image.agent.language import held_requests
from sandbox_image.agent.language import multiplexer as module
from sandbox_image.agent.language.multiplexer import Multiplexer
from sandbox_image.agent.language.own_requests import ServerLost
from sandbox_image.wire.closing import CloseCode
from tests.unit.agent.language.peers import URI, Editor, Server

MODIFIED, CANCELLED, INVALID, NOT_INITIALIZED, REFUSED = -32801, -32800, -32600, -32002, -32803


@pytest.fixture
def join(mux: Multiplexer, server: Server) -> Callable[[], Editor]:
    return lambda: Editor(mux).initialize()


def test_clients_that_count_from_one_get_their_own_answers(join: Callable[[], Editor], server: Server):
    editors = [join(), join()]
    for number in range(1, 51):
        for editor in editors:
            editor.hover(number)
    asked = server.asked("textDocument/hover")
    assert len({request["id"] for request in asked}) == 100
    # Answered in the opposite order, each with the number under which it was asked.
    for position, request in reversed(list(enumerate(asked))):
        server.reply(request, {"of": position % 2, "number": position // 2 + 1})
    for who, editor in enumerate(editors):
        assert [editor.answers(number) for number in range(1, 51)] == [
            [{"of": who, "number": number}] for number in range(1, 51)
        ]


@pytest.mark.parametrize("identity", [7, "7", "é"])
def test_an_id_comes_back_as_it_was_sent(join: Callable[[], Editor], server: Server, identity: int | str):
    editor = join()
    editor.hover(identity)
    server.send(id=server.asked("textDocument/hover")[0]["id"], error={"code": -5, "message": "no"})
    assert editor.answers(identity) == [-5]
    server.send(id=server.asked("textDocument/hover")[0]["id"], result="late")
    assert editor.answers(identity) == [-5]


def test_initialize_is_answered_without_the_server(mux: Multiplexer, server: Server):
    editor = Editor(mux)
    editor.hover(1)
    assert editor.answers(1) == [NOT_INITIALIZED]
    editor.ask(2, "initialize", {"capabilities": {}})
    (result,) = editor.answers(2)
    assert result["capabilities"]["hoverProvider"] is True
    assert result["capabilities"]["positionEncoding"] == "utf-16"
    assert "diagnosticProvider" not in result["capabilities"]
    editor.ask(3, "initialize", {"capabilities": {}})
    assert editor.answers(3) == [INVALID]
    editor.tell("initialized")
    assert server.got == []


def test_initialize_waits_for_the_first_server(mux: Multiplexer):
    editor = Editor(mux)
    editor.ask(1, "initialize", {})
    assert editor.got == []
    Server(mux).start()
    assert len(editor.answers(1)) == 1


def test_shutdown_and_exit_concern_the_client_alone(join: Callable[[], Editor], server: Server):
    leaver, stayer = join().open("x"), join().open("x")
    leaver.ask(1, "shutdown")
    assert leaver.answers(1) == [None]
    leaver.hover(2)
    assert leaver.answers(2) == [INVALID]
    leaver.tell("exit")
    assert leaver.closed is CloseCode.NORMAL
    leaver.leave()
    stayer.hover(1)
    server.reply(server.asked("textDocument/hover")[0], "still here")
    assert stayer.answers(1) == ["still here"]
    assert [message["method"] for message in server.got] == ["textDocument/didOpen", "textDocument/hover"]


def test_a_cancellation_reaches_the_server_under_its_number(join: Callable[[], Editor], server: Server):
    one, other = join(), join()
    one.hover(5)
    other.hover(5)
    other.tell("$/cancelRequest", {"id": 5})
    other.tell("$/cancelRequest", {"id": 6})
    numbers = [request["id"] for request in server.asked("textDocument/hover")]
    assert [message["params"]["id"] for message in server.asked("$/cancelRequest")] == [numbers[1]]


def test_who_leaves_has_everything_cancelled_and_closed(join: Callable[[], Editor], server: Server):
    editor = join().open("x")
    editor.hover(1)
    editor.leave()
    assert [message["method"] for message in server.got[2:]] == ["$/cancelRequest", "textDocument/didClose"]
    server.reply(server.asked("textDocument/hover")[0], "late")
    assert editor.answers(1) == []


@pytest.mark.parametrize("method", ["textDocument/completion", "textDocument/hover"])
def test_a_question_about_an_older_text_makes_way(join: Callable[[], Editor], server: Server, method: str):
    editor, other = join().open("x"), join().open("x")
    other.hover(1, method)
    editor.hover(1, method)
    editor.hover(2, method)
    assert server.asked("$/cancelRequest") == []
    editor.type("xy", 2)
    editor.hover(3, method)
    assert editor.answers(2) == [MODIFIED]
    cancelled = [message["params"]["id"] for message in server.asked("$/cancelRequest")]
    assert cancelled == [server.asked(method)[2]["id"]]
    for request in server.asked(method):
        server.reply(request, "done")
    assert [editor.answers(number) for number in (1, 2, 3)] == [["done"], [MODIFIED], ["done"]]
    assert other.answers(1) == ["done"]


def test_a_diverged_client_is_answered_about_its_own_text(join: Callable[[], Editor], server: Server):
    one, other = join().open("one"), join().open("other")
    other.hover(1)
    one.hover(1)
    seen = [
        message["params"]["contentChanges"][0]["text"] if "contentChanges" in message["params"] else message["method"]
        for message in server.got[1:]
    ]
    assert seen == ["other", "textDocument/hover", "one", "textDocument/hover"]


def test_diagnostics_reach_those_who_hold_that_text(join: Callable[[], Editor], server: Server):
    holder, twin, diverged, stranger = join().open("x", 4), join().open("x", 9), join().open("other"), join()
    version = server.asked("textDocument/didOpen")[0]["params"]["textDocument"]["version"]
    server.send(
        method="textDocument/publishDiagnostics",
        params={"uri": URI, "version": version, "diagnostics": [{"message": "!"}]},
    )
    late = join().open("x", 2)
    heard = [editor.told("textDocument/publishDiagnostics") for editor in (holder, twin, diverged, stranger, late)]
    expected = {"uri": URI, "diagnostics": [{"message": "!"}]}
    assert heard == [[{**expected, "version": 4}], [{**expected, "version": 9}], [], [], [{**expected, "version": 2}]]
    late.tell("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert late.told("textDocument/publishDiagnostics")[-1] == {"uri": URI, "diagnostics": []}
    assert server.asked("textDocument/didClose") == []


def test_progress_finds_its_owner(join: Callable[[], Editor], server: Server):
    one, other = join(), join()
    one.ask(1, "workspace/symbol", {"query": "", "workDoneToken": 5, "partialResultToken": "p"})
    other.ask(1, "workspace/symbol", {"query": "", "workDoneToken": 5})
    tokens = [request["params"]["workDoneToken"] for request in server.asked("workspace/symbol")]
    assert len(set(tokens)) == 2
    server.send(method="$/progress", params={"token": tokens[1], "value": {"kind": "begin"}})
    partial = server.asked("workspace/symbol")[0]["params"]["partialResultToken"]
    server.send(method="$/progress", params={"token": partial, "value": [1]})
    server.send(method="$/progress", params={"token": "the server's own", "value": {}})
    assert other.told("$/progress") == [{"token": 5, "value": {"kind": "begin"}}]
    assert one.told("$/progress") == [{"token": "p", "value": [1]}]


def test_progress_is_cancelled_under_the_server_s_token(join: Callable[[], Editor], server: Server):
    one, other = join(), join()
    for editor in (one, other):
        editor.ask(1, "workspace/symbol", {"query": "", "workDoneToken": 5})
    other.tell("window/workDoneProgress/cancel", {"token": 5})
    (cancelled,) = server.asked("window/workDoneProgress/cancel")
    assert cancelled["params"]["token"] == server.asked("workspace/symbol")[1]["params"]["workDoneToken"]


def test_no_client_speaks_for_another_by_a_token(join: Callable[[], Editor], server: Server):
    one, other = join(), join()
    forged = f"c{other.member.number}:5"
    one.raw(b'{"id":1,"method":"workspace/symbol","params":{"workD\\u006fneTok\\u0065n":"%b"}}' % forged.encode())
    token = server.asked("workspace/symbol")[0]["params"]["workDoneToken"]
    server.send(method="$/progress", params={"token": token, "value": 1})
    assert (one.told("$/progress"), other.told("$/progress")) == ([{"token": forged, "value": 1}], [])


def test_a_restart_fails_what_is_pending_and_replays_open_files(mux: Multiplexer, server: Server):
    editor = Editor(mux).initialize().open("x")
    editor.hover(1)
    mux.lost()
    assert editor.answers(1) == [MODIFIED]
    editor.type("xyz", 2)
    editor.hover(2)
    assert editor.answers(2) == [MODIFIED]
    mux.hold()
    editor.hover(3)
    editor.hover(4)
    editor.tell("$/cancelRequest", {"id": 4})
    assert (editor.answers(3), editor.answers(4)) == ([], [CANCELLED])
    server.start()
    methods = [message["method"] for message in server.got]
    assert methods == ["textDocument/didOpen", "textDocument/hover"]
    assert server.got[0]["params"]["textDocument"]["text"] == "xyz"
    server.reply(server.got[1], "answered")
    assert editor.answers(3) == ["answered"]
    assert editor.closed is None


def test_held_requests_are_refused_when_no_server_comes(mux: Multiplexer, server: Server):
    editor = Editor(mux).initialize()
    mux.lost()
    mux.hold()
    editor.hover(1)
    mux.refuse()
    editor.hover(2)
    assert (editor.answers(1), editor.answers(2)) == ([MODIFIED], [MODIFIED])


def test_what_is_held_is_bounded(mux: Multiplexer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(held_requests, "MAX_HELD", 2)
    server = Server(mux).start()
    editor = Editor(mux).initialize()
    mux.lost()
    mux.hold()
    editor.ask(1, "workspace/symbol", {"query": "x" * held_requests.MAX_HELD_SIZE})
    for number in (2, 3, 4):
        editor.hover(number)
    assert [editor.answers(number) for number in (1, 2, 3, 4)] == [[MODIFIED], [], [], [MODIFIED]]
    assert len(server.start().asked("textDocument/hover")) == 2


def test_clients_start_over_when_a_new_server_can_do_other_things(mux: Multiplexer, server: Server):
    known, fresh = Editor(mux).initialize(), Editor(mux)
    mux.lost()
    server.start()
    assert known.closed is None
    mux.lost()
    server.start(inlayHintProvider=True)
    assert (known.closed, fresh.closed) == (CloseCode.LANGUAGE_SERVER_RESTARTED, None)
    mux.turn_away()
    assert fresh.closed is None


async def test_requests_of_the_relay_itself_are_answered_or_fail(mux: Multiplexer, server: Server):
    answered, lost = mux.call("workspace/executeCommand", b"{}"), mux.call("x", b"")
    server.reply(server.got[0], "done")
    assert bytes((await answered).result) == b'"done"'
    mux.lost()
    for future in (lost, mux.call("x", b"")):
        with pytest.raises(ServerLost):
            await future


def test_commands_are_for_editors_and_reading_is_for_viewers(mux: Multiplexer, server: Server):
    viewer, editor = Editor(mux, view_only=True).initialize(), Editor(mux).initialize()
    for client in (viewer, editor):
        client.ask(1, "workspace/executeCommand", {"command": "x"})
        client.hover(2)
    assert viewer.answers(1) == [REFUSED]
    assert len(server.asked("workspace/executeCommand")) == 1
    assert len(server.asked("textDocument/hover")) == 2


def test_what_is_the_relay_s_own_business_is_not_passed_on(join: Callable[[], Editor], server: Server):
    editor = join()
    for method in (
        "initialized",
        "$/setTrace",
        "workspace/didChangeConfiguration",
        "workspace/didChangeWatchedFiles",
        "workspace/didChangeWorkspaceFolders",
        "textDocument/didSave",
    ):
        editor.tell(method)
    editor.answer("nobody asked", 1)
    assert server.got == []
    assert editor.closed is None


def test_garbled_messages_are_answered_and_too_many_in_a_row_end_the_connection(mux: Multiplexer, server: Server):
    editor = Editor(mux).initialize()
    for _ in range(2):
        for _ in range(module.MAX_GARBLED - 1):
            editor.raw(b'{"jsonrpc":')
        assert editor.closed is None
        editor.hover(1)
    assert editor.got[-2]["error"]["code"] == -32700
    for _ in range(module.MAX_GARBLED):
        editor.raw(b"[]")
    assert editor.closed is CloseCode.BAD_FRAME


def test_requests_that_cannot_be_served_are_refused_one_by_one(
    join: Callable[[], Editor], server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "MAX_REQUESTS", 2)
    editor = join()
    editor.ask(1, "textDocument/hover", {"textDocument": {"uri": 5}})
    editor.ask(2, "textDocument/hover", [1])
    editor.ask("long", "textDocument/hover", {"textDocument": {"uri": "x" * 10_000}})
    assert [editor.answers(number) for number in (1, 2, "long")] == [[-32602]] * 3
    editor.hover(3)
    editor.hover(3)
    assert editor.answers(3) == [INVALID]
    editor.hover(4)
    editor.hover(5)
    assert editor.answers(5) == [REFUSED]
    assert len(server.asked("textDocument/hover")) == 2


def test_an_edit_that_is_not_understood_ends_that_client_only(join: Callable[[], Editor], server: Server):
    broken, other = join().open("x"), join().open("x")
    broken.tell("textDocument/didChange", {"textDocument": {"uri": URI, "version": 2}, "contentChanges": "?"})
    assert (broken.closed, other.closed) == (CloseCode.BAD_FRAME, None)


def test_status_goes_to_those_who_asked_for_it(mux: Multiplexer, server: Server):
    curious, plain = Editor(mux).initialize(initializationOptions={"aimforge": True}), Editor(mux).initialize()
    message = b'{"jsonrpc":"2.0","method":"aimforge/status","params":{"state":"ready"}}'
    mux.announce(message)
    late = Editor(mux).initialize(initializationOptions={"aimforge": True})
    heard = [len(editor.told("aimforge/status")) for editor in (curious, plain, late)]
    assert heard == [1, 0, 1]


def test_edits_while_no_server_is_up_are_reported(server: Server):
    edits: list[int] = []
    mux = Multiplexer(dict, on_edit=lambda: edits.append(1))
    Server(mux).start()
    editor = Editor(mux).initialize().open("x")
    assert edits == []
    mux.lost()
    editor.type("y", 2)
    assert edits == [1]


def test_what_the_server_logs_is_kept_and_bothers_nobody():
    lines: list[str] = []
    mux = Multiplexer(dict, on_log=lines.append)
    other = Server(mux).start()
    editor = Editor(mux).initialize()
    other.send(method="window/logMessage", params={"type": 3, "message": "Found 1 source file"})
    other.send(method="pyright/beginProgress")
    assert lines == ["Found 1 source file"]
    assert [message.get("method") for message in editor.got] == [None]
