"""The egress role and the api's side of it, over a real socket: gates, policies, refusals, and the role's own end."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.adapters.egress import protocol
from control_plane.adapters.egress.proxy import EgressProxy
from control_plane.adapters.egress.remote import RemoteGates, open_remote_gates
from control_plane.adapters.egress.service import EgressService, Refusals
from control_plane.adapters.handover import Sockets
from control_plane.adapters.roles import server as role_server
from control_plane.adapters.roles.client import RoleClient
from control_plane.adapters.roles.server import RoleServer
from control_plane.domain.egress import EgressPolicy, parse_allowed_host
from control_plane.domain.errors import BadRequest, EngineUnavailable, Invalid, TooMany
from sandbox_image.wire.events import EgressDenied


@dataclass
class World:
    folder: Path
    sockets: Sockets
    port: int
    told: list[tuple[str, EgressDenied]] = field(default_factory=list[tuple[str, EgressDenied]])
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def control(self) -> Path:
        return self.folder / "egress.sock"

    def publish(self, project_id: str, data: Any) -> None:
        self.told.append((project_id, data))
        self.news.set()

    async def prepare(self, project_id: str) -> None:
        self.sockets.prepare(project_id)

    def policy(self, *names: str) -> EgressPolicy:
        return EgressPolicy(tuple(parse_allowed_host(f"{name}:{self.port}!") for name in names))

    async def get(self, project_id: str, name: str) -> bytes:
        """What the sandbox gets that asks its gate for a page."""
        reader, writer = await asyncio.open_unix_connection(self.sockets.egress_path(project_id))
        async with asyncio.timeout(60):
            writer.write(f"GET http://{name}:{self.port}/ HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
            answer = await reader.read()
        writer.close()
        return answer

    async def until_open(self, project_id: str) -> None:
        async with asyncio.timeout(60):
            while not Path(self.sockets.egress_path(project_id)).is_socket():  # noqa: ASYNC110  a file tells nobody
                await asyncio.sleep(0.01)


@asynccontextmanager
async def role(there: World) -> AsyncGenerator[None]:
    """The egress role, as its command puts it together."""

    async def resolve(name: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    refusals = Refusals()
    async with EgressProxy(refusals, resolve) as proxy:
        service = EgressService(proxy, there.sockets, refusals)
        async with RoleServer(there.control, service.serve, peers=frozenset({os.getuid()})):
            yield


@pytest.fixture
async def there() -> AsyncGenerator[World]:
    async def origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"origin")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(origin, "127.0.0.1", 0)
    with TemporaryDirectory(prefix="egress-") as folder:
        sockets = Sockets(Path(folder))
        yield World(Path(folder), sockets, server.sockets[0].getsockname()[1])
        sockets.close()
    server.close()


@asynccontextmanager
async def gates(there: World) -> AsyncGenerator[RemoteGates]:
    async with open_remote_gates(str(there.control), there.prepare, there) as remote:
        yield remote


async def test_a_gate_lets_through_what_the_api_says_and_tells_of_the_rest(there: World):
    async with role(there), gates(there) as remote:
        await remote.open("prices", there.policy("allowed.example"))
        assert await there.get("prices", "allowed.example") == b"origin"
        # The watch may begin a little after the gate opened: ask until somebody heard of it.
        async with asyncio.timeout(60):
            while not there.told:
                assert b"403" in await there.get("prices", "other.example")
        assert there.told[0][0] == "prices"
        assert there.told[0][1].host == "other.example"

        await remote.open("prices", there.policy("other.example"))
        assert await there.get("prices", "other.example") == b"origin"
        assert b"403" in await there.get("prices", "allowed.example")
        traffic = (await remote.traffic())["prices"]
        assert traffic.sent > 0
        assert traffic.received == 2 * len(b"origin")
        newest = (await remote.recent("prices"))[0]
        assert (newest.host, newest.port, newest.allowed) == ("allowed.example", there.port, False)
        assert await remote.recent("unknown") == []

        await remote.close("prices")
        await remote.close("prices")
        with pytest.raises(OSError, match=r"refused|No such file"):
            await there.get("prices", "other.example")


async def test_gates_are_open_again_after_the_roles_end(there: World):
    async with gates(there) as remote:
        await remote.open("prices", there.policy("allowed.example"))  # nobody listens yet: it opens once somebody does
        for _ in range(2):
            async with role(there):
                path = Path(there.sockets.egress_path("prices"))
                await there.until_open("prices")
                assert await there.get("prices", "allowed.example") == b"origin"
            path.unlink(missing_ok=True)


async def test_opening_an_open_gate_keeps_its_connections(there: World):
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(role(there))
        remote = await stack.enter_async_context(gates(there))
        await remote.open("prices", there.policy("allowed.example"))
        reader, writer = await asyncio.open_unix_connection(there.sockets.egress_path("prices"))
        await remote.open("prices", there.policy("allowed.example"))
        writer.write(f"GET http://allowed.example:{there.port}/ HTTP/1.1\r\n\r\n".encode())
        async with asyncio.timeout(60):
            assert await reader.read() == b"origin"
        writer.close()


@pytest.mark.parametrize("project_id", ["../prices", "", "a/b", "prices\n"])
async def test_a_gate_elsewhere_is_refused(there: World, project_id: str):
    async with role(there):
        client = RoleClient(str(there.control), "egress")
        with pytest.raises(BadRequest):
            await client.ask(protocol.Open.of(project_id, there.policy("allowed.example")), None, 60)
        there.sockets.prepare("prices")
        await client.ask(protocol.Open.of("prices", there.policy("allowed.example")), None, 60)


async def test_who_is_one_too_many_is_told_so(there: World, monkeypatch: pytest.MonkeyPatch):
    async with role(there):
        client = RoleClient(str(there.control), "egress")
        there.sockets.prepare("prices")
        wanted = EgressPolicy(tuple(parse_allowed_host(f"{'x' * 60}{number}.example") for number in range(700)))
        with monkeypatch.context() as patch:
            patch.setattr(role_server, "MAX_CALLS", 0)
            for _ in range(50):
                with pytest.raises(TooMany, match="Too many calls"):
                    await client.ask(protocol.Open.of("prices", wanted), None, 60)
        await client.ask(protocol.Open.of("prices", wanted), None, 60)


@pytest.mark.parametrize("host", ["10.0.0.1", "*", "*.org", "a.example:0", "a b", "a.example\r\nx"])
async def test_a_policy_that_makes_no_sense_opens_nothing(there: World, host: str):
    async with role(there):
        there.sockets.prepare("prices")
        client = RoleClient(str(there.control), "egress")
        with pytest.raises(Invalid, match="prices"):
            await client.ask(protocol.Open("prices", (host,)), None, 60)
        assert not Path(there.sockets.egress_path("prices")).is_socket()


@given(
    st.builds(
        EgressPolicy,
        st.lists(st.sampled_from(["a.example", "*.b.example:8080", "c.lan!"]).map(parse_allowed_host)).map(tuple),
        st.booleans(),
        st.integers(0, 1 << 40),
        st.text(max_size=300),
    )
)
def test_a_policy_crosses_as_it_is(policy: EgressPolicy):
    sent = msgspec.json.encode(protocol.Open.of("prices", policy))
    assert msgspec.json.decode(sent, type=protocol.Open).policy() == policy


async def test_what_is_wanted_last_holds_whatever_was_on_its_way(there: World):
    """The role came back, and its gates were being opened again when an exam closed them."""
    preparing, go_on = asyncio.Event(), asyncio.Event()

    async def prepare(project_id: str) -> None:
        if not preparing.is_set():
            preparing.set()
            await go_on.wait()
        await there.prepare(project_id)

    async with role(there), open_remote_gates(str(there.control), prepare, there) as remote:
        opening = asyncio.create_task(remote.open("prices", there.policy("allowed.example")))
        await preparing.wait()
        narrowing = asyncio.create_task(remote.open("prices", there.policy()))
        await asyncio.wait((narrowing,), timeout=0.2)
        go_on.set()
        await asyncio.gather(opening, narrowing)
        assert b"403" in await there.get("prices", "allowed.example")
        # The control: the gate opens for it again.
        await remote.open("prices", there.policy("allowed.example"))
        assert await there.get("prices", "allowed.example") == b"origin"

        preparing.clear()
        go_on.clear()
        opening = asyncio.create_task(remote.open("prices", there.policy("allowed.example")))
        await preparing.wait()
        closing = asyncio.create_task(remote.close("prices"))
        await asyncio.wait((closing,), timeout=0.2)
        go_on.set()
        await asyncio.gather(opening, closing)
        with pytest.raises(OSError, match=r"refused|No such file"):
            await there.get("prices", "allowed.example")


async def test_what_a_gate_could_not_be_told_it_is_told_again(there: World, monkeypatch: pytest.MonkeyPatch):
    failures = 0
    serve = EgressService.serve

    async def fail_some(service: EgressService, data: bytes) -> AsyncGenerator[Any]:
        nonlocal failures
        if failures and b'"watch"' not in data:
            failures -= 1
            raise EngineUnavailable("The egress role is too busy.")
        async for answer in serve(service, data):
            yield answer

    monkeypatch.setattr(EgressService, "serve", fail_some)
    async with role(there), gates(there) as remote:
        await remote.open("prices", there.policy("allowed.example"))
        assert await there.get("prices", "allowed.example") == b"origin"
        failures = 2
        await remote.open("prices", there.policy())
        async with asyncio.timeout(60):
            while b"403" not in await there.get("prices", "allowed.example"):  # noqa: ASYNC110  a gate tells nobody
                await asyncio.sleep(0.01)
        await remote.open("prices", there.policy("allowed.example"))
        assert await there.get("prices", "allowed.example") == b"origin"
        failures = 2
        await remote.close("prices")
        async with asyncio.timeout(60):
            with suppress(OSError):  # it is refused once the gate is closed
                while await there.get("prices", "allowed.example"):  # noqa: ASYNC110  a gate tells nobody
                    await asyncio.sleep(0.01)
