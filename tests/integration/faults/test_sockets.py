"""Bad input and faults on the sockets of a real sandbox: each ends typed and bounded, and the next one is served."""

import contextlib
import json
import threading
from collections.abc import Generator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from sandbox_image.wire.closing import CloseCode
from sandbox_image.wire.limits import MAX_TERMINAL_INPUT, MIB, TERMINAL_WINDOW
from sandbox_image.wire.terminals import INPUT, OUTPUT, OUTPUT_HEADER
from tests.security.deployment import Deployment, deployed, docker, until

pytestmark = pytest.mark.engine

WAIT = 150.0
CONTENT_MODIFIED = -32801
FLOOD_COSTS = 24 * MIB
PYRIGHT = "pgrep -f [l]angserver.index.js"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, image: str) -> Generator[Deployment]:
    # Ten crashes in a row are no reason to give up here; that is tested with a server that does nothing else.
    with deployed(tmp_path_factory.mktemp("sockets"), image, LSP_MAX_RESTARTS="100") as running:
        yield running


@pytest.fixture(scope="module")
def project(server: Deployment) -> str:
    return server.make("Sockets")


def opened(server: Deployment, path: str) -> ClientConnection:
    headers = {"authorization": f"Bearer {server.token}"}
    url = server.url.replace("http", "ws", 1) + path
    return connect(url, additional_headers=headers, proxy=None, open_timeout=WAIT, compression=None, max_size=None)


def language(server: Deployment, project: str, kind: str = "pyright") -> ClientConnection:
    return opened(server, f"/api/lsp/{kind}?project_id={project}")


@contextlib.contextmanager
def terminal(server: Deployment, project: str) -> Generator[tuple[str, ClientConnection]]:
    identity = server.call("POST", f"/api/project/{project}/terminals", 201, json={})["id"]
    with opened(server, f"/api/terminal/{project}/{identity}?from=0") as socket:
        yield identity, socket
    server.ask("DELETE", f"/api/project/{project}/terminals/{identity}")


def typed(socket: ClientConnection, text: str) -> None:
    data = text.encode()
    for start in range(0, len(data), MAX_TERMINAL_INPUT):
        socket.send(bytes([INPUT]) + data[start : start + MAX_TERMINAL_INPUT])


def read_until(socket: ClientConnection, marker: bytes) -> bytes:
    """What came until the marker; all that comes is acknowledged."""
    seen = b""
    while marker not in seen:
        frame = socket.recv(WAIT)
        if isinstance(frame, bytes) and frame[0] == OUTPUT:
            _, offset = OUTPUT_HEADER.unpack_from(frame)
            seen = (seen + frame[OUTPUT_HEADER.size :])[-1_000_000:]
            socket.send(json.dumps({"type": "ack", "offset": offset + len(frame) - OUTPUT_HEADER.size}))
    return seen


def closed_with(socket: ClientConnection) -> int | None:
    try:
        while True:
            socket.recv(WAIT)
    except ConnectionClosed:
        return socket.close_code


def ask(socket: ClientConnection, method: str, params: Any, number: int) -> dict[str, Any]:
    socket.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
    while True:
        message = json.loads(socket.recv(WAIT))
        if message.get("id") == number and "method" not in message:
            return message


def hover(socket: ClientConnection, name: str, number: int) -> str:
    """What is told of the name on the first line of a file; asked again while a server that starts lets it be."""
    where = {"textDocument": {"uri": f"file:///workspace/{name}"}, "position": {"line": 0, "character": 5}}
    while "result" not in (answer := ask(socket, "textDocument/hover", where, number)):
        assert answer["error"]["code"] == CONTENT_MODIFIED, answer
    return json.dumps(answer["result"])


def edit(socket: ClientConnection, name: str, text: str) -> None:
    ask(socket, "initialize", {"processId": None, "capabilities": {}}, 1)
    document = {"uri": f"file:///workspace/{name}", "languageId": "python", "version": 1, "text": text}
    params = {"textDocument": document}
    socket.send(json.dumps({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": params}))


def is_served(server: Deployment, project: str) -> None:
    """An editor and a terminal of somebody else."""
    with language(server, project) as socket:
        edit(socket, "control.py", "def controlled(): ...\n")
        assert "controlled" in hover(socket, "control.py", 2)
    with terminal(server, project) as (_, socket):
        typed(socket, "echo $((41 + 1))fine\r")
        read_until(socket, b"42fine")


@pytest.mark.parametrize("kind", ["pyright", "ruff"])
def test_what_is_no_json_rpc_is_answered_and_at_last_cut_off(server: Deployment, project: str, kind: str):
    garbled = ["", "{", "[]", "null", '{"jsonrpc":"2.0","id":{}}', "[" * 100_000, b"\xff\xfe"]
    with language(server, project, kind) as socket:
        for message in garbled:
            socket.send(message)
            error = json.loads(socket.recv(WAIT))
            assert error["error"]["code"] < 0
        ask(socket, "initialize", {"processId": None, "capabilities": {}}, 1)
        with contextlib.suppress(ConnectionClosed):
            for _ in range(100):
                socket.send("{")
        assert closed_with(socket) == CloseCode.BAD_FRAME
    is_served(server, project)


def test_a_message_of_a_hundred_megabytes_is_refused_and_stored_nowhere(server: Deployment, project: str):
    before = server.resident()
    for path in (f"/api/lsp/pyright?project_id={project}", f"/api/project/{project}/events"):
        with opened(server, path) as socket:
            with contextlib.suppress(ConnectionClosed):
                socket.send("x" * 100_000_000)
            assert closed_with(socket) in {CloseCode.MESSAGE_TOO_BIG, 1006}
    assert server.resident() < before + 64 * MIB
    is_served(server, project)


def test_another_project_is_told_before_the_socket_opens(server: Deployment):
    for path in ("/api/lsp/pyright?project_id=nobodys", "/api/terminal/nobodys/x", "/api/project/nobodys/events"):
        with pytest.raises(Exception, match="HTTP 404"):
            opened(server, path).close()


def test_leaving_in_the_middle_of_a_frame_without_a_word_leaves_nothing(server: Deployment, project: str):
    for _ in range(10):
        with contextlib.suppress(Exception):
            socket = language(server, project)
            socket.socket.sendall(b"\x81\xfe\x10\x00\0\0\0\0half a message")
            socket.socket.close()
    health = f"/api/lsp/health?project_id={project}"
    until(lambda: server.call("GET", health)[0]["clients"] == 0, "their end")
    is_served(server, project)


def test_a_terminal_that_floods_is_closed_at_once_and_leaves_no_zombie(server: Deployment, project: str):
    before = server.resident()
    with terminal(server, project) as (identity, socket):
        typed(socket, "yes flood & yes flood & yes flood\r")
        read_until(socket, b"flood\r\nflood\r\nflood")
        server.call("DELETE", f"/api/project/{project}/terminals/{identity}", 204)
        assert closed_with(socket) == CloseCode.TERMINAL_CLOSED
    (container,) = server.containers(project)
    states = "for f in /proc/[0-9]*/stat; do sed 's/.*) //' $f 2>/dev/null | cut -c1; done"

    def left() -> str:
        names = docker("exec", container, "sh", "-c", "cat /proc/[0-9]*/comm 2>/dev/null || true").split()
        return "" if "yes" in names or "Z" in docker("exec", container, "sh", "-c", states).split() else "nothing"

    assert until(left, "the end of all that flooded") == "nothing"
    assert server.resident() < before + FLOOD_COSTS
    is_served(server, project)


def test_a_client_that_never_reads_holds_the_flood_and_nobody_else(server: Deployment, project: str):
    before = server.resident()
    with terminal(server, project) as (identity, silent):
        typed(silent, "yes silent\r")
        silent.recv(WAIT)
        for _ in range(3):
            is_served(server, project)
        found = next(one for one in server.call("GET", f"/api/project/{project}/terminals") if one["id"] == identity)
        assert found["end"] < TERMINAL_WINDOW + MIB
        assert server.resident() < before + FLOOD_COSTS


def test_a_paste_of_five_megabytes_arrives_whole(server: Deployment, project: str):
    line = "0123456789abcdef" * 16 + "\n"
    count = 5_000_000 // len(line)
    with terminal(server, project) as (_, socket):
        typed(socket, "stty -echo; echo rea''dy; cat > /workspace/pasted; echo do''ne\r")
        read_until(socket, b"ready")
        typed(socket, line * count + "\x04")
        read_until(socket, b"done")
    got = server.call("GET", f"/api/project/{project}/files/content?path=pasted")
    assert got == (line * count).encode()


@pytest.mark.timeout(400)
def test_pyright_killed_ten_times_comes_back_with_what_is_open(server: Deployment, project: str):
    (container,) = server.containers(project)
    with language(server, project) as socket:
        edit(socket, "killed.py", "def survivor(): ...\n")
        for number in range(10):
            assert "survivor" in hover(socket, "killed.py", 10 + number)
            docker("exec", container, "sh", "-c", f"kill -9 $({PYRIGHT})")
            # By hand, so that the growing pauses between restarts are not waited for.
            server.call("POST", f"/api/lsp/pyright/restart?project_id={project}")
        assert "survivor" in hover(socket, "killed.py", 100)
    assert len(docker("exec", container, "sh", "-c", PYRIGHT).split()) == 1


def test_fifty_editors_on_one_server(server: Deployment, project: str):
    wrong: list[object] = []

    def work(number: int) -> None:
        try:
            with language(server, project) as socket:
                edit(socket, f"of_{number}.py", f"def function_of_{number}(): ...\n")
                for turn in range(3):
                    told = hover(socket, f"of_{number}.py", 10 + turn)
                    if f"function_of_{number}()" not in told:
                        wrong.append((number, told))
        except Exception as error:  # noqa: BLE001 - told below, whatever it is
            wrong.append((number, error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    (container,) = server.containers(project)
    assert len(docker("exec", container, "sh", "-c", PYRIGHT).split()) == 1
