"""Whatever a client or a server sends, the relay goes on: others are served as before."""

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sandbox_image.agent.language.envelope import Malformed
from sandbox_image.agent.language.multiplexer import Multiplexer
from tests.unit.agent.language.peers import SETTINGS, URI, Editor, Server

METHODS = st.sampled_from(
    [
        "initialize",
        "initialized",
        "shutdown",
        "$/cancelRequest",
        "$/progress",
        "client/registerCapability",
        "client/unregisterCapability",
        "textDocument/codeAction",
        "textDocument/didChange",
        "textDocument/didClose",
        "textDocument/didOpen",
        "textDocument/hover",
        "textDocument/publishDiagnostics",
        "textDocument/rename",
        "window/logMessage",
        "window/showMessage",
        "window/showMessageRequest",
        "workspace/applyEdit",
        "workspace/configuration",
        "workspace/executeCommand",
        "workspace/inlayHint/refresh",
    ]
)
KEYS = st.sampled_from(
    [
        "capabilities",
        "changes",
        "contentChanges",
        "diagnostics",
        "documentChanges",
        "edit",
        "edits",
        "id",
        "initializationOptions",
        "items",
        "message",
        "method",
        "partialResultToken",
        "range",
        "registerOptions",
        "registrations",
        "section",
        "text",
        "textDocument",
        "token",
        "unregisterations",
        "uri",
        "value",
        "version",
        "workDoneToken",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers(-2, 5) | st.sampled_from([URI, "", "c1:", "c1:5", "c1:{", "é\n"])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
# Known shapes with strange content find more than strangeness alone.
DOCUMENTS = st.fixed_dictionaries({"uri": st.just(URI)}, optional={"version": LEAVES, "text": LEAVES})
PARAMS = VALUES | st.fixed_dictionaries(
    {"textDocument": DOCUMENTS}, optional={"contentChanges": VALUES, "workDoneToken": VALUES}
)
IDS = st.integers(0, 6) | st.sampled_from(["init", '"aimforge-1"', "aimforge-1"]) | VALUES
MESSAGES = (
    st.fixed_dictionaries({"method": METHODS}, optional={"id": IDS, "params": PARAMS})
    | st.fixed_dictionaries({"id": IDS}, optional={"result": VALUES, "error": VALUES})
    | VALUES
)


@given(st.lists(st.tuples(st.booleans(), MESSAGES), max_size=15))
def test_neither_side_can_break_the_relay(messages: list[tuple[bool, Any]]):
    mux = Multiplexer(lambda: SETTINGS)
    server = Server(mux).start()
    hostile, other = Editor(mux).initialize().open("x"), Editor(mux).initialize()
    for from_client, message in messages:
        data = json.dumps(message).encode()
        if from_client:
            hostile.raw(data)
        else:
            with suppress(Malformed):
                mux.receive_from_server(data)
    hostile.leave()
    other.hover("mine")
    server.reply(server.asked("textDocument/hover")[-1], "answered")
    assert other.answers("mine") == ["answered"]
