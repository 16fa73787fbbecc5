"""Frames: four bytes of length, big-endian, then JSON. Whoever reads one says how long it may be."""

import asyncio
from typing import Final

LENGTH_BYTES: Final = 4
LONGEST_REQUEST: Final = 64 * 1024
LONGEST_ANSWER: Final = 8 * 1024 * 1024


class BrokenFrame(Exception):
    """What came is no frame, too long for one, or cut short."""


def frame(data: bytes) -> bytes:
    """Return the bytes to send for one message."""
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


async def read_frame(reader: asyncio.StreamReader, longest: int) -> bytes | None:
    """Return the next message; None when the other side has said all. Raises ``BrokenFrame``, ``OSError``."""
    try:
        head = await reader.readexactly(LENGTH_BYTES)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise BrokenFrame("a message was cut short") from error
        return None
    length = int.from_bytes(head, "big")
    if length > longest:
        raise BrokenFrame(f"a message of {length} bytes; {longest} are allowed")
    try:
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError as error:
        raise BrokenFrame("a message was cut short") from error
