"""The head of a proxy request, read strictly: ``CONNECT name:port`` or a plain ``http://`` target."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httptools

from control_plane.domain.egress import parse_port

MAX_HEAD: Final = 16 * 1024
DROPPED: Final = frozenset({b"proxy-connection", b"proxy-authorization", b"connection", b"keep-alive"})


class BadRequest(Exception):
    """What the sandbox sent is no request to a proxy; the message says why."""


@dataclass(slots=True)
class ProxyRequest:
    """Where a sandbox wants to go. ``forward`` is what is sent there first: nothing for ``CONNECT``."""

    name: str
    port: int
    forward: bytes = b""
    tunnel: bool = True


@dataclass(slots=True)
class _Head:
    target: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    complete: bool = False

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.complete = True


def parse(head: bytes) -> ProxyRequest:
    """Read a head that ends with an empty line. Raises ``BadRequest``."""
    parsed = _Head()
    parser = httptools.HttpRequestParser(parsed)
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        pass  # CONNECT ends the parser's work, as it should
    except httptools.HttpParserError as error:
        raise BadRequest(f"not HTTP: {error}") from error
    if not parsed.complete:
        raise BadRequest("the head is not complete")
    method = parser.get_method()
    try:
        target = parsed.target.decode("ascii")
        if method == b"CONNECT":
            name, _, port = target.rpartition(":")
            return ProxyRequest(name.strip("[]"), parse_port(port))
        parts = urlsplit(target)
        port_number = parts.port or 80
    except ValueError as error:
        raise BadRequest("the target is not an address") from error
    if parts.scheme != "http" or not parts.hostname:
        raise BadRequest("only CONNECT and http:// targets are taken")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # One request a connection: the next one could name another host, which would have to be checked again.
    lines = [method + b" " + path.encode() + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in parsed.headers if name.lower() not in DROPPED | {b"host"}]
    host = parts.hostname if port_number == 80 else f"{parts.hostname}:{port_number}"
    lines += [b"host: " + host.encode(), b"connection: close"]
    return ProxyRequest(parts.hostname, port_number, b"\r\n".join(lines) + b"\r\n\r\n", tunnel=False)
