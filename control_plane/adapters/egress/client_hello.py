"""The server name in the first bytes of a TLS connection (RFC 8446 §4.1.2, RFC 6066 §3), read and never trusted in length."""

from typing import Final

HANDSHAKE: Final = 0x16
CLIENT_HELLO: Final = 0x01
SERVER_NAME: Final = 0


class NotTls(Exception):
    """The bytes are no TLS client hello."""


class Pieces:
    """A client hello as it comes. Each byte is looked at once: a sandbox may send them one by one, in records of one each."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._at = 0
        self._message = bytearray()

    def add(self, piece: bytes) -> bool:
        """Take the next bytes; tell whether it is time to ask for ``server_name``: it is whole, or none will come of it."""
        self._data += piece
        if self._data and self._data[0] != HANDSHAKE:
            return True
        while len(self._data) >= self._at + 5:
            size = _uint16(self._data, self._at + 3)
            if self._data[self._at] != HANDSHAKE or size == 0:
                return True
            if len(self._data) < self._at + 5 + size:
                break
            self._message += self._data[self._at + 5 : self._at + 5 + size]
            self._at += 5 + size
        return len(self._message) >= 4 and len(self._message) >= 4 + int.from_bytes(self._message[1:4], "big")


def server_name(data: bytes) -> str | None:
    """The name that a client asks for; None where it asks for none. Raises ``NotTls``, ``IndexError`` if cut short."""
    if data[0] != HANDSHAKE or data[1] != 3:
        raise NotTls
    hello = _records(data)
    if hello[0] != CLIENT_HELLO:
        raise NotTls
    end = 4 + int.from_bytes(hello[1:4], "big")
    at = 4 + 2 + 32
    at += 1 + hello[at]  # session id
    at += 2 + _uint16(hello, at)  # cipher suites
    at += 1 + hello[at]  # compression methods
    if at >= end:
        return None
    stop = min(end, at + 2 + _uint16(hello, at))
    at += 2
    while at + 4 <= stop:
        kind, size = _uint16(hello, at), _uint16(hello, at + 2)
        if kind == SERVER_NAME:
            length = _uint16(hello, at + 7)
            name = hello[at + 9 : at + 9 + length]
            if len(name) < length:
                raise IndexError
            return name.decode("ascii", "replace")
        at += 4 + size
    if len(hello) < stop:
        raise IndexError
    return None


def _records(data: bytes) -> bytes:
    """Join the handshake's bytes from the records that carry them."""
    joined, at = b"", 0
    while at + 5 <= len(data) and data[at] == HANDSHAKE:
        size = _uint16(data, at + 3)
        joined += data[at + 5 : at + 5 + size]
        at += 5 + size
    if len(joined) < 4:
        raise IndexError
    return joined


def _uint16(data: bytes | bytearray, at: int) -> int:
    if at + 2 > len(data):
        raise IndexError
    return data[at] << 8 | data[at + 1]
