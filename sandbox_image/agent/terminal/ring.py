"""The last bytes that a terminal wrote, addressed by absolute offsets, and the sizes that it had meanwhile."""

from bisect import bisect_right
from typing import Final

from msgspec import Struct

MAX_SIZES: Final = 256


class SizeChange(Struct, frozen=True):
    """From ``offset`` on, the terminal had this size."""

    offset: int
    cols: int
    rows: int


class Ring:
    """Keeps the last ``capacity`` bytes. ``end`` is the offset after the last byte written, ``start`` of the oldest held.

    Memory is taken once and never grows.
    """

    def __init__(self, capacity: int, cols: int, rows: int) -> None:
        self._capacity = capacity
        self._memory = memoryview(bytearray(capacity))
        self.end = 0
        self._sizes = [SizeChange(0, cols, rows)]

    @property
    def start(self) -> int:
        """Offset of the oldest byte that is held."""
        return max(0, self.end - self._capacity)

    def space(self, limit: int) -> memoryview:
        """Where the next bytes go: at most ``limit`` of them, at least one. Follow with ``advance``.

        Reading into it directly spares a copy of each byte.
        """
        position = self.end % self._capacity
        return self._memory[position : position + limit]

    def advance(self, count: int) -> None:
        """``count`` bytes were put into ``space``."""
        self.end += count

    def write(self, data: bytes) -> None:
        """Append ``data``."""
        rest = memoryview(data)
        while rest:
            space = self.space(len(rest))
            space[:] = rest[: len(space)]
            self.advance(len(space))
            rest = rest[len(space) :]

    def pieces(self, offset: int, limit: int) -> tuple[memoryview, memoryview]:
        """At most ``limit`` bytes from ``offset`` on, in two pieces, the second one empty unless the ring's edge is between.

        Both are only valid until the next write. ``offset`` must be held.
        """
        if not self.start <= offset <= self.end:
            raise ValueError(f"offset {offset} is not held: {self.start} to {self.end}")
        count = min(limit, self.end - offset)
        position = offset % self._capacity
        first = self._memory[position : position + count]
        return first, self._memory[: count - len(first)]

    def read(self, offset: int, limit: int) -> bytes:
        """At most ``limit`` bytes from ``offset`` on. ``offset`` must be held."""
        return b"".join(self.pieces(offset, limit))

    def resize(self, cols: int, rows: int) -> None:
        """The terminal has another size from now on."""
        change = SizeChange(self.end, cols, rows)
        if self._sizes[-1].offset == self.end:
            self._sizes[-1] = change
        else:
            self._sizes.append(change)
        # The size at the ring's start is that of the last change before it.
        first = max(bisect_right(self._sizes, self.start, key=_offset) - 1, len(self._sizes) - MAX_SIZES, 0)
        del self._sizes[:first]

    def size_at(self, offset: int) -> SizeChange:
        """The size that the terminal had when it wrote the byte at ``offset``."""
        return self._sizes[max(0, bisect_right(self._sizes, offset, key=_offset) - 1)]

    def next_size_change(self, offset: int) -> int:
        """Offset of the first change of size after ``offset``; ``end`` when there is none."""
        following = bisect_right(self._sizes, offset, key=_offset)
        return self._sizes[following].offset if following < len(self._sizes) else self.end


def _offset(change: SizeChange) -> int:
    return change.offset
