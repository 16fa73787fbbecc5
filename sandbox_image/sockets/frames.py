"""WebSocket frames (RFC 6455), without input or output.

Strict where the peer may be hostile: reserved bits, unknown opcodes, frames with a mask from a server or without one from a
client, long or fragmented control frames, a continuation of nothing, text that is not UTF-8, a message above the limit: each
raises ``BadFrame`` and nothing more is read. A message above the limit is refused by its header, before its bytes are kept.
"""

import struct
from enum import Enum, IntEnum, auto
from typing import Final

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

from sandbox_image.wire.closing import CloseCode

SHORT: Final = struct.Struct(">H")
LONG: Final = struct.Struct(">Q")
NO_MASK: Final = b"\0\0\0\0"
"""Masking protects proxies from scripts in browsers. Between us and a Unix socket there is none, so the key is zero and the
payload goes out as it is; a server cannot tell the difference."""
FINAL: Final = 0x80
MASKED: Final = 0x80
RESERVED: Final = 0x70
CONTROL: Final = 0x08
MAX_CONTROL: Final = 125
MAX_FRAGMENTS: Final = 4096
"""Frames of one message. Empty ones count for nothing in its size, and yet each takes memory."""
PROTOCOL_ERROR: Final = 1002
NOT_UTF8: Final = 1007
NO_CODE: Final = 1005
"""What a close frame without a code means; never sent."""
NAMED_CODES: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
"""Codes of the protocol that a close frame may hold."""


class Side(Enum):
    """Which side of a socket is ours. A client masks what it sends, a server does not."""

    CLIENT = auto()
    SERVER = auto()


class Opcode(IntEnum):
    """What a frame is."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


OPCODES: Final = {int(opcode): opcode for opcode in Opcode}


class BadFrame(Exception):
    """The peer broke the protocol or the limit; the message says how, ``code`` is what RFC 6455 closes that with."""

    def __init__(self, message: str, code: int = PROTOCOL_ERROR) -> None:
        super().__init__(message)
        self.code = code


def encode(side: Side, opcode: Opcode, payload: bytes) -> bytes:
    """A final frame as ``side`` sends it."""
    size = len(payload)
    mark, mask = (MASKED, NO_MASK) if side is Side.CLIENT else (0, b"")
    if size < 126:
        return b"%c%c%b%b" % (FINAL | opcode, mark | size, mask, payload)
    if size < 65536:
        return b"%c%c%b%b%b" % (FINAL | opcode, mark | 126, SHORT.pack(size), mask, payload)
    return b"%c%c%b%b%b" % (FINAL | opcode, mark | 127, LONG.pack(size), mask, payload)


def close_of(payload: bytes) -> tuple[int, str]:
    """The code and reason of a close frame; 1005 without a code. Raises ``BadFrame``."""
    if not payload:
        return NO_CODE, ""
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or not (code in NAMED_CODES or 3000 <= code < 5000):
        raise BadFrame("a close frame without a proper code")
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError as error:
        raise BadFrame("a reason for closing that is not UTF-8", NOT_UTF8) from error


class FrameReader:
    """Turns the bytes of a peer into messages, one at a time: what nobody asks for stays as the bytes that it came as."""

    def __init__(self, side: Side, max_message: int) -> None:
        self._mark = MASKED if side is Side.SERVER else 0
        self._max_message = max_message
        self._buffer = bytearray()
        self._fragments: list[bytes] = []
        self._fragments_size = 0
        self._fragments_opcode: Opcode | None = None

    @property
    def buffered(self) -> int:
        """Bytes that are held, of frames that were not asked for or are not whole."""
        return len(self._buffer)

    def add(self, data: bytes) -> None:
        """Take bytes from the peer."""
        self._buffer += data

    def next(self, *, control_only: bool = False) -> tuple[Opcode, str | bytes] | None:
        """Take the next message: ``(TEXT, str)``, ``(BINARY, bytes)``, or a control frame with its payload; None when there is no
        whole one, or with ``control_only`` when it is none. Raises ``BadFrame``.
        """
        while (frame := self._frame(control_only=control_only)) is not None:
            final, opcode, payload = frame
            if opcode >= Opcode.CLOSE:
                return opcode, payload
            if not final or opcode is Opcode.CONTINUATION or self._fragments_opcode is not None:
                whole = self._assemble(opcode, payload, final=final)
                if whole is None:
                    continue
                opcode, payload = whole
            if opcode is Opcode.BINARY:
                return opcode, payload
            try:
                return opcode, payload.decode()
            except UnicodeDecodeError as error:
                raise BadFrame("text that is not UTF-8", NOT_UTF8) from error
        return None

    def _frame(self, *, control_only: bool) -> tuple[bool, Opcode, bytes] | None:
        """Take one whole frame from the buffer."""
        buffer = self._buffer
        if len(buffer) < 2 or (control_only and buffer[0] & CONTROL == 0):
            return None
        first, second = buffer[0], buffer[1]
        opcode = OPCODES.get(first & 0x0F)
        if opcode is None or first & RESERVED:
            raise BadFrame("reserved bits or an unknown opcode")
        if second & MASKED != self._mark:
            raise BadFrame("a frame without a mask from a client" if self._mark else "a masked frame from a server")
        size, start = second & 0x7F, 2
        if opcode >= Opcode.CLOSE and (size > MAX_CONTROL or not first & FINAL):
            raise BadFrame("a control frame that is too long or fragmented")
        if size > 125:
            form, start = (SHORT, 4) if size == 126 else (LONG, 10)
            if len(buffer) < start:
                return None
            (size,) = form.unpack_from(buffer, 2)
        if size + self._fragments_size > self._max_message and opcode < Opcode.CLOSE:
            raise BadFrame(f"a message of more than {self._max_message} bytes", CloseCode.MESSAGE_TOO_BIG)
        if self._mark:
            start += 4
        end = start + size
        if len(buffer) < end:
            return None
        payload = bytes(memoryview(buffer)[start:end])
        if self._mark and size and (mask := bytes(buffer[start - 4 : start])) != NO_MASK:
            payload = apply_mask(payload, mask)
        del buffer[:end]
        return first >= FINAL, opcode, payload

    def _assemble(self, opcode: Opcode, payload: bytes, *, final: bool) -> tuple[Opcode, bytes] | None:
        """Add a fragment; the whole message after the last one."""
        if opcode is Opcode.CONTINUATION:
            if self._fragments_opcode is None:
                raise BadFrame("a continuation of nothing")
            opcode = self._fragments_opcode
        elif self._fragments_opcode is not None:
            raise BadFrame("a new message before the last one ended")
        if len(self._fragments) == MAX_FRAGMENTS:
            raise BadFrame(f"a message in more than {MAX_FRAGMENTS} fragments", CloseCode.MESSAGE_TOO_BIG)
        self._fragments.append(payload)
        self._fragments_size += len(payload)
        self._fragments_opcode = opcode
        if not final:
            return None
        whole = b"".join(self._fragments)
        self._fragments, self._fragments_size, self._fragments_opcode = [], 0, None
        return opcode, whole
