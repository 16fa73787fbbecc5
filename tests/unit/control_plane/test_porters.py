"""Connections that are accepted for an agent: the agent's own code takes them, on the other end of a channel."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from control_plane.adapters.handover import Sockets
from control_plane.adapters.porters import CLAIMS, Porters, channel_for, needs_porter, passed
from control_plane.ports import AgentAddress
from sandbox_image.agent.arrivals import Arrivals

ADDRESS = AgentAddress(project_id="prices", generation=3)
WITHIN_SEC = 60


@pytest.fixture
def sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sockets:
    monkeypatch.chdir(tmp_path)
    made = Sockets(tmp_path)
    made.prepare(ADDRESS.project_id)
    return made


@pytest.fixture
async def porters(sockets: Sockets) -> AsyncGenerator[Porters]:
    made = Porters(sockets)
    yield made
    await made.close()


@pytest.fixture
def again(sockets: Sockets) -> str:
    """The path in the sandbox's folder, however deep a test's folder is."""
    folder = Path(sockets.egress_path(ADDRESS.project_id)).parent.parent
    return f"/proc/self/fd/{os.open(folder, os.O_PATH)}/again.sock"


@asynccontextmanager
async def agent(channel: socket.socket, again: str, token: str) -> AsyncGenerator[None]:
    """An agent that echoes what it is told by each connection."""

    class Echo(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.write(data)

    loop = asyncio.get_running_loop()
    begun: list[asyncio.Task[object]] = []

    def arrived(connection: socket.socket) -> None:
        assert connection.get_inheritable() is False
        connection.setblocking(False)
        begun.append(loop.create_task(loop.connect_accepted_socket(Echo, connection)))

    taking = asyncio.create_task(Arrivals(channel, again, token, arrived).take())
    try:
        yield
    finally:
        taking.cancel()
        await asyncio.gather(taking, *begun, return_exceptions=True)


async def echoed(sockets: Sockets) -> bytes:
    """Dial the agent and say something."""
    async with asyncio.timeout(WITHIN_SEC):
        reader, writer = await asyncio.open_unix_connection(sockets.agent_path(ADDRESS))
        writer.write(b"hello")
        said = await reader.read(5)
        writer.close()
    return said


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_SEC):
        while not look():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def claimed(again: str, words: bytes) -> tuple[bytes, list[int]]:
    """Ask for a channel with some words; what is answered."""

    def ask() -> tuple[bytes, list[int]]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(WITHIN_SEC)
            connection.connect(again)
            connection.sendall(words)
            connection.shutdown(socket.SHUT_WR)
            said, descriptors, _, _ = socket.recv_fds(connection, 1, 1)
            return said, descriptors

    return await asyncio.to_thread(ask)


def begin(porters: Porters, sockets: Sockets) -> socket.socket:
    """Begin to accept for an agent; return its end of the channel."""
    with channel_for("runsc") as channel:
        assert channel is not None
        porters.begin(ADDRESS, sockets.listen(ADDRESS), channel.ours.dup())
        return channel.theirs.dup()


@pytest.mark.parametrize(("runtime", "needs"), [("runsc", True), ("runsc-kvm", True), ("io.containerd.runsc.v1", True)])
def test_gvisor_needs_a_porter_by_any_of_its_names(runtime: str, needs: bool) -> None:
    assert needs_porter(runtime) is needs


@pytest.mark.parametrize("runtime", ["", "runc", "crun", "kata-runtime", "io.containerd.runc.v2"])
def test_others_accept_by_themselves(runtime: str) -> None:
    with channel_for(runtime) as channel:
        assert channel is None


async def test_connections_are_passed_on_in_great_numbers(sockets: Sockets, porters: Porters, again: str) -> None:
    async with agent(begin(porters, sockets), again, sockets.token(ADDRESS)):
        assert await asyncio.gather(*(echoed(sockets) for _ in range(200))) == [b"hello"] * 200


async def test_what_waits_for_an_agent_is_passed_on_later(sockets: Sockets, porters: Porters, again: str) -> None:
    channel = begin(porters, sockets)
    dialled = [asyncio.create_task(echoed(sockets)) for _ in range(300)]
    await asyncio.wait(dialled, timeout=0.1)  # as while a sandbox is paused; however far it came, all are answered
    async with agent(channel, again, sockets.token(ADDRESS)):
        assert await asyncio.gather(*dialled) == [b"hello"] * 300


def test_an_agent_that_takes_nothing_holds_few_descriptors() -> None:
    with channel_for("runsc") as channel:
        assert channel is not None
        taken = 0
        while passed(channel.theirs, channel.ours):
            taken += 1
            assert taken < 200
    assert taken > 1


async def test_an_agent_comes_back_to_the_next_porter(sockets: Sockets, porters: Porters, again: str) -> None:
    async with agent(begin(porters, sockets), again, sockets.token(ADDRESS)):
        reader, writer = await asyncio.open_unix_connection(sockets.agent_path(ADDRESS))
        writer.write(b"before")
        assert await reader.readexactly(6) == b"before"
        await porters.close()
        writer.write(b"meanwhile")
        async with asyncio.timeout(WITHIN_SEC):
            assert await reader.readexactly(9) == b"meanwhile", "connections outlive the porter that accepted them"
        writer.close()
        successor = Porters(Sockets(Path.cwd()))
        try:
            successor.resume(ADDRESS)
            successor.resume(ADDRESS)  # as each look at what runs does
            assert await echoed(sockets) == b"hello"
        finally:
            await successor.close()


async def test_a_thief_without_the_token_gets_nothing_and_keeps_nobody_out(
    sockets: Sockets, porters: Porters, again: str
) -> None:
    token = sockets.token(ADDRESS)
    other = sockets.token(AgentAddress(project_id="prices", generation=4))
    porters.resume(ADDRESS)
    await until(lambda: Path(again).exists())
    for words in (b"", b"x", b"x" * len(token), other.encode(), token[:-1].encode(), b"\0" * 100_000):
        try:
            assert await claimed(again, words) == (b"", [])
        except (BrokenPipeError, ConnectionResetError):
            continue  # it hung up before all was said
    silent = [socket.socket(socket.AF_UNIX) for _ in range(2 * CLAIMS)]
    try:
        for each in silent:
            await asyncio.to_thread(each.connect, again)
        # And the control: who knows it gets a channel, past all those who say nothing.
        said, descriptors = await claimed(again, token.encode())
        assert said
        assert len(descriptors) == 1
    finally:
        for each in silent:
            each.close()
    await until(lambda: not Path(again).exists())
    with pytest.raises(FileNotFoundError):
        await claimed(again, token.encode())
    async with agent(socket.socket(fileno=descriptors[0]), again, token):
        assert await echoed(sockets) == b"hello"


async def test_an_agent_that_talks_loses_its_channel_alone(sockets: Sockets, porters: Porters, again: str) -> None:
    with begin(porters, sockets) as channel:
        channel.sendall(b"?")
        await until(lambda: Path(again).exists())
        assert channel.recv(1) == b""
    _, descriptors = await claimed(again, sockets.token(ADDRESS).encode())
    async with agent(socket.socket(fileno=descriptors[0]), again, sockets.token(ADDRESS)):
        assert await echoed(sockets) == b"hello"


async def test_a_forgotten_sandbox_is_accepted_for_no_more(sockets: Sockets, porters: Porters, again: str) -> None:
    channel = begin(porters, sockets)
    porters.forget(AgentAddress(project_id="prices", generation=2))  # a late call for its predecessor
    async with agent(channel, again, sockets.token(ADDRESS)):
        assert await echoed(sockets) == b"hello"
        porters.forget(ADDRESS)
        await porters.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_unix_connection(sockets.agent_path(ADDRESS))
    with pytest.raises(FileNotFoundError):
        await claimed(again, sockets.token(ADDRESS).encode())


async def test_a_folder_that_is_gone_ends_one_porter(sockets: Sockets, porters: Porters) -> None:
    sockets.delete(ADDRESS.project_id)
    porters.resume(ADDRESS)
    sockets.prepare(ADDRESS.project_id)
    porters.resume(ADDRESS)
    await until(lambda: Path(sockets.agent_path(ADDRESS)).exists())
