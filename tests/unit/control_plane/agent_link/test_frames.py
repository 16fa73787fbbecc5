"""Frames against the websockets library as the other side, and against noise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame
from websockets.frames import Opcode as TheirOpcode
from websockets.protocol import Protocol, Side

from control_plane.adapters.agent_link.frames import BadFrame, FrameReader, Opcode, close_of, encode

MESSAGES = st.lists(st.one_of(st.text(max_size=300), st.binary(max_size=300)), max_size=8)


def server_bytes(message: str | bytes, cuts: int = 0) -> bytes:
    """What a server of the websockets library sends for a message, in ``cuts`` + 1 fragments."""
    payload = message.encode() if isinstance(message, str) else message
    opcode = TheirOpcode.TEXT if isinstance(message, str) else TheirOpcode.BINARY
    step = len(payload) // (cuts + 1) + 1
    pieces = [payload[i : i + step] for i in range(0, max(len(payload), 1), step)]
    return b"".join(
        Frame(opcode if i == 0 else TheirOpcode.CONT, piece, fin=i == len(pieces) - 1).serialize(mask=False)
        for i, piece in enumerate(pieces)
    )


@given(MESSAGES, st.integers(0, 3), st.integers(1, 50))
def test_messages_come_out_as_they_were_sent_however_they_are_cut(messages: list[str | bytes], cuts: int, step: int):
    data = b"".join(server_bytes(message, cuts) for message in messages)
    reader = FrameReader(1000)
    got = [message for i in range(0, len(data), step) for _, message in reader.feed(data[i : i + step])]
    assert got == messages


@given(st.one_of(st.text(max_size=200), st.binary(max_size=70_000)))
def test_a_server_of_another_make_reads_what_we_encode(message: str | bytes):
    server = Protocol(Side.SERVER, max_size=None)
    opcode = Opcode.TEXT if isinstance(message, str) else Opcode.BINARY
    payload = message.encode() if isinstance(message, str) else message
    server.receive_data(encode(opcode, payload))
    (event,) = server.events_received()
    assert isinstance(event, Frame)
    assert (int(event.opcode), bytes(event.data)) == (int(opcode), payload)


@given(st.binary(max_size=300))
def test_noise_gives_messages_or_a_bad_frame_and_nothing_else(noise: bytes):
    reader = FrameReader(200)
    try:
        for _, message in reader.feed(noise):
            assert len(message) <= 200
    except BadFrame:
        pass


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xc1\x00", "reserved"),
        (b"\x83\x00", "unknown opcode"),
        (b"\x81\x80\0\0\0\0", "masked"),
        (b"\x89\x7e\x00\x80", "control frame"),
        (b"\x09\x00", "control frame"),
        (b"\x80\x00", "continuation"),
        (b"\x01\x00\x81\x00", "before the last one ended"),
        (b"\x81\x01\xff", "UTF-8"),
        (b"\x82\x7f" + (2**40).to_bytes(8, "big"), "more than"),
        (b"\x02\x7e\x00\xc8" + b"x" * 200 + b"\x80\x01x", "more than"),
    ],
)
def test_each_rule_is_kept(data: bytes, why: str):
    with pytest.raises(BadFrame, match=why):
        list(FrameReader(200).feed(data))
    assert list(FrameReader(200).feed(b"\x81\x02ok")) == [(Opcode.TEXT, "ok")]


@pytest.mark.parametrize(
    "payload", [b"\x03", b"\0\0", b"\x03\xe7", b"\x03\xee", b"\x0b\xb7", b"\x13\x88", b"\x03\xe8\xff"]
)
def test_a_close_frame_has_a_proper_code_and_reason(payload: bytes):
    with pytest.raises(BadFrame, match="clos"):
        close_of(payload)
    assert close_of(b"") == (1005, "")
    assert close_of(b"\x03\xe8bye") == (1000, "bye")
    assert close_of(b"\x0f\xc8") == (4040, "")
