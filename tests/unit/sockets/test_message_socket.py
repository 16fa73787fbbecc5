"""A socket of messages, with the other end of its connection in the test's hands."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from sandbox_image.sockets.frames import Opcode, Side, encode
from sandbox_image.sockets.message_socket import HIGH_WATER, MessageSocket, SocketState

DEADLINE = 60.0
LIMIT = 1_000_000


@dataclass
class Ends:
    """A socket of ours and its peer. ``taken`` is what it handed over."""

    ours: MessageSocket
    peer: socket.socket
    taken: list[str | bytes] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    writable: asyncio.Event = field(default_factory=asyncio.Event)

    def hand_over(self) -> None:
        self.ours.hand_to(self.taken.append, self.ended.set, self.writable.set)

    async def say(self, *messages: bytes) -> None:
        data = b"".join(encode(Side.CLIENT, Opcode.BINARY, message) for message in messages)
        await asyncio.get_running_loop().sock_sendall(self.peer, data)

    async def close(self, code: bytes = b"\x03\xe8") -> None:
        await asyncio.get_running_loop().sock_sendall(self.peer, encode(Side.CLIENT, Opcode.CLOSE, code))


@asynccontextmanager
async def ends() -> AsyncIterator[Ends]:
    loop = asyncio.get_running_loop()
    mine, peer = socket.socketpair()
    peer.setblocking(False)
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=mine)
    ours = MessageSocket(Side.SERVER, LIMIT)
    ours.open(transport)
    async with asyncio.timeout(DEADLINE):
        yield Ends(ours, peer)
    transport.abort()
    peer.close()


async def until(condition: object) -> None:
    assert callable(condition)
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.001)


async def test_messages_are_received_in_order_and_then_the_end():
    async with ends() as there:
        await there.say(b"one", b"two")
        await there.close(b"\x0f\xa0bye")
        assert [await there.ours.receive() for _ in range(4)] == [b"one", b"two", None, None]
        assert (there.ours.close_code, there.ours.close_reason) == (4000, "bye")


@pytest.mark.parametrize("handed_over", [False, True])
async def test_what_came_before_a_connection_broke_is_not_lost(handed_over: bool):
    async with ends() as there:
        if handed_over:
            there.ours.hold()
            there.hand_over()
        await there.say(b"one", b"two")
        there.peer.close()
        if handed_over:
            await until(lambda: there.ours._transport is None)
            assert not there.ended.is_set()
            there.ours.release()
            assert there.taken == [b"one", b"two"]
            await there.ended.wait()
        else:
            assert [await there.ours.receive() for _ in range(3)] == [b"one", b"two", None]
        assert there.ours.close_code == 1006


async def test_messages_are_handed_over_as_they_come_and_not_while_it_is_held():
    async with ends() as there:
        await there.say(b"early")
        await until(lambda: there.ours._next == b"early")
        there.hand_over()
        assert there.taken == [b"early"]
        await there.say(b"one")
        await until(lambda: b"one" in there.taken)
        there.ours.hold()
        await there.say(b"two", b"three")
        await until(lambda: there.ours._frames.buffered > len(b"twothree"))
        assert there.taken == [b"early", b"one"]
        there.ours.release()
        assert there.taken == [b"early", b"one", b"two", b"three"]


async def test_a_ping_and_a_goodbye_are_heard_while_it_is_held_unless_behind_a_message():
    loop = asyncio.get_running_loop()
    ping = encode(Side.CLIENT, Opcode.PING, b"p")
    async with ends() as there:
        there.hand_over()
        there.ours.hold()
        await loop.sock_sendall(there.peer, ping)
        assert await loop.sock_recv(there.peer, 100) == b"\x8a\x01p"
        await there.say(b"one")
        await loop.sock_sendall(there.peer, ping)
        await there.close()
        await until(lambda: there.ours._frames.buffered == 9 + 7 + 8)
        assert not there.ended.is_set()
        there.ours.release()
        assert there.taken == [b"one"]
        assert await loop.sock_recv(there.peer, 100) == b"\x8a\x01p\x88\x02\x03\xe8"
        await there.ended.wait()


async def test_one_that_takes_may_hold_at_each_message():
    async with ends() as there:

        def take(message: str | bytes) -> None:
            there.taken.append(message)
            there.ours.hold()

        there.ours.hand_to(take, there.ended.set, there.writable.set)
        await there.say(b"one", b"two", b"three")
        await there.close()
        for count in (1, 2, 3):
            await until(lambda count=count: len(there.taken) == count)
            assert there.ended.is_set() is (count == 3)  # the goodbye is behind no message any more
            there.ours.release()


@pytest.mark.parametrize("message", [b"", b"x" * 10_000])
async def test_a_flood_that_nobody_takes_stays_with_its_sender(message: bytes):
    """Empty messages too, which count for nothing in a queue's bytes."""
    async with ends() as there:
        there.hand_over()
        there.ours.hold()
        frames = encode(Side.CLIENT, Opcode.BINARY, message) * (100_000 // (len(message) + 6))
        sending = asyncio.create_task(_flood(there.peer, frames))
        await until(lambda: not there.ours._reading)
        held = there.ours._frames.buffered
        assert HIGH_WATER < held < HIGH_WATER + 512 * 1024
        await asyncio.sleep(0.05)
        assert there.ours._frames.buffered == held
        assert there.taken == []
        there.ours.release()
        await until(lambda: len(there.taken) * (len(message) + 6) > 4 * held)
        sending.cancel()


async def _flood(peer: socket.socket, data: bytes) -> None:
    while True:
        await asyncio.get_running_loop().sock_sendall(peer, data)


async def test_a_peer_that_reads_again_is_told_of():
    async with ends() as there:
        there.hand_over()
        while there.ours.is_writable:
            there.ours.write(b"x" * 50_000)
        assert not there.writable.is_set()
        while not there.writable.is_set():
            await asyncio.get_running_loop().sock_recv(there.peer, 100_000)
        assert there.ours.is_writable


async def test_after_a_goodbye_messages_are_dropped_and_the_answer_ends_it():
    async with ends() as there:
        there.hand_over()
        there.ours.say_goodbye(4000, "that is it")
        await there.say(b"late")
        assert there.ours.state is SocketState.CLOSING
        await there.close()
        await there.ended.wait()
        assert there.taken == []
        assert await asyncio.get_running_loop().sock_recv(there.peer, 100) == b"\x88\x0c\x0f\xa0that is it"


async def test_a_broken_rule_ends_it_and_says_so():
    async with ends() as there:
        there.hand_over()
        await there.say(b"good")
        await asyncio.get_running_loop().sock_sendall(
            there.peer, b"\x83\x80\0\0\0\0" + encode(Side.CLIENT, Opcode.BINARY, b"x")
        )
        await there.ended.wait()
        assert there.taken == [b"good"]
        assert (await asyncio.get_running_loop().sock_recv(there.peer, 100))[2:4] == (1002).to_bytes(2, "big")
