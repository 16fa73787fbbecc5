"""A language server that lies, in place of pyright in a real sandbox: bounded, typed, and all else goes on."""

import json
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from control_plane.adapters.docker.image import current_image
from sandbox_image.wire.limits import MIB
from tests.security.deployment import Deployment, deployed, docker, until

pytestmark = pytest.mark.engine

FAKE = Path(__file__).with_name("hostile_language_server.js")
GAVE_UP = 4050
CONTENT_MODIFIED = -32801
DEADLINE = 100.0
MOST_MEMORY = 220 * MIB
"""Of a sandbox in whose agent a server's flood piled up, there would be far more."""


@pytest.fixture(scope="module")
def liar(tmp_path_factory: pytest.TempPathFactory, image: str) -> Generator[tuple[Deployment, str]]:
    """A deployment whose image has the liar for pyright, and a project."""
    name = f"aimforge-test:{uuid.uuid4().hex[:12]}"
    assert image == current_image()
    found = "import importlib.util as u; print(u.find_spec('pyright').submodule_search_locations[0])"
    package = docker("run", "--rm", "--entrypoint", "/opt/aimforge/venv/bin/python", image, "-c", found).strip()
    container = docker("create", image).strip()
    try:
        docker("cp", str(FAKE), f"{container}:{package}/dist/langserver.index.js")
        docker("commit", container, name)
    finally:
        docker("rm", container)
    try:
        with deployed(tmp_path_factory.mktemp("liar"), name, LSP_MAX_RESTARTS="1") as server:
            yield server, server.make("Liar")
    finally:
        docker("rmi", "--force", name)


class Editor:
    """An editor of the project, on a socket of the control plane."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def ask(self, method: str, params: dict[str, Any], number: int = 1) -> dict[str, Any] | int:
        """The answer to a request; the code, when the socket was closed instead."""
        try:
            self.connection.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
            while True:
                message = json.loads(self.connection.recv(DEADLINE))
                if message.get("id") == number and "method" not in message:
                    return message
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


def editor(server: Deployment, project_id: str, kind: str) -> ClientConnection:
    headers = {"authorization": f"Bearer {server.token}"}
    url = f"{server.url.replace('http', 'ws', 1)}/api/lsp/{kind}?project_id={project_id}"
    return connect(url, additional_headers=headers, compression=None, max_size=None)


def started(server: Deployment, project_id: str, kind: str) -> dict[str, Any] | int:
    with editor(server, project_id, kind) as connection:
        return Editor(connection).ask("initialize", {"processId": None, "capabilities": {}})


def answered_nothing(server: Deployment, project_id: str) -> bool:
    """Whether an editor that asks is told, in the protocol or by its socket's code, that there is no server."""
    with editor(server, project_id, "pyright") as connection:
        asking = Editor(connection)
        answer = asking.ask("initialize", {"processId": None, "capabilities": {}})
        if isinstance(answer, dict) and "result" in answer:  # known from when it obeyed
            position = {"textDocument": {"uri": "file:///workspace/a.py"}, "position": {"line": 0, "character": 0}}
            answer = asking.ask("textDocument/hover", position, 2)
    return answer == GAVE_UP or (isinstance(answer, dict) and answer["error"]["code"] == CONTENT_MODIFIED)


def health(server: Deployment, project_id: str) -> dict[str, Any]:
    return server.call("GET", f"/api/lsp/health?project_id={project_id}")[0]


def behave(server: Deployment, project_id: str, how: str) -> None:
    (container,) = server.containers(project_id)
    docker("exec", "-i", container, "sh", "-c", "cat > /workspace/behaviour", data=how.encode())
    server.call("POST", f"/api/lsp/pyright/restart?project_id={project_id}")


def memory_of_agent(server: Deployment, project_id: str) -> int:
    (container,) = server.containers(project_id)
    status = docker("exec", container, "cat", "/proc/1/status")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def is_well(server: Deployment, project_id: str) -> None:
    """The server obeys again, after all: the control of each test."""
    behave(server, project_id, "obeys")
    with editor(server, project_id, "pyright") as connection:
        asking = Editor(connection)
        first = asking.ask("initialize", {"processId": None, "capabilities": {}})
        assert isinstance(first, dict)
        assert first["result"]["capabilities"]["hoverProvider"]
        position = {"textDocument": {"uri": "file:///workspace/a.py"}, "position": {"line": 0, "character": 0}}

        def hover() -> Any:
            answer = asking.ask("textDocument/hover", position, 2)
            assert isinstance(answer, dict)
            return answer.get("result")

        assert until(hover, "an answer") == {"contents": "I obey"}


SPOILT = [
    "a giant length",
    "a length without end",
    "no end of the header",
    "a negative length",
    "no number",
]
TALKATIVE = [
    "no JSON",
    "deep nesting",
    "a flood of notifications",
    "a flood of requests",
    "answers that nobody asked for",
    "two answers",
]


@pytest.mark.parametrize("how", SPOILT)
def test_one_that_breaks_the_framing_is_given_up(liar: tuple[Deployment, str], how: str):
    server, project_id = liar
    before = server.resident()
    behave(server, project_id, how)
    until(lambda: health(server, project_id)["state"] == "gave_up", "it to be given up")
    assert answered_nothing(server, project_id)
    said = server.call("GET", f"/api/lsp/logs?n=50&project_id={project_id}")
    assert any("could not be understood" in line["line"] for line in said)
    _all_else_goes_on(server, project_id, before)
    is_well(server, project_id)


@pytest.mark.parametrize("how", TALKATIVE)
def test_one_that_talks_nonsense_without_end_fills_nothing(liar: tuple[Deployment, str], how: str):
    server, project_id = liar
    before = server.resident()
    behave(server, project_id, how)
    for _ in range(5):  # while it talks
        _all_else_goes_on(server, project_id, before)
    is_well(server, project_id)


def test_one_that_says_half_and_stops_is_waited_for_no_longer_than_a_request_may_take(liar: tuple[Deployment, str]):
    server, project_id = liar
    behave(server, project_id, "half a message")
    assert answered_nothing(server, project_id)
    is_well(server, project_id)


def _all_else_goes_on(server: Deployment, project_id: str, before: int) -> None:
    assert isinstance(started(server, project_id, "ruff"), dict)
    assert server.works(project_id)
    assert memory_of_agent(server, project_id) < MOST_MEMORY
    assert server.resident() < before + 32 * MIB
