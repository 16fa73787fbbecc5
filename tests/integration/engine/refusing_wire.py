"""A wire to the real engine on which removals of containers can be refused, as an engine does that cannot remove one yet."""

import json
import socket
import socketserver
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

ENGINE_SOCKET: Final = "/var/run/docker.sock"
PIECE: Final = 65536


class RefusingWire:
    """Passes bytes on both ways. ``refuse`` makes it answer the next removals itself, in the engine's place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._left = 0
        self._sentence = ""
        self._lock = threading.Lock()
        self._refused: list[str] = []

    @property
    def url(self) -> str:
        """What ``DOCKER_HOST`` is to be."""
        return f"unix://{self.path}"

    def refuse(self, times: int, sentence: str) -> None:
        """Refuse so many removals with a sentence, from now on, and forget those that were refused."""
        with self._lock:
            self._left, self._sentence = times, sentence
            self._refused.clear()

    def refused(self) -> list[str]:
        """Return the ids of the containers whose removal was refused."""
        with self._lock:
            return list(self._refused)

    def answer(self, request: bytes) -> bytes | None:
        """Return the refusal of a request; None for one that the engine is to answer.

        A request for a removal has no body, and comes in one piece while nothing else is under way on its connection.
        """
        method, _, rest = request.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0].decode("latin-1")
        if method != b"DELETE" or "/containers/" not in path:
            return None
        with self._lock:
            if not self._left:
                return None
            self._left -= 1
            self._refused.append(path.rpartition("/")[2])
            body = json.dumps({"message": self._sentence}).encode()
        head = (
            f"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        )
        return head.encode() + b"\r\n" + body


@contextmanager
def refusing_wire(path: Path) -> Generator[RefusingWire]:
    """Serve a wire at ``path`` until the block ends."""
    wire = RefusingWire(path)

    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            client: socket.socket = self.request
            with socket.socket(socket.AF_UNIX) as engine, suppress(OSError):
                engine.connect(ENGINE_SOCKET)
                threading.Thread(target=pump, args=(engine, client), daemon=True).start()
                while request := client.recv(PIECE):
                    refusal = wire.answer(request)
                    if refusal is None:
                        engine.sendall(request)
                    else:
                        client.sendall(refusal)
                engine.shutdown(socket.SHUT_RDWR)

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True
        block_on_close = False

    with Server(str(path), Connection) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield wire
        finally:
            server.shutdown()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes until one side has gone."""
    with suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
        target.shutdown(socket.SHUT_RDWR)
