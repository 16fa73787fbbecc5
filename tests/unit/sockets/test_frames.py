"""Frames of both sides against the websockets library as the other one, and against noise."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame
from websockets.frames import Opcode as TheirOpcode
from websockets.protocol import Protocol
from websockets.protocol import Side as TheirSide

from sandbox_image.sockets.frames import MAX_FRAGMENTS, BadFrame, FrameReader, Opcode, Side, close_of, encode

MESSAGES = st.lists(st.one_of(st.text(max_size=300), st.binary(max_size=300)), max_size=8)
SIDES = st.sampled_from(Side)
OTHER = {Side.CLIENT: TheirSide.SERVER, Side.SERVER: TheirSide.CLIENT}


def their_bytes(message: str | bytes, ours: Side, cuts: int = 0) -> bytes:
    """What the other side of the websockets library sends for a message, in ``cuts`` + 1 fragments."""
    payload = message.encode() if isinstance(message, str) else message
    opcode = TheirOpcode.TEXT if isinstance(message, str) else TheirOpcode.BINARY
    step = len(payload) // (cuts + 1) + 1
    pieces = [payload[i : i + step] for i in range(0, max(len(payload), 1), step)]
    return b"".join(
        Frame(opcode if i == 0 else TheirOpcode.CONT, piece, fin=i == len(pieces) - 1).serialize(
            mask=ours is Side.SERVER
        )
        for i, piece in enumerate(pieces)
    )


def feed(reader: FrameReader, data: bytes) -> Iterator[tuple[Opcode, str | bytes]]:
    reader.add(data)
    while (found := reader.next()) is not None:
        yield found


@given(MESSAGES, SIDES, st.integers(0, 3), st.integers(1, 50))
def test_messages_come_out_as_they_were_sent_however_they_are_cut(
    messages: list[str | bytes], side: Side, cuts: int, step: int
):
    data = b"".join(their_bytes(message, side, cuts) for message in messages)
    reader = FrameReader(side, 1000)
    got = [message for i in range(0, len(data), step) for _, message in feed(reader, data[i : i + step])]
    assert got == messages
    assert reader.buffered == 0


@given(MESSAGES)
def test_what_is_not_asked_for_stays_as_it_came(messages: list[str | bytes]):
    data = b"".join(their_bytes(message, Side.SERVER) for message in messages)
    reader = FrameReader(Side.SERVER, 1000)
    reader.add(data)
    for message in messages:
        found = reader.next()
        assert found is not None
        assert found[1] == message
        data = data[len(their_bytes(message, Side.SERVER)) :]
        assert reader.buffered == len(data)


@given(st.one_of(st.text(max_size=200), st.binary(max_size=70_000)), SIDES)
def test_the_other_side_of_another_make_reads_what_we_encode(message: str | bytes, side: Side):
    other = Protocol(OTHER[side], max_size=None)
    opcode = Opcode.TEXT if isinstance(message, str) else Opcode.BINARY
    payload = message.encode() if isinstance(message, str) else message
    other.receive_data(encode(side, opcode, payload))
    (event,) = other.events_received()
    assert isinstance(event, Frame)
    assert (int(event.opcode), bytes(event.data)) == (int(opcode), payload)


@given(st.binary(max_size=300), SIDES)
def test_noise_gives_messages_or_a_bad_frame_and_nothing_else(noise: bytes, side: Side):
    reader = FrameReader(side, 200)
    try:
        for _, message in feed(reader, noise):
            assert len(message) <= 200
    except BadFrame:
        pass


def masked(data: bytes) -> bytes:
    """The same frame from a client whose mask changes nothing; ``data`` is a server's."""
    start = {126: 4, 127: 10}.get(data[1] & 0x7F, 2)
    return data[:1] + bytes([data[1] ^ 0x80]) + data[2:start] + b"\0\0\0\0" + data[start:]


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(
    ("frames", "why", "code"),
    [
        ([b"\xc1\x00"], "reserved", 1002),
        ([b"\x83\x00"], "unknown opcode", 1002),
        ([b"\x89\x7e\x00\x80"], "control frame", 1002),
        ([b"\x09\x00"], "control frame", 1002),
        ([b"\x80\x00"], "continuation", 1002),
        ([b"\x01\x00", b"\x81\x00"], "before the last one ended", 1002),
        ([b"\x81\x01\xff"], "UTF-8", 1007),
        ([b"\x01\x01\xc3", b"\x80\x00"], "UTF-8", 1007),
        ([b"\x82\x7f" + (2**40).to_bytes(8, "big")], "more than", 1009),
        ([b"\x02\x7e\x00\xc8" + b"x" * 200, b"\x80\x01x"], "more than", 1009),
        ([b"\x02\x00", *[b"\x00\x00"] * MAX_FRAGMENTS], "fragments", 1009),
    ],
)
def test_each_rule_is_kept(side: Side, frames: list[bytes], why: str, code: int):
    as_sent = masked if side is Side.SERVER else bytes
    with pytest.raises(BadFrame, match=why) as raised:
        list(feed(FrameReader(side, 200), b"".join(map(as_sent, frames))))
    assert raised.value.code == code
    assert list(feed(FrameReader(side, 200), as_sent(b"\x81\x02ok"))) == [(Opcode.TEXT, "ok")]


def test_a_client_masks_and_a_server_does_not():
    whole = b"\x81\x02ok"
    with pytest.raises(BadFrame, match="a masked frame from a server"):
        next(feed(FrameReader(Side.CLIENT, 200), masked(whole)))
    with pytest.raises(BadFrame, match="without a mask from a client"):
        next(feed(FrameReader(Side.SERVER, 200), whole))


@pytest.mark.parametrize(
    "payload", [b"\x03", b"\0\0", b"\x03\xe7", b"\x03\xee", b"\x0b\xb7", b"\x13\x88", b"\x03\xe8\xff"]
)
def test_a_close_frame_has_a_proper_code_and_reason(payload: bytes):
    with pytest.raises(BadFrame, match="clos"):
        close_of(payload)
    assert close_of(b"") == (1005, "")
    assert close_of(b"\x03\xe8bye") == (1000, "bye")
    assert close_of(b"\x0f\xc8") == (4040, "")
