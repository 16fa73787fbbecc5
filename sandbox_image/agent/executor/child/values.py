"""Values as bytes: pickle protocol 5 with large buffers beside the pickle, in a form that can be mapped.

::

    "AFV1"  count of buffers (4 bytes)  length of the pickle (8)  then for each buffer: offset (8), length (8)
    the pickle
    the buffers, each at a multiple of 64

The agent stores and hashes these bytes and never looks into them. A consumer maps them copy-on-write, so an array costs
no copy, and what one consumer changes no other sees.
"""

import hashlib
import mmap
import pickle
import struct
from pathlib import Path
from typing import Any, Final

from . import halves

HEAD: Final = struct.Struct(">4sIQ")
SPAN: Final = struct.Struct(">QQ")
MAGIC: Final = b"AFV1"
ALIGN: Final = 64
OUT_OF_BAND: Final = 16 * 1024
"""Buffers below this many bytes stay inside the pickle."""
INLINE: Final = 64 * 1024
"""Values up to this many bytes travel in messages; larger ones are files."""
HASHED_AT_ONCE: Final = 1024 * 1024
"""Larger values are hashed after the result is sent: a consumer need not wait for the digest."""
MAX_MODULE_NAME: Final = 255
"""Bytes; pickle writes longer texts in another way."""
DAMAGED: Final = "a stored value is damaged; clear the cache and run again"

Bytes = bytes | memoryview


class Packed:
    """A value as the pieces of its bytes, in order; large pieces are the value's own memory."""

    def __init__(self, value: Any) -> None:
        """Pickle ``value``. Raises whatever pickling raises."""
        pickled = _Pieces()
        buffers: list[memoryview] = []

        def keep_inside(buffer: pickle.PickleBuffer) -> bool:
            view = buffer.raw()
            if view.nbytes < OUT_OF_BAND:
                return True
            buffers.append(view)
            return False

        pickle.Pickler(pickled, protocol=5, buffer_callback=keep_inside).dump(value)
        pickle_size = sum(map(len, pickled.pieces))
        position = HEAD.size + SPAN.size * len(buffers) + pickle_size
        spans: list[bytes] = []
        tail: list[Bytes] = []
        for view in buffers:
            padding = -position % ALIGN
            tail += [bytes(padding), view]
            position += padding
            spans.append(SPAN.pack(position, view.nbytes))
            position += view.nbytes
        self._pickled = pickled.pieces
        self.definitions = ""
        """Digests of the code that the value refers to by name: with other code it is another value."""
        self.size = position
        head = HEAD.pack(MAGIC, len(buffers), pickle_size)
        self._pieces: list[Bytes] = [b"".join((head, *spans)), *pickled.pieces, *tail]

    def joined(self) -> bytes:
        """Return all bytes in one object."""
        return b"".join(self._pieces)

    def digest(self) -> str:
        """Return the content digest, 32 hexadecimal digits."""
        state = hashlib.blake2b(digest_size=16)
        for piece in self._pieces:
            state.update(piece)
        state.update(self.definitions.encode())
        return state.hexdigest()

    def refers_to(self, module: str) -> bool:
        """Whether the pickle names a module, as it does for each class and function that is not copied into it."""
        name = module.encode()
        if len(name) > MAX_MODULE_NAME:
            return True
        opcode = pickle.SHORT_BINUNICODE + bytes([len(name)]) + name
        return any(opcode in piece for piece in self._pickled)

    def write(self, path: str) -> None:
        """Write the bytes to ``path`` (see ``halves``). Raises ``OSError``; nothing is left behind then."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        halves.write(path, self._pieces, self.size)


class _Pieces:
    """A file for the pickler that keeps what is written: large objects by reference, without a copy."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes | memoryview) -> int:
        self.pieces.append(data if isinstance(data, bytes) else bytes(data))
        return len(data)


def load(data: bytearray | memoryview | mmap.mmap) -> Any:
    """Return the value in ``data``, whose memory it may go on using. Raises whatever unpickling raises."""
    view = memoryview(data)
    magic, count, pickle_size = HEAD.unpack_from(view)
    if magic != MAGIC:
        raise ValueError(DAMAGED)
    start = HEAD.size + SPAN.size * count
    spans = [SPAN.unpack_from(view, HEAD.size + SPAN.size * index) for index in range(count)]
    if any(offset + size > len(view) for offset, size in spans):
        raise ValueError(DAMAGED)
    buffers = [view[offset : offset + size] for offset, size in spans]
    return pickle.loads(view[start : start + pickle_size], buffers=buffers)  # noqa: S301 the project's own data


def load_file(path: str) -> Any:
    """Return the value at ``path``, mapped copy-on-write. Raises ``OSError`` or whatever unpickling raises."""
    return load(halves.read(path))
