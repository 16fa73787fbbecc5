"""The relay between a real browser-side socket (uvicorn) and a real agent-side socket (websockets)."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from control_plane.api.sockets.relay import Relay, Rules
from control_plane.domain.sandbox import EndReason
from control_plane.services.open_sockets import OpenSocket
from sandbox_image.wire.closing import CLOSINGS, CloseCode
from tests.unit.control_plane.sockets.stage import ADDRESS, RULES, Lifecycle, echo, stage
from tests.unit.control_plane.sockets.test_hostile_frames import frame, raw


async def closed(browser: ClientConnection) -> tuple[int, str]:
    """The code and reason that the browser's socket is closed with."""
    async with asyncio.timeout(60):
        await browser.wait_closed()
    return browser.close_code or 0, browser.close_reason or ""


async def test_messages_of_both_kinds_pass_and_only_input_counts_as_activity(tmp_path: Path):
    async with stage(tmp_path, echo) as there, there.browser() as browser:
        for message in ("text", b"bytes", "ack", "ü" * 100_000):
            await browser.send(message)
            assert await browser.recv() == message
        assert there.lifecycle.touched == 3


async def test_the_agents_own_code_comes_through_with_our_sentence(tmp_path: Path):
    async def handler(connection: ServerConnection) -> None:
        await connection.close(CloseCode.TERMINAL_EXITED, "<script>")

    async with stage(tmp_path, handler) as there, there.browser() as browser:
        assert await closed(browser) == (4040, CLOSINGS[CloseCode.TERMINAL_EXITED].sentence)


@pytest.mark.parametrize(
    ("claimed", "reason", "told"),
    [
        (1006, EndReason.OUT_OF_MEMORY, CloseCode.SANDBOX_OUT_OF_MEMORY),
        (1012, EndReason.IDLE, CloseCode.SANDBOX_STOPPED),
        (CloseCode.REVOKED, EndReason.CRASHED, CloseCode.SANDBOX_CRASHED),
    ],
)
async def test_an_end_of_the_sandbox_is_told_by_its_reason(
    tmp_path: Path, claimed: int, reason: EndReason, told: CloseCode
):
    async def handler(connection: ServerConnection) -> None:
        if claimed == 1006:
            connection.transport.abort()
        else:
            await connection.close(claimed)

    async with stage(tmp_path, handler) as there:
        there.lifecycle.ended.set_result(reason)
        async with there.browser() as browser:
            assert await closed(browser) == (told, CLOSINGS[told].sentence)


async def test_revocation_closes_the_sockets_of_that_person_alone(tmp_path: Path):
    def of(person_id: str) -> Callable[[OpenSocket], CloseCode | None]:
        return lambda socket: CloseCode.REVOKED if socket.person_id == person_id else None

    async with stage(tmp_path, echo) as there, there.browser() as browser:
        await browser.send("x")
        await browser.recv()
        assert there.open_sockets.close_where(of("bob")) == 0
        await browser.send("still")
        assert await browser.recv() == "still"
        assert there.open_sockets.close_where(of("ann")) == 1
        assert await closed(browser) == (4011, CLOSINGS[CloseCode.REVOKED].sentence)
    assert len(there.open_sockets) == 0


async def test_a_message_above_the_rule_is_refused_and_one_at_it_passes(tmp_path: Path):
    async with stage(tmp_path, echo, Rules(max_message=1000, text=False)) as there:
        async with there.browser() as browser:
            await browser.send(b"x" * 1000)
            assert await browser.recv() == b"x" * 1000
            await browser.send(b"x" * 1001)
            assert (await closed(browser))[0] == CloseCode.MESSAGE_TOO_BIG
        async with there.browser() as browser:
            await browser.send("text")
            assert (await closed(browser))[0] == CloseCode.UNSUPPORTED_DATA


async def test_a_message_wakes_a_paused_sandbox(tmp_path: Path):
    async with stage(tmp_path, echo) as there, there.browser() as browser:
        there.lifecycle.paused = True
        await browser.send("wake")
        assert await browser.recv() == "wake"
        assert there.lifecycle.woken == 1


async def test_a_browser_that_leaves_without_a_word_ends_the_agents_socket(tmp_path: Path):
    gone = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        await connection.wait_closed()
        gone.set()

    async with stage(tmp_path, handler) as there:
        browser = await there.browser()
        browser.transport.abort()
        await asyncio.wait_for(gone.wait(), 60)


async def test_a_browser_that_never_reads_stops_the_agent(tmp_path: Path):
    sent = 0
    stalled = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        nonlocal sent
        while True:
            try:
                async with asyncio.timeout(1):
                    await connection.send(b"x" * 65536)
            except TimeoutError:
                stalled.set()
                return
            sent += 65536

    async with stage(tmp_path, handler) as there:
        reader, writer = await asyncio.open_connection(*there.url[5:-2].split(":"))
        writer.write(
            b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.wait_for(stalled.wait(), 60)
        writer.transport.abort()
    assert sent < 32 * 1024 * 1024


async def test_a_browser_that_leaves_in_the_middle_of_a_frame_ends_it(tmp_path: Path):
    gone = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        await connection.send("hello")
        await connection.wait_closed()
        gone.set()

    async with stage(tmp_path, handler) as there, asyncio.timeout(60):
        async with raw(there) as browser:
            assert await browser.reader.readexactly(7) == b"\x81\x05hello"
            await browser.send(frame(2, b"x" * 100)[:50])
        await gone.wait()


async def test_a_browser_that_leaves_while_the_agent_does_not_read_ends_it(tmp_path: Path):
    gone = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        while not connection.transport.is_closing():
            await asyncio.sleep(0.01)
            with contextlib.suppress(ConnectionClosed):
                await connection.send(b"x")  # is how it learns that there is nobody
        gone.set()

    async with stage(tmp_path, handler) as there, asyncio.timeout(60):
        async with raw(there) as browser:
            browser.writer.transport.set_write_buffer_limits(0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    while True:
                        await browser.send(frame(2, b"x" * 100_000))
            assert len(there.open_sockets) == 1
        await gone.wait()
        while len(there.open_sockets):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_what_is_sent_while_a_sandbox_wakes_arrives_in_order(tmp_path: Path):
    async with stage(tmp_path, echo) as there, there.browser() as browser:
        awake = there.lifecycle.hold_waking()
        there.lifecycle.paused = True
        sent = [str(number) for number in range(50)]
        for message in sent:
            await browser.send(message)
        while not there.lifecycle.woken:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        awake.set()
        assert [await browser.recv() for _ in sent] == sent
        assert there.lifecycle.woken == 1


async def test_a_browser_whose_answers_to_pings_wait_behind_what_is_held_is_not_let_go(tmp_path: Path):
    async with stage(tmp_path, echo, ping=0.1) as there, there.browser() as browser, asyncio.timeout(60):
        awake = there.lifecycle.hold_waking()
        there.lifecycle.paused = True
        await browser.send("one")
        await browser.send("two")
        await asyncio.sleep(1)  # several times what an answer may take
        awake.set()
        assert [await browser.recv(), await browser.recv()] == ["one", "two"]


async def test_a_flood_in_both_directions_loses_and_stores_nothing(tmp_path: Path):
    """Each side stops the other in turn: whoever is let go on must be, and only then."""
    size, count = 50_000, 400

    async def handler(connection: ServerConnection) -> None:
        async def flood() -> None:
            for number in range(count):
                await connection.send(number.to_bytes(2, "big") * (size // 2))

        async with asyncio.TaskGroup() as group:
            group.create_task(flood())
            for number in range(count):
                message = await connection.recv()
                assert message == number.to_bytes(2, "big") * (size // 2)
        await connection.send("all")

    async with stage(tmp_path, handler) as there, there.browser() as browser, asyncio.timeout(120):

        async def flood() -> None:
            for number in range(count):
                await browser.send(number.to_bytes(2, "big") * (size // 2))

        async with asyncio.TaskGroup() as group:
            group.create_task(flood())
            got = 0
            while (message := await browser.recv()) != "all":
                assert message == got.to_bytes(2, "big") * (size // 2)
                got += 1
                assert all(one.transport.get_write_buffer_size() < 2**20 for one in there.connections)
                if got % 50 == 0:
                    await asyncio.sleep(0.05)
            assert got == count


class Side:
    """A socket of which the test plays everything."""

    close_code, close_reason, subprotocol, is_writable = 1000, "", None, True

    def __init__(self) -> None:
        self.held = False
        self.written: list[str | bytes] = []

    def hand_to(self, take: Callable[[str | bytes], object], on_end: object, on_writable: Callable[[], object]) -> None:
        self.take, self.on_writable = take, on_writable

    def hold(self) -> None:
        self.held = True

    def release(self) -> None:
        self.held = False

    def write(self, message: str | bytes) -> None:
        self.written.append(message)


async def test_an_agent_that_reads_again_lets_nothing_past_a_message_that_waits_for_its_sandbox():
    person, agent, lifecycle = Side(), Side(), Lifecycle()
    closing: asyncio.Future[CloseCode] = asyncio.get_running_loop().create_future()
    relay = Relay(cast("Any", person), cast("Any", agent), ADDRESS, lifecycle, RULES)
    running = asyncio.create_task(relay.run(closing))
    await asyncio.sleep(0)
    awake = lifecycle.hold_waking()
    lifecycle.paused = True
    person.take("one")
    assert person.held
    agent.on_writable()
    assert person.held
    awake.set()
    while person.held:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert agent.written == ["one"]
    agent.is_writable = False
    person.take("two")
    assert person.held
    agent.on_writable()
    assert not person.held
    closing.set_result(CloseCode.REVOKED)
    assert await running is CloseCode.REVOKED
