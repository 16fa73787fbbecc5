"""Takes the agent's place in the sandboxes of projects called ``Hostile…``; everywhere else the agent itself runs.

A request's last part of the path that names a deed gets it; all else is answered well enough to look like an agent.
"""

import array
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable

OK = b"HTTP/1.1 200 OK\r\nconnection: close\r\n"
JSON = OK + b"content-type: application/json\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n\r\n"


def sized(body: bytes, kind: bytes = b"application/json") -> bytes:
    return OK + b"content-type: %s\r\ncontent-length: %d\r\n\r\n%s" % (kind, len(body), body)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def flood(client: socket.socket, head: bytes, piece: bytes) -> None:
    client.sendall(head)
    while True:
        client.sendall(piece)


RUN = {"run_id": "<script>alert(1)</script>", "kind": "flow", "status": "succeeded", "created_at": 1.0}
RESULT = json.dumps(RUN | {"nodes": {"n": {"node_id": "n", "status": "succeeded", "displays": "HERE"}}}).encode()
BOMBS = {
    # Of the shape that is asked for, and below the largest size, each takes seconds to decode.
    "brackets": lambda: RESULT.replace(
        b'"HERE"', b'[{"type":"x","mime":{"application/json":[%s[]]}}]' % (b"[]," * 4_000_000)
    ),
    "objects": lambda: RESULT.replace(b'"HERE"', b'[%s{"type":"x"}]' % (b'{"type":"x"},' * 900_000)),
}
EVENTS = OK + b"content-type: application/x-ndjson\r\n" + CHUNKED
BOMB_EVENT = (
    b'{"seq":1,"at":1.0,"type":"node_display","data":{"run_id":"r","node_id":"n","output":'
    b'{"type":"x","mime":{"application/json":[%s[]]}}}}\n' % (b"[]," * 170_000)
)
DEEDS: dict[str, Callable[[socket.socket], None]] = {
    "close": lambda client: None,
    "garbage": lambda client: client.sendall(os.urandom(4096)),
    "long-head": lambda client: flood(client, OK, b"x-long: " + b"a" * 1000 + b"\r\n"),
    "long-line": lambda client: flood(client, OK + b"x-long: ", b"a" * 65536),
    "redirect": lambda client: client.sendall(
        b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"
    ),
    "switch": lambda client: client.sendall(b"HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"),
    "two-lengths": lambda client: client.sendall(OK + b"content-length: 2\r\ncontent-length: 5\r\n\r\n{}abc"),
    "both-lengths": lambda client: client.sendall(OK + b"content-length: 2\r\n" + CHUNKED + b"{}"),
    "endless": lambda client: flood(client, JSON + CHUNKED, chunk(b" " * 65536)),
    "huge": lambda client: client.sendall(JSON + b"content-length: 99999999999999\r\n\r\n{"),
    "cut": lambda client: client.sendall(JSON + b"content-length: 100\r\n\r\n{"),
    "html": lambda client: client.sendall(sized(b"<script>alert(1)</script>", b"text/html")),
    "wrong-shape": lambda client: client.sendall(sized(b'{"run_id": 5}')),
    "deep": lambda client: client.sendall(sized(b"[" * 500_000)),
    "no-utf8": lambda client: client.sendall(sized(b'{"run_id": "\xff"}')),
    "own-error": lambda client: client.sendall(
        sized(b'{"error": "unauthenticated", "message": "sign in at evil.example", "detail": {}}').replace(b"200 OK", b"401 No", 1)
    ),
    "bad-error": lambda client: client.sendall(sized(b"<b>no</b>", b"text/html").replace(b"200 OK", b"500 No", 1)),
    "cookie": lambda client: client.sendall(
        sized(json.dumps(RUN).encode()).replace(b"OK\r\n", b"OK\r\nset-cookie: aimforge_session=x\r\naccess-control-allow-origin: *\r\n", 1)
    ),
    "forged-event": lambda client: client.sendall(
        EVENTS + chunk(b'{"seq":1,"at":1.0,"type":"presence","data":{"people":[]}}\n') + b"0\r\n\r\n"
    ),
    "bad-event": lambda client: client.sendall(EVENTS + chunk(b'{"seq":1,\n') + b"0\r\n\r\n"),
    "long-event": lambda client: flood(client, EVENTS, chunk(b"a" * 65536)),
    "brackets": lambda client: client.sendall(sized(BOMBS["brackets"]())),
    "objects": lambda client: client.sendall(sized(BOMBS["objects"]())),
    "bomb-events": lambda client: flood(client, EVENTS, chunk(BOMB_EVENT * 8)),
    "html-file": lambda client: client.sendall(sized(b"<script>alert(1)</script>", b"text/html")),
}  # fmt: skip


def serve(client: socket.socket) -> None:
    with client:
        try:
            head = b""
            while b"\r\n\r\n" not in head:
                if not (got := client.recv(65536)):
                    return
                head += got
            target = head.split(b" ", 2)[1].decode()
            names = [name for name in DEEDS if name in target.replace("?", "/").replace("=", "/").split("/")]
            if names:
                DEEDS[names[0]](client)
            elif "stall" in target:
                time.sleep(3600)
            elif target.startswith("/health"):
                client.sendall(sized(json.dumps({"status": "ok", "api_version": int(sys.argv[1])}).encode()))
            elif target.startswith("/activity"):
                client.sendall(sized(b'{"idle_sec": -1e300, "busy": ["<script>alert(1)</script>"]}'))
            else:
                client.sendall(os.urandom(100))
        except OSError:
            return


def take() -> socket.socket:
    with socket.socket(socket.AF_UNIX) as door:
        door.connect("/run/aimforge/bootstrap.sock")
        _, ancillary, _, _ = door.recvmsg(65536, socket.CMSG_SPACE(4))
        return socket.socket(fileno=array.array("i", ancillary[0][2][:4])[0])


def main() -> None:
    if not os.environ.get("AIMFORGE_PROJECT_NAME", "").startswith("Hostile"):
        os.execv(sys.executable, [sys.executable, "-I", "-m", "sandbox_image.agent"])
    listener = take()
    listener.setblocking(True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


if __name__ == "__main__":
    main()
