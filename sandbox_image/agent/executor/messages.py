"""Messages from the processes of a project, decoded. Whatever is in them, user code may have written it."""

import struct
from collections.abc import Callable
from typing import Any, Final

import msgspec

from sandbox_image.wire.runs import Output, RunError

LENGTHS: Final = struct.Struct(">II")
MAX_TEXT: Final = 1024 * 1024
"""Bytes of the JSON of one message; an output has at most 400 KiB."""
MAX_BLOB: Final = 16 * 1024 * 1024
MAX_TOTAL: Final = 32 * 1024 * 1024
"""Bytes that one run may send in all, its displays included."""


class Misbehaved(Exception):
    """A process sent what the protocol does not allow."""


class ValueEntry(msgspec.Struct):
    """A value that a run made: in the message's blob, one after the other, unless ``file`` names it."""

    port: str
    size: int
    file: str = ""
    digest: str = ""


class Message(msgspec.Struct, rename={"kind": "is"}):
    """Any message of a run; ``kind`` says which fields count."""

    kind: str
    output: Output | None = None
    error: RunError | None = None
    values: list[ValueEntry] = []
    digests: dict[str, str] = {}
    definitions: dict[str, str] = {}
    table: dict[str, Any] | None = None


_decoder = msgspec.json.Decoder(Message)


def encode(message: dict[str, Any], blob: bytes = b"") -> bytes:
    """Return a message to a run as bytes."""
    text = msgspec.json.encode(message)
    return b"".join((LENGTHS.pack(len(text), len(blob)), text, blob))


class MessageReader:
    """Cuts a stream of bytes into messages."""

    def __init__(self, receive: Callable[[Message, bytes], None]) -> None:
        self._receive = receive
        self._buffer = bytearray()
        self._total = 0

    def feed(self, data: bytes) -> None:
        """Take bytes and deliver the messages that are complete. Raises ``Misbehaved``."""
        self._total += len(data)
        if self._total > MAX_TOTAL:
            raise Misbehaved("it sent more than allowed")
        self._buffer += data
        while len(self._buffer) >= LENGTHS.size:
            text_size, blob_size = LENGTHS.unpack_from(self._buffer)
            if text_size > MAX_TEXT or blob_size > MAX_BLOB:
                raise Misbehaved("a message is larger than allowed")
            end = LENGTHS.size + text_size + blob_size
            if len(self._buffer) < end:
                return
            text = bytes(self._buffer[LENGTHS.size : LENGTHS.size + text_size])
            blob = bytes(self._buffer[LENGTHS.size + text_size : end])
            del self._buffer[:end]
            try:
                message = _decoder.decode(text)
            except msgspec.DecodeError as error:
                raise Misbehaved(f"a message cannot be read: {error}") from error
            self._receive(message, blob)
