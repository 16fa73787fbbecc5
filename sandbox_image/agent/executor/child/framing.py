"""Messages between the agent and a run: eight bytes of lengths, JSON, and bytes that JSON does not carry well."""

import json
import socket
import struct
from typing import Any, Final

LENGTHS: Final = struct.Struct(">II")
"""Bytes of the JSON part, bytes of the part behind it; both unsigned and big endian."""


class Channel:
    """One end of a stream socket, used by one thread."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, message: dict[str, Any], blob: bytes = b"") -> int:
        """Send one message and return its size in bytes. Raises ``OSError`` when the agent is gone."""
        text = json.dumps(message, separators=(",", ":")).encode()
        data = b"".join((LENGTHS.pack(len(text), len(blob)), text, blob))
        self._connection.sendall(data)
        return len(data)

    def receive(self) -> tuple[dict[str, Any], memoryview] | None:
        """Return the next message, or None when the agent closed its end."""
        head = self._exactly(LENGTHS.size)
        if head is None:
            return None
        text_size, blob_size = LENGTHS.unpack(head)
        body = self._exactly(text_size + blob_size)
        if body is None:
            return None
        view = memoryview(body)
        return json.loads(bytes(view[:text_size])), view[text_size:]

    def _exactly(self, size: int) -> bytearray | None:
        buffer = bytearray(size)
        view = memoryview(buffer)
        filled = 0
        while filled < size:
            count = self._connection.recv_into(view[filled:])
            if not count:
                return None
            filled += count
        return buffer
