"""A lean blocking WebSocket client. It masks with zeros, which the protocol allows and costs nothing."""

import base64
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from typing import Final

from benchmarks.client import Connection, Refused

TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10
READ: Final = 256 * 1024


class Closed(Exception):
    """The server closed the socket."""


class WebSocket:
    """An open socket; made by its address and the headers to send.

    With ``quick_ack`` what comes is acknowledged at TCP's level at once, which few clients do: where a server leaves Nagle's
    algorithm on, it measures the server's work, and without it what people get.
    """

    def __init__(
        self, address: tuple[str, int], path: str, headers: Mapping[str, str], *, quick_ack: bool = False
    ) -> None:
        self._quick_ack = quick_ack
        connection = Connection(address, headers)
        key = base64.b64encode(os.urandom(16)).decode()
        opening = {
            "connection": "Upgrade",
            "upgrade": "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": key,
        }
        connection.send("GET", path, b"", opening)
        status, got = connection.head()
        if status != 101:
            raise Refused(f"{path} answered {status}: {b''.join(connection.body(got))[:500]!r}")
        self.socket = connection.socket
        self._buffer = bytearray(connection.rest)
        self._fragments = bytearray()
        self._opcode = 0

    def __enter__(self) -> "WebSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye and let go."""
        try:
            self._send(CLOSE, struct.pack(">H", 1000))
        except OSError:
            return
        finally:
            self.socket.close()

    def send_text(self, text: str) -> None:
        """Send a text message."""
        self._send(TEXT, text.encode())

    def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        self._send(BINARY, data)

    def _send(self, opcode: int, data: bytes) -> None:
        size = len(data)
        if size < 126:
            head = struct.pack(">BB", 0x80 | opcode, 0x80 | size)
        elif size < 65536:
            head = struct.pack(">BBH", 0x80 | opcode, 0xFE, size)
        else:
            head = struct.pack(">BBQ", 0x80 | opcode, 0xFF, size)
        self.socket.sendall(b"".join((head, b"\0\0\0\0", data)))

    def receive(self) -> tuple[int, bytes]:
        """Return the next message with its opcode. Raises ``Closed``, ``TimeoutError``."""
        while True:
            found = self._next()
            if found is not None:
                return found
            self._acknowledge()
            data = self.socket.recv(READ)
            if not data:
                raise Closed("without a close frame")
            self._acknowledge()
            self._buffer += data

    def _acknowledge(self) -> None:
        if self._quick_ack:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def waiting(self) -> Iterator[tuple[int, bytes]]:
        """Take what has come without waiting; pings are answered on the way."""
        patience = self.socket.gettimeout()
        self.socket.setblocking(False)
        try:
            while data := self.socket.recv(READ):
                self._buffer += data
        except BlockingIOError:
            pass
        finally:
            self.socket.settimeout(patience)
        while (found := self._next()) is not None:
            yield found

    def _next(self) -> tuple[int, bytes] | None:
        while (frame := self._frame()) is not None:
            final, opcode, payload = frame
            if opcode == PING:
                self._send(PONG, payload)
            elif opcode == CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
                raise Closed(f"{code} {payload[2:].decode(errors='replace')}")
            elif opcode != PONG:
                if final and not self._fragments:
                    return opcode, payload
                self._opcode = opcode or self._opcode
                self._fragments += payload
                if final:
                    whole, self._fragments = bytes(self._fragments), bytearray()
                    return self._opcode, whole
        return None

    def _frame(self) -> tuple[bool, int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 0x7F, 2
        if size == 126:
            size, start = int.from_bytes(buffer[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(buffer[2:10], "big"), 10
        if len(buffer) < start + size:
            return None
        first = buffer[0]
        payload = bytes(memoryview(buffer)[start : start + size])
        del buffer[: start + size]
        return bool(first & 0x80), first & 0x0F, payload
