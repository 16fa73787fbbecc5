"""A client of one terminal: types, reads, and acknowledges as ``docs/sockets.md`` asks."""

import json
from typing import Final

from benchmarks.websocket import BINARY, WebSocket
from sandbox_image.wire.terminals import INPUT, OUTPUT_HEADER

ACK_STEP: Final = 64 * 1024


class Terminal:
    """An attached terminal."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self._acked = 0

    def type(self, data: bytes) -> None:
        """Type bytes."""
        self.socket.send_bytes(bytes([INPUT]) + data)

    def output(self) -> bytes:
        """Return the next output, acknowledged."""
        while True:
            opcode, message = self.socket.receive()
            if opcode != BINARY:
                continue
            _, offset = OUTPUT_HEADER.unpack_from(message)
            data = message[OUTPUT_HEADER.size :]
            end = offset + len(data)
            if end - self._acked >= ACK_STEP:
                self._acked = end
                self.socket.send_text(json.dumps({"type": "ack", "offset": end}))
            return data

    def read_until(self, marker: bytes) -> int:
        """Read until ``marker`` came; how many bytes that were."""
        tail, total = b"", 0
        while True:
            data = self.output()
            total += len(data)
            tail = tail[-len(marker) :] + data
            if marker in tail:
                return total
            tail = tail[-len(marker) :]

    def command(self, line: str) -> None:
        """Run a command and wait until it is done."""
        self.type(f"{line}; echo do''ne\n".encode())
        self.read_until(b"done\r\n")

    def echo_only(self) -> None:
        """Leave a program running that takes what is typed and writes nothing: the terminal itself echoes."""
        self.type(b"echo rea''dy; exec cat >/dev/null\n")
        self.read_until(b"ready\r\n")
