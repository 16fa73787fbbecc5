"""The ring against the plainest model of it: all bytes ever written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_image.agent.terminal.ring import Ring


@given(capacity=st.integers(1, 64), chunks=st.lists(st.binary(max_size=100)), data=st.data())
def test_holds_the_last_bytes_at_their_offsets(capacity: int, chunks: list[bytes], data: st.DataObject) -> None:
    ring = Ring(capacity, 80, 24)
    for chunk in chunks:
        ring.write(chunk)
    everything = b"".join(chunks)
    assert ring.end == len(everything)
    assert ring.start == max(0, len(everything) - capacity)
    offset = data.draw(st.integers(ring.start, ring.end))
    limit = data.draw(st.integers(0, 100))
    assert ring.read(offset, limit) == everything[offset : offset + limit]


@pytest.mark.parametrize("offset", [1, 13])
def test_refuses_an_offset_that_is_not_held(offset: int) -> None:
    ring = Ring(10, 80, 24)
    ring.write(b"hello, world")
    assert ring.read(2, 100) == b"llo, world"
    with pytest.raises(ValueError, match="not held"):
        ring.read(offset, 1)


@given(steps=st.lists(st.one_of(st.binary(max_size=30), st.tuples(st.integers(1, 9), st.integers(1, 9)))))
def test_knows_the_size_at_each_held_byte(steps: list[bytes | tuple[int, int]]) -> None:
    ring = Ring(50, 80, 24)
    sizes: list[tuple[int, int]] = []
    current = (80, 24)
    for step in steps:
        if isinstance(step, bytes):
            ring.write(step)
            sizes += [current] * len(step)
        else:
            current = step
            ring.resize(*step)
    for offset in range(ring.start, ring.end):
        change = ring.size_at(offset)
        assert (change.cols, change.rows) == sizes[offset]
        following = ring.next_size_change(offset)
        assert len(set(sizes[offset:following])) == 1
    assert (ring.size_at(ring.end).cols, ring.size_at(ring.end).rows) == current


def test_forgets_sizes_that_no_held_byte_had() -> None:
    ring = Ring(10, 80, 24)
    for size in range(1, 2000):
        ring.write(b"x")
        ring.resize(size, size)
    assert len(ring._sizes) < 20
