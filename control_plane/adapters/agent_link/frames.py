"""WebSocket frames as a client sees them (RFC 6455), without input or output.

Strict where the peer may be hostile: reserved bits, unknown opcodes, masked frames, long or fragmented control frames, a
continuation of nothing, text that is not UTF-8, a message above the limit: each raises ``BadFrame`` and nothing more is
read. A message above the limit is refused by its header, before its bytes are kept.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

SHORT: Final = struct.Struct(">H")
LONG: Final = struct.Struct(">Q")
NO_MASK: Final = b"\0\0\0\0"
"""Masking protects proxies from scripts in browsers. Between us and a Unix socket there is none, so the key is zero and the
payload goes out as it is; a server cannot tell the difference."""


class Opcode(IntEnum):
    """What a frame is."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


KNOWN: Final = frozenset(int(opcode) for opcode in Opcode)
MAX_CONTROL: Final = 125
NAMED_CODES: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
"""Codes of the protocol that a close frame may hold."""


class BadFrame(Exception):
    """The peer broke the protocol or the limit; the message says how."""


def encode(opcode: Opcode, payload: bytes) -> bytes:
    """A final frame from a client."""
    size = len(payload)
    if size < 126:
        return b"%c%c%b%b" % (0x80 | opcode, 0x80 | size, NO_MASK, payload)
    if size < 65536:
        return b"%c%c%b%b%b" % (0x80 | opcode, 0xFE, SHORT.pack(size), NO_MASK, payload)
    return b"%c%c%b%b%b" % (0x80 | opcode, 0xFF, LONG.pack(size), NO_MASK, payload)


def close_of(payload: bytes) -> tuple[int, str]:
    """The code and reason of a close frame; 1005 without a code. Raises ``BadFrame``."""
    if not payload:
        return 1005, ""
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or not (code in NAMED_CODES or 3000 <= code < 5000):
        raise BadFrame("a close frame without a proper code")
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError as error:
        raise BadFrame("a reason for closing that is not UTF-8") from error


class FrameReader:
    """Turns bytes into messages: ``(TEXT, str)``, ``(BINARY, bytes)``, and control frames with their payload."""

    def __init__(self, max_message: int) -> None:
        self._max_message = max_message
        self._buffer = bytearray()
        self._fragments: list[bytes] = []
        self._fragments_size = 0
        self._fragments_opcode: Opcode | None = None

    def feed(self, data: bytes) -> Iterator[tuple[Opcode, str | bytes]]:
        """Take bytes from the peer; the messages that are complete now. Raises ``BadFrame``."""
        self._buffer += data
        while (parsed := self._next()) is not None:
            fin, opcode, payload = parsed
            if opcode >= Opcode.CLOSE:
                yield opcode, payload
            elif (message := self._assemble(opcode, payload, fin=fin)) is not None:
                yield message

    def _next(self) -> tuple[bool, Opcode, bytes] | None:
        """Take one whole frame from the buffer."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, second = buffer[0], buffer[1]
        if first & 0x70 or first & 0x0F not in KNOWN:
            raise BadFrame("reserved bits or an unknown opcode")
        if second & 0x80:
            raise BadFrame("a masked frame from a server")
        opcode, size, start = Opcode(first & 0x0F), second, 2
        if opcode >= Opcode.CLOSE and (size > MAX_CONTROL or not first & 0x80):
            raise BadFrame("a control frame that is too long or fragmented")
        if size == 126:
            if len(buffer) < 4:
                return None
            size, start = SHORT.unpack_from(buffer, 2)[0], 4
        elif size == 127:
            if len(buffer) < 10:
                return None
            size, start = LONG.unpack_from(buffer, 2)[0], 10
        if opcode < Opcode.CLOSE and size + self._fragments_size > self._max_message:
            raise BadFrame(f"a message of more than {self._max_message} bytes")
        if len(buffer) < start + size:
            return None
        payload = bytes(memoryview(buffer)[start : start + size])
        del buffer[: start + size]
        return bool(first & 0x80), opcode, payload

    def _assemble(self, opcode: Opcode, payload: bytes, *, fin: bool) -> tuple[Opcode, str | bytes] | None:
        if opcode is Opcode.CONTINUATION:
            if self._fragments_opcode is None:
                raise BadFrame("a continuation of nothing")
            opcode = self._fragments_opcode
        elif self._fragments_opcode is not None:
            raise BadFrame("a new message before the last one ended")
        if not fin or self._fragments_opcode is not None:
            self._fragments.append(payload)
            self._fragments_size += len(payload)
            self._fragments_opcode = opcode
            if len(self._fragments) > 4096:
                raise BadFrame("a message in more than 4096 fragments")
            if not fin:
                return None
            payload = b"".join(self._fragments)
            self._fragments, self._fragments_size, self._fragments_opcode = [], 0, None
        if opcode is Opcode.BINARY:
            return opcode, payload
        try:
            return opcode, payload.decode()
        except UnicodeDecodeError as error:
            raise BadFrame("text that is not UTF-8") from error
