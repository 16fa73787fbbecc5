"""A lean blocking HTTP/1.1 client, so that what is measured is the server and not the client."""

import json
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

PIECE: Final = 1024 * 1024
PATIENCE_SEC: Final = 300.0


class Refused(Exception):
    """A server answered with another status than was expected."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Decode the body."""
        return json.loads(self.body)


def checked_status(answer: Answer) -> Answer:
    """Return a good answer. Raises ``Refused`` for a status of 400 or more."""
    if answer.status >= 400:
        raise Refused(f"{answer.status}: {answer.body[:1000].decode(errors='replace')}")
    return answer


class Connection:
    """A kept-alive connection: to ``(host, port)``, or to the path of a Unix socket. One request at a time."""

    def __init__(self, address: tuple[str, int] | str, headers: Mapping[str, str] | None = None) -> None:
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE_SEC)
        self.socket.connect(address)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._headers = {"host": "localhost", **(headers or {})}
        self.rest = b""
        """Bytes that came after the last answer's head or body."""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def request(
        self, method: str, path: str, body: bytes | Any = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request and read its whole answer. What is not bytes is sent as JSON."""
        self.send(method, path, body, headers)
        status, got = self.head()
        return Answer(status, got, b"".join(self.body(got)) if status not in {204, 304} else b"")

    def send(self, method: str, path: str, body: bytes | Any = b"", headers: Mapping[str, str] | None = None) -> None:
        """Send a request."""
        more = dict(headers or {})
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
            more["content-type"] = "application/json"
        if body or method not in {"GET", "DELETE"}:
            more.setdefault("content-length", str(len(body)))
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (self._headers | more).items())]
        self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def upload(self, method: str, path: str, pieces: Iterable[bytes], size: int, headers: Mapping[str, str]) -> Answer:
        """Send a body of ``size`` bytes piece by piece, and read the answer."""
        self.send(method, path, b"", {**headers, "content-length": str(size)})
        for piece in pieces:
            self.socket.sendall(piece)
        status, got = self.head()
        return Answer(status, got, b"".join(self.body(got)))

    def head(self) -> tuple[int, dict[str, str]]:
        """Read an answer's status and headers; informational answers are passed over."""
        while True:
            while (end := self.rest.find(b"\r\n\r\n")) < 0:
                self._more()
            first, *lines = self.rest[:end].decode("latin-1").split("\r\n")
            self.rest = self.rest[end + 4 :]
            status = int(first.split(" ", 2)[1])
            if status >= 200 or status == 101:
                pairs = (line.partition(":") for line in lines)
                return status, {name.strip().lower(): value.strip() for name, _, value in pairs}

    def body(self, headers: Mapping[str, str]) -> Iterator[bytes]:
        """Read a body as its head says, piece by piece."""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            yield from self._chunks()
        else:
            yield from self._exactly(int(headers.get("content-length", "0")))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._line().partition(b";")[0], 16):
            yield from self._exactly(size)
            self._line()
        while self._line():
            pass

    def _line(self) -> bytes:
        while (end := self.rest.find(b"\r\n")) < 0:
            self._more()
        line, self.rest = self.rest[:end], self.rest[end + 2 :]
        return line

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size:
            if not self.rest:
                self._more()
            piece, self.rest = self.rest[:size], self.rest[size:]
            size -= len(piece)
            yield piece

    def _more(self) -> None:
        data = self.socket.recv(PIECE)
        if not data:
            raise ConnectionError("The server closed the connection in the middle of an answer.")
        self.rest = self.rest + data if self.rest else data
