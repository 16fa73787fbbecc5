"""The stream of a terminal: exact, bounded, and no viewer in the way of another."""

import asyncio
import base64
import os
import random
import socket
from pathlib import Path

import pytest

from sandbox_image.agent.terminal.terminal import Terminal
from sandbox_image.wire.limits import TERMINAL_RING, TERMINAL_WINDOW

from .served import TOKEN, Page, Served, eventually, served


def _resident() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def _never_reads(agent: Served, terminal_id: str, mode: str) -> socket.socket:
    """A client that shook hands and reads nothing."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(agent.socket_path))
    client.sendall(
        f"GET /terminals/{terminal_id}/attach HTTP/1.1\r\nHost: agent\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {TOKEN}\r\nX-Aimforge-Mode: {mode}\r\n\r\n".encode()
    )
    return client


async def test_coming_back_gives_exactly_what_was_missed(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        await page.run("head -c 300000 /dev/urandom | base64")
        terminal = agent.part.get(agent.part.describe()[0].id)
        ring = terminal.ring
        chance = random.Random(7)
        for since in [ring.end, 0, *(chance.randrange(ring.end) for _ in range(20))]:
            async with agent.attach(terminal.id, since=since) as back:
                await back.until(lambda: back.next_offset == ring.end)
                assert back.messages[0]["from"] == since
                assert back.messages[0]["fresh"] is False
                assert back.output == ring.read(since, TERMINAL_RING)


async def test_coming_back_during_a_flood_loses_nothing(tmp_path: Path) -> None:
    # Less than the ring holds: how much is written while nobody looks is up to the machine.
    async with served(tmp_path) as agent, agent.shell() as page:
        terminal_id = agent.part.describe()[0].id
        since = page.next_offset
        await page.type("seq 1 120000\n")
        await page.connection.close()
        received = b""
        while b"READY>" not in received:
            async with agent.attach(terminal_id, since=since) as back:
                await back.until(lambda: len(back.output) > 100_000 or b"READY>" in back.output)
                assert back.messages[0]["fresh"] is False
                received += bytes(back.output)
                since = back.next_offset
        assert received.partition(b"READY>")[0] == b"".join(b"%d\r\n" % n for n in range(1, 120001))


async def test_what_fell_out_of_the_ring_is_said_to_be_lost(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        terminal = agent.part.get(agent.part.describe()[0].id)
        await page.run("head -c 1500000 /dev/urandom | base64")
        async with agent.attach(terminal.id, since=5) as back:
            truncated = await back.until_message("truncated")
            assert back.messages[0]["fresh"] is True
            assert truncated == {"type": "truncated", "from": 5, "to": back.messages[0]["from"]}
            await back.until(lambda: back.next_offset == terminal.ring.end)
            assert back.output == terminal.ring.read(truncated["to"], TERMINAL_RING)
            assert len(back.output) > TERMINAL_RING - 200


async def test_a_fresh_page_is_not_asked_anything(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        await page.run(r"printf 'a\033[6nb\033[31m\033]11;?\033\\c\033[c'")
        terminal = agent.part.get(agent.part.describe()[0].id)
        async with agent.attach(terminal.id) as fresh:
            await fresh.until(lambda: fresh.next_offset == terminal.ring.end)
            assert b"a\0\0\0\0b\x1b[31m\0\0\0\0\0\0\0\0c\0\0\0" in fresh.output
        async with agent.attach(terminal.id, since=0) as same:
            await same.until(lambda: same.next_offset == terminal.ring.end)
            assert b"a\x1b[6nb\x1b[31m\x1b]11;?\x1b\\c\x1b[c" in same.output


async def test_sizes_come_between_the_bytes_where_they_changed(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        terminal = agent.part.get(agent.part.describe()[0].id)
        async with agent.attach(terminal.id) as other:
            await page.control(type="resize", cols=50, rows=10)
            assert await page.run("stty size") == b"10 50\r\n"
            await other.control(type="resize", cols=5000, rows=0)
            await eventually(lambda: terminal.cols == 1000)
            assert await page.run("stty size") == b"1 1000\r\n"
            await other.until_output(b"1 1000\r\n")
        changes = [message for message in page.messages if message["type"] == "resized"]
        assert [(change["cols"], change["rows"]) for change in changes] == [(50, 10), (1000, 1)]
        async with agent.attach(terminal.id) as replay:
            await replay.until(lambda: replay.next_offset == terminal.ring.end)
            replayed = [message for message in replay.messages if message["type"] == "resized"]
            assert replayed == [{"type": "resized", "cols": 80, "rows": 24, "offset": 0}, *changes]


async def test_characters_split_across_writes_arrive_as_they_are(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        snake = "🐍".encode()
        octal = " ".join(f"'\\{byte:03o}'" for byte in snake)
        command = f"for byte in {octal}; do printf $byte; done; printf '\\xff\\xfe'"
        assert await page.run(command) == snake + b"\xff\xfe"


async def test_ctrl_c_ends_a_flood(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        terminal = agent.part.get(agent.part.describe()[0].id)
        page.acknowledges = False
        await page.type("yes\n")
        await eventually(lambda: terminal.ring.end - page.next_offset > TERMINAL_WINDOW and not terminal._reading)
        # Nobody consumes, so the program waits; what is under way is little.
        assert terminal.ring.end - page.next_offset < 3 * TERMINAL_WINDOW
        await page.type("\x03")
        page.acknowledges = True
        await page.until_output(b"READY>")
        assert b"alive" in await page.run("echo alive")


async def test_a_client_that_never_reads_costs_no_memory_and_delays_nobody(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as quick:
        flooded = agent.part.get(await agent.open())
        async with agent.attach(flooded.id) as page:
            await page.quiet()
            with _never_reads(agent, flooded.id, "view"), _never_reads(agent, flooded.id, "edit"):
                await eventually(lambda: len(flooded.viewers) == 3)
                before = _resident()
                await page.type("head -c 40000000 /dev/zero | tr '\\0' x\n")
                drain = asyncio.create_task(_drain_until(page, b"READY>"))
                for n in range(20):
                    assert await quick.run(f"echo {n}") == b"%d\r\n" % n
                await drain
                assert flooded.ring.end > 40_000_000
                assert _resident() - before < 32_000_000
            await eventually(lambda: len(flooded.viewers) == 1)


async def _drain_until(page: Page, end: bytes) -> None:
    while end not in page.output:
        del page.output[:-100]
        assert await page.step()


async def test_a_viewer_that_lags_is_told_and_jumps(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        terminal = agent.part.get(agent.part.describe()[0].id)
        async with agent.attach(terminal.id, since=terminal.ring.end, mode="view") as slow:
            slow.acknowledges = False
            await slow.until_message("attached")
            begin = slow.next_offset
            await page.run("seq 1 400000")
            await slow.until(lambda: len(slow.output) == TERMINAL_WINDOW)
            await slow.control(type="ack", offset=slow.next_offset)
            truncated = await slow.until_message("truncated")
            slow.acknowledges = True
            slow.output.clear()
            await slow.until(lambda: slow.next_offset == terminal.ring.end)
            assert truncated["from"] == begin + TERMINAL_WINDOW
            assert truncated["to"] == terminal.ring.end - TERMINAL_WINDOW
            assert bytes(slow.output) == terminal.ring.read(truncated["to"], TERMINAL_RING)


async def test_a_paste_of_five_megabytes_arrives_whole(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        line = b"x" * 99 + b"\n"
        paste = line * 50_000
        await page.type("wc -c\n")
        await eventually(lambda: agent.part.describe()[0].foreground == "wc")
        for begin in range(0, len(paste), 65536):
            await page.type(paste[begin : begin + 65536])
        await page.type("\x04")
        await page.until_output(b"READY>")
        assert bytes(page.output).partition(b"READY>")[0] == b"5000000\r\n"


async def test_a_paste_into_a_program_that_repeats_it_arrives_whole(tmp_path: Path) -> None:
    """The program reads on once its output is read, which the page tells behind what it pastes."""
    line, count = b"x" * 99 + b"\n", 20
    async with served(tmp_path) as agent, agent.shell() as page:
        await page.type("tee pasted\n")
        await eventually(lambda: agent.part.describe()[0].foreground == "tee")
        # As in a browser, reading waits for no sending.
        page.acknowledges = False

        async def paste() -> None:
            for _ in range(count):
                await page.type(line * 650)
            await page.type("\x04")
            while not page.output.endswith(b"READY>"):
                await page.control(type="ack", offset=page.next_offset)
                await asyncio.sleep(0.01)

        async with asyncio.TaskGroup() as group:
            group.create_task(paste())
            await page.until(lambda: page.output.endswith(b"READY>"))
        assert (tmp_path / "workspace/pasted").read_bytes() == line * 650 * count
        assert bytes(page.output) == line.replace(b"\n", b"\r\n") * 650 * count + b"READY>"


async def test_input_that_nobody_reads_is_bounded_and_can_be_dropped(tmp_path: Path) -> None:
    async with served(tmp_path) as agent, agent.shell() as page:
        terminal = agent.part.get(agent.part.describe()[0].id)
        await page.type("stty raw; sleep 1000\n")
        await eventually(lambda: terminal.pty.foreground() == "sleep")
        for _ in range(4):
            await page.type(b"y" * 65536)
        await eventually(lambda: len(terminal._pending) > 200_000)
        await page.control(type="signal", name="INT")
        await page.type("stty sane -echo\n")
        await page.until_output(b"READY>")
        assert terminal._pending == b""


async def test_a_flood_is_slowed_while_somebody_types_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[Terminal] = []
    go_on = Terminal._go_on

    def counted(terminal: Terminal) -> None:
        rests.append(terminal)
        go_on(terminal)

    monkeypatch.setattr(Terminal, "_go_on", counted)
    async with served(tmp_path) as agent, agent.shell() as flooded, agent.shell() as typed:
        await flooded.type("yes\n")
        while flooded.next_offset < 4_000_000:
            await flooded.step()
        assert not rests, "nobody types: a flood has all there is"
        while not rests:
            await typed.type("k")
            for _ in range(50):
                await flooded.step()
        await flooded.type(b"\x03")
    assert len(set(rests)) == 1
