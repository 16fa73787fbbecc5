"""What every ``AgentLink`` does: the fake of the tests, and the one over Unix sockets, both to the same agent."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from control_plane.adapters.agent_link.link import UnixAgentLink
from control_plane.domain.errors import SandboxFailed, SandboxMisbehaved, TimedOut
from control_plane.ports import AgentAddress, AgentLink
from tests.fakes.agent_link import Asked, FakeAgent, FakeAgentLink, Peer, Reply, asgi
from tests.fakes.serving import serving, unix_listener

HERE = AgentAddress(project_id="p", generation=1)
GONE = AgentAddress(project_id="gone", generation=1)


@dataclass
class World:
    link: AgentLink
    agent: FakeAgent


class Paths:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def agent_path(self, address: AgentAddress) -> str:
        return str(self._folder / f"{address.project_id}.sock")

    def token(self, address: AgentAddress) -> str:
        return "secret"


@pytest.fixture(params=["fake", "unix"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[World]:
    if request.param == "fake":
        fake = FakeAgentLink()
        fake.unreachable.add("gone")
        yield World(fake, fake.agent("p"))
        return
    agent, paths = FakeAgent(), Paths(tmp_path)
    link = UnixAgentLink(paths)
    async with serving(asgi(agent), unix_listener(paths.agent_path(HERE))):
        yield World(link, agent)
        link.close()


async def test_a_request_reaches_the_agent_as_it_was_made(world: World):
    world.agent.answer("POST", "/runs", {"ok": True}, 202, etag='"e1"')
    got = await world.link.request(HERE, "POST", "/runs", query="wait=false", body=b"{}", user="Ada", view_only=True)
    assert (got.status, got.body, got.headers["etag"]) == (202, b'{"ok":true}', '"e1"')
    (asked,) = world.agent.asked
    assert (asked.method, asked.path, asked.query, asked.body) == ("POST", "/runs", "wait=false", b"{}")
    assert (asked.user, asked.view_only) == ("Ada", True)


async def test_an_agent_that_is_gone_is_told_of(world: World):
    with pytest.raises(SandboxFailed):
        await world.link.request(GONE, "GET", "/health")
    with pytest.raises(SandboxFailed):
        async with world.link.stream(GONE, "GET", "/health"):
            pass
    assert (await world.link.request(HERE, "GET", "/health")).status == 200


async def test_where_nobody_listens_is_told_to_who_watches_once(world: World):
    with pytest.raises(SandboxFailed):
        await world.link.request(GONE, "GET", "/health")
    with pytest.raises(SandboxFailed):
        async with world.link.stream(GONE, "GET", "/health"):
            pass
    with pytest.raises(SandboxFailed):
        async with world.link.connect(GONE, "/terminals/1"):
            pass
    await world.link.request(HERE, "GET", "/health")
    unreached = world.link.unreached()
    assert await anext(unreached) == GONE
    another = asyncio.ensure_future(anext(unreached))
    await asyncio.sleep(0)
    assert not another.done()
    with pytest.raises(SandboxFailed):
        await world.link.request(GONE, "GET", "/health")
    assert await another == GONE


async def test_an_answer_that_is_too_large_is_refused(world: World):
    world.agent.answer("GET", "/big", b"x" * 100)
    with pytest.raises(SandboxMisbehaved):
        await world.link.request(HERE, "GET", "/big", max_body=99)
    assert len((await world.link.request(HERE, "GET", "/big", max_body=100)).body) == 100


async def test_an_agent_that_does_not_answer_times_out(world: World):
    never = asyncio.Event()

    async def hang(_: Asked) -> Reply:
        await never.wait()
        return Reply()

    world.agent.on("GET", "/hang", hang)
    with pytest.raises(TimedOut):
        await world.link.request(HERE, "GET", "/hang", timeout_sec=0.05)
    never.set()


async def test_bodies_stream_both_ways(world: World):
    async def echo(asked: Asked) -> Reply:
        return Reply(status=201, chunks=[asked.body[:3], asked.body[3:]], headers={"content-type": "application/zip"})

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"ab", b"cd", b"ef"):
            yield piece

    world.agent.on("PUT", "/files/content", echo)
    async with world.link.stream(HERE, "PUT", "/files/content", body=pieces()) as got:
        assert (got.status, got.headers["content-type"]) == (201, "application/zip")
        assert b"".join([chunk async for chunk in got.body()]) == b"abcdef"


async def test_a_socket_carries_text_and_bytes_and_the_agents_close_code(world: World):
    async def echo(peer: Peer, _: Asked) -> None:
        for _turn in range(2):
            message = await peer.receive()
            assert message is not None
            peer.send(message)
        peer.close(4012)

    world.agent.on_socket("/events", echo)
    async with world.link.connect(HERE, "/events", query="after=0", max_message=1000) as opened:
        await opened.send("text")
        await opened.send(b"bytes")
        assert [await opened.receive(), await opened.receive(), await opened.receive()] == ["text", b"bytes", None]
        assert opened.close_code == 4012
