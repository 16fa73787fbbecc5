"""A server's output is cut into messages however it arrives, and never grows memory."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_image.agent.language.framing import MAX_HEADER, FrameDecoder, FramingError, frame


@given(st.lists(st.binary(max_size=50), max_size=5), st.lists(st.integers(1, 40), min_size=1))
def test_messages_arrive_whole_however_they_are_split(messages: list[bytes], sizes: list[int]):
    stream = b"".join(map(frame, messages))
    decoder, received, start, turn = FrameDecoder(1000), [], 0, 0
    while start < len(stream):
        size = sizes[turn % len(sizes)]
        received += decoder.feed(stream[start : start + size])
        start, turn = start + size, turn + 1
    assert received == messages


def test_other_headers_and_any_case_are_taken():
    head = b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:  2\r\n\r\n{}"
    assert FrameDecoder(10).feed(head) == [b"{}"]


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 1_0\r\n\r\n",
        b"Content-Length: 9999999999999\r\n\r\n",
        b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"x" * MAX_HEADER,
        b"Content-Length: 101\r\n\r\n",
    ],
)
def test_a_stream_that_cannot_be_trusted_ends(data: bytes):
    with pytest.raises(FramingError):
        FrameDecoder(100).feed(data)


def test_a_message_of_the_limit_is_taken():
    assert FrameDecoder(100).feed(frame(b"x" * 100)) == [b"x" * 100]


@given(st.lists(st.binary(max_size=100), max_size=10))
def test_noise_is_messages_or_a_framing_error(chunks: list[bytes]):
    decoder = FrameDecoder(100)
    with suppress(FramingError):
        for chunk in chunks:
            decoder.feed(chunk)
