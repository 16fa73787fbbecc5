"""``hostile_web_server.py PORT``: answers each path in another wrong way. Runs in a sandbox, with its Python alone."""

import contextlib
import socket
import sys
import threading
import time

HEAD = b"HTTP/1.1 200 OK\r\n"
FINE = b"Content-Type: text/plain\r\n"
go_on = threading.Condition()
state = {"gone_on": 0, "redirected": 0, "floods": 0, "flooded": 0.0}


def whole(body: bytes, headers: bytes = b"") -> bytes:
    return HEAD + FINE + headers + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


ANSWERS = {
    "/fine": whole(b"fine"),
    "/giant-header": HEAD + b"X-Giant: " + b"x" * 1_000_000 + b"\r\n\r\n",
    "/many-headers": HEAD + b"".join(b"X-%d: y\r\n" % number for number in range(500)) + b"\r\n",
    "/switching": b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    "/switching-with-a-body": b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    + whole(b"x"),
    "/not-http": b"220 mail.example ESMTP\r\n",
    "/nothing": b"",
    "/negative-length": HEAD + b"Content-Length: -5\r\n\r\nhello",
    "/two-lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "/no-status": b"HTTP/1.1 OK\r\n\r\n",
    "/half-a-head": HEAD + b"X-Half",
    "/redirect": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:8123/redirected\r\nContent-Length: 0\r\n\r\n",
    "/redirect-inside": b"HTTP/1.1 302 Found\r\nLocation: /redirected\r\nContent-Length: 0\r\n\r\n",
    "/cookie": whole(
        b"x",
        b"Set-Cookie: session=stolen; Path=/\r\nClear-Site-Data: *\r\nStrict-Transport-Security: max-age=9\r\n"
        b"Connection: connection-option\r\nConnection-Option: 1\r\nX-Fine: yes\r\n",
    ),
    "/interim": b"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Early: 2\r\n\r\n"
    + whole(b"at last"),
    "/short": HEAD + b"Content-Length: 100\r\n\r\nhello",
    "/bad-chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
    "/long": HEAD + b"Content-Length: 2\r\n\r\nab" + whole(b"another answer"),
}


def endless(client: socket.socket, begin: bytes, more: bytes) -> None:
    client.sendall(begin)
    while True:
        client.sendall(more)


def answer(client: socket.socket) -> None:
    asked = b""
    while b"\r\n\r\n" not in asked:
        asked += client.recv(65536)
    path = asked.split()[1].decode()
    if path == "/endless-header":
        endless(client, HEAD + b"X-Endless: ", b"x" * 1000)
    elif path == "/endless-interim":
        endless(client, b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
    elif path == "/endless-chunk-head":
        endless(client, HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;", b"x" * 1000)
    elif path == "/flood":
        state["floods"] += 1
        try:
            client.sendall(HEAD + b"\r\n")
            while True:
                client.sendall(b"x" * 65536)
                state["flooded"] = time.monotonic()
        finally:
            state["floods"] -= 1
    elif path == "/flood-ended":
        client.sendall(whole(b"no" if state["floods"] else b"yes"))
    elif path == "/flood-rests":
        client.sendall(whole(b"yes" if time.monotonic() - state["flooded"] > 1 else b"no"))
    elif path == "/slow":
        with go_on:
            number = state["gone_on"]
            client.sendall(HEAD + b"\r\nbegun")
            go_on.wait_for(lambda: state["gone_on"] != number)
        client.sendall(b"done")
    elif path == "/go-on":
        with go_on:
            state["gone_on"] += 1
            go_on.notify_all()
        client.sendall(whole(b"gone on"))
    elif path == "/redirected":
        state["redirected"] += 1
        client.sendall(whole(b"secret"))
    elif path == "/count-of-redirected":
        client.sendall(whole(b"%d" % state["redirected"]))
    elif path == "/echo-headers":
        client.sendall(whole(asked))
    else:
        client.sendall(ANSWERS[path])
    client.shutdown(socket.SHUT_WR)
    while client.recv(65536):
        pass


def serve(client: socket.socket) -> None:
    with client, contextlib.suppress(OSError):
        answer(client)


listening = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100)
while True:
    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()
