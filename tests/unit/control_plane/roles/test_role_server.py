"""A role's socket: who may ask, how many at once, and what becomes of who dawdles, floods, or is one too many."""

import asyncio
import os
import stat
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from control_plane.adapters.roles import server
from control_plane.adapters.roles.framing import LONGEST_REQUEST, frame
from control_plane.adapters.roles.server import RoleServer


async def test_a_stranger_gets_no_answer(tmp_path: Path):
    path = tmp_path / "role.sock"

    async def serve(_: bytes) -> AsyncGenerator[Any]:
        yield "secret"

    request = frame(b"{}")
    for peers, answered in ((frozenset({os.getuid() + 1}), False), (frozenset({os.getuid()}), True)):
        async with RoleServer(path, serve, peers=peers):
            reader, writer = await asyncio.open_unix_connection(str(path))
            writer.write(request)
            try:
                async with asyncio.timeout(60):
                    got = await reader.read()
            except ConnectionError:
                got = b""
            writer.close()
            assert (b"secret" in got) is answered


@pytest.mark.parametrize(("gid", "mode"), [(-1, 0o600), (os.getgid(), 0o660)])
async def test_only_its_user_and_the_group_that_was_named_may_open_the_socket(tmp_path: Path, gid: int, mode: int):
    path = tmp_path / "role.sock"

    async def serve(_: bytes) -> AsyncGenerator[Any]:
        yield None

    async with RoleServer(path, serve, peers=frozenset({os.getuid()}), gid=gid):
        assert stat.S_IMODE(path.stat().st_mode) == mode


async def test_calls_at_once_are_bounded_and_their_places_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path, go_on = tmp_path / "role.sock", asyncio.Event()
    monkeypatch.setattr(server, "MAX_CALLS", 2)

    async def serve(_: bytes) -> AsyncGenerator[Any]:
        await go_on.wait()
        yield "done"

    async def ask() -> bytes:
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(frame(b"{}"))
        async with asyncio.timeout(60):
            got = await reader.read()
        writer.close()
        return got

    async with RoleServer(path, serve, peers=frozenset({os.getuid()})):
        calls = [asyncio.create_task(ask()) for _ in range(3)]
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        (refused,) = [call.result() for call in calls if call.done()]
        assert b"TooMany" in refused
        go_on.set()
        assert sorted(b"done" in got for got in await asyncio.gather(*calls)) == [False, True, True]
        assert b"done" in await ask()


async def test_a_refusal_reaches_who_writes_on_and_takes_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path, held, over = tmp_path / "role.sock", asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(server, "MAX_CALLS", 1)
    monkeypatch.setattr(server, "MAX_REFUSALS", 1)

    async def serve(_: bytes) -> AsyncGenerator[Any]:
        held.set()
        try:
            yield "begun"
            await asyncio.Event().wait()
        finally:
            over.set()

    async with RoleServer(path, serve, peers=frozenset({os.getuid()})), asyncio.timeout(60):
        _, served = await asyncio.open_unix_connection(str(path))
        served.write(frame(b"{}"))
        await held.wait()
        reader, refused = await asyncio.open_unix_connection(str(path))
        first = await reader.readexactly(4)  # the answer is there before the request was written
        for piece in (frame(b"x" * LONGEST_REQUEST)[:1000], b"x" * LONGEST_REQUEST):
            refused.write(piece)
            await refused.drain()
        assert b"TooMany" in await reader.readexactly(int.from_bytes(first, "big"))
        # One more than are told why is hung up on, and what was refused keeps nobody out.
        reader, further = await asyncio.open_unix_connection(str(path))
        assert await reader.read() == b""
        served.close()
        await over.wait()
        held.clear()
        while not held.is_set():
            _, again = await asyncio.open_unix_connection(str(path))
            again.write(frame(b"{}"))
            await asyncio.wait({asyncio.ensure_future(held.wait())}, timeout=0.05)
            again.close()
        for writer in (refused, further):
            writer.close()


async def test_a_refused_asker_that_never_stops_writing_is_hung_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "role.sock"
    monkeypatch.setattr(server, "MAX_CALLS", 0)

    async def serve(_: bytes) -> AsyncGenerator[Any]:
        yield None

    async with RoleServer(path, serve, peers=frozenset({os.getuid()})), asyncio.timeout(60):
        _, flood = await asyncio.open_unix_connection(str(path))
        assert await written(flood, LONGEST_REQUEST) < 10 * server.MAX_LINGER
        monkeypatch.setattr(server, "LINGER_SEC", 0.1)
        reader, silent = await asyncio.open_unix_connection(str(path))
        assert b"TooMany" in await reader.read()
        assert await written(silent, 1, every=0.01) < server.MAX_LINGER


async def written(writer: asyncio.StreamWriter, size: int, *, every: float = 0) -> int:
    """Write pieces of a size until hung up on; return how many bytes that were."""
    sent = 0
    try:
        while True:
            await asyncio.sleep(every)
            writer.write(b"x" * size)
            await writer.drain()
            sent += size
    except ConnectionError:
        return sent
