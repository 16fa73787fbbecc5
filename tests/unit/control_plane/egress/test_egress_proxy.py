"""The proxy with real sockets: an origin on loopback stands in for the hosts of the internet."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.adapters.egress import splice
from control_plane.adapters.egress.client_hello import NotTls, server_name
from control_plane.adapters.egress.proxy import MAX_CONNECTIONS, EgressProxy
from control_plane.adapters.egress.request import BadRequest, parse
from control_plane.domain.egress import EgressPolicy, parse_allowed_host
from sandbox_image.wire.events import EgressDenied


def client_hello(name: str | None) -> bytes:
    """The first bytes of a real TLS client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


@dataclass
class World:
    proxy: EgressProxy
    path: Path
    port: int
    denied: list[EgressDenied] = field(default_factory=list[EgressDenied])
    addresses: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    lookups: list[str] = field(default_factory=list[str])
    reached: list[bytes] = field(default_factory=list[bytes])

    def publish(self, project_id: str, data: Any) -> None:
        self.denied.append(data)

    async def resolve(self, name: str, port: int) -> list[str]:
        self.lookups.append(name)
        if name not in self.addresses:
            raise OSError("unknown")
        return self.addresses[name]

    async def ask(self, data: bytes, then: bytes = b"") -> bytes:
        """What the proxy answers to ``data``, and to ``then`` sent after a 200."""
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        writer.write(data)
        answer = b""
        async with asyncio.timeout(60):
            if then:
                answer = await reader.readuntil(b"\r\n\r\n")
                writer.write(then)
                writer.write_eof()
            answer += await reader.read()
        writer.close()
        return answer

    async def connect(self, target: str, then: bytes = b"") -> bytes:
        return await self.ask(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode(), then)


@asynccontextmanager
async def world(tmp_path: Path, *hosts: str) -> AsyncGenerator[World]:
    """A proxy, and an origin on a loopback port that repeats what it is sent after ``origin:``."""

    async def origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read(65536)
        there.reached.append(data)
        writer.write(b"origin:" + data)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(origin, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    there = World(proxy=EgressProxy.__new__(EgressProxy), path=tmp_path / "egress.sock", port=port)
    there.proxy.__init__(there, there.resolve)
    policy = EgressPolicy(tuple(parse_allowed_host(host.replace("PORT", str(port))) for host in hosts))
    async with there.proxy as proxy:
        await proxy.open("p", there.path, policy)
        yield there
    server.close()


async def test_an_allowed_host_is_reached_by_tunnel_and_by_plain_request(tmp_path: Path):
    async with world(tmp_path, "mirror.lan:PORT!") as there:
        there.addresses = {"mirror.lan": ["127.0.0.1"]}
        hello = client_hello("mirror.lan")
        answer = await there.connect(f"MIRROR.lan.:{there.port}", hello)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"origin:" + hello)
        answer = await there.ask(
            f"GET http://mirror.lan:{there.port}/simple/?a=b HTTP/1.1\r\nHost: other\r\nProxy-Authorization: x\r\n\r\n".encode()
        )
        assert answer.startswith(b"origin:GET /simple/?a=b HTTP/1.1\r\n")
        assert b"host: mirror.lan:%d\r\n" % there.port in answer
        assert b"Proxy-Authorization" not in answer
        assert there.denied == []
        assert there.proxy.ledger.traffic()["p"].sent >= len(hello)


@pytest.mark.parametrize(
    "target",
    ["other.lan:PORT", "mirror.lan:22", "127.0.0.1:PORT", "[::1]:PORT", "[::ffff:127.0.0.1]:PORT", "2130706433:PORT",
     "mirror.lan.evil.example:PORT"],
)  # fmt: skip
async def test_what_is_not_on_the_list_is_refused_told_and_never_looked_up(tmp_path: Path, target: str):
    async with world(tmp_path, "mirror.lan:PORT!") as there:
        there.addresses = {"mirror.lan": ["127.0.0.1"], "other.lan": ["127.0.0.1"]}
        answer = await there.connect(target.replace("PORT", str(there.port)))
        assert answer.startswith(b"HTTP/1.1 403 aimforge egress: ")
        assert len(there.denied) == 1
        assert there.lookups == []
        assert there.reached == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1", "fe80::1"])
async def test_an_allowed_name_on_an_internal_address_is_refused_unless_its_entry_says_so(tmp_path: Path, address: str):
    async with world(tmp_path, "files.example:PORT") as there:
        there.addresses = {"files.example": [address]}
        answer = await there.connect(f"files.example:{there.port}")
        assert b"internal network" in answer
        assert there.reached == []


async def test_the_address_that_was_checked_is_the_one_that_is_reached(tmp_path: Path):
    async with world(tmp_path, "rebind.example:PORT!") as there:
        there.addresses = {"rebind.example": ["127.0.0.1"]}
        assert b"origin:" in await there.connect(f"rebind.example:{there.port}", client_hello("rebind.example"))
        assert there.lookups == ["rebind.example"]


async def test_another_name_inside_the_tunnel_ends_it(tmp_path: Path):
    async with world(tmp_path, "mirror.lan:PORT!") as there:
        there.addresses = {"mirror.lan": ["127.0.0.1"]}
        answer = await there.connect(f"mirror.lan:{there.port}", client_hello("neighbour.lan"))
        assert answer == b"HTTP/1.1 200 Connection established\r\n\r\n"
        assert b"".join(there.reached) == b""
        assert there.denied[0].host == "neighbour.lan"


@pytest.mark.parametrize(
    ("client", "denied"), [(b"EHLO sandbox\r\n", []), (client_hello("neighbour.lan"), ["neighbour.lan"])]
)
async def test_a_server_that_speaks_first_is_heard_and_what_it_is_told_is_checked_all_the_same(
    tmp_path: Path, client: bytes, denied: list[str]
):
    told: list[bytes] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 welcome\r\n")
        told.append(await reader.read(65536))
        writer.write(b"250 " + told[0])
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server, world(tmp_path) as there:
        port = server.sockets[0].getsockname()[1]
        there.proxy.set_policy("p", EgressPolicy((parse_allowed_host(f"mail.lan:{port}!"),)))
        there.addresses = {"mail.lan": ["127.0.0.1"]}
        reader, writer = await asyncio.open_unix_connection(str(there.path))
        async with asyncio.timeout(60):
            writer.write(f"CONNECT mail.lan:{port} HTTP/1.1\r\n\r\n".encode())
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            # Nothing was said here yet, as a client of mail or of a database does not.
            assert await reader.readuntil(b"\r\n") == b"220 welcome\r\n"
            writer.write(client)
            answer = await reader.read()
        writer.close()
        assert [event.host for event in there.denied] == denied
        assert (answer, told) == ((b"", [b""]) if denied else (b"250 " + client, [client]))


async def test_a_tunnel_in_which_nobody_speaks_ends_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(splice, "OPENING_TIMEOUT", 0.2)
    async with world(tmp_path, "mirror.lan:PORT!") as there:
        there.addresses = {"mirror.lan": ["127.0.0.1"]}
        target = f"mirror.lan:{there.port}"
        assert (
            await there.ask(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
            == b"HTTP/1.1 200 Connection established\r\n\r\n"
        )
        assert b"origin:x" in await there.connect(target, b"x")


async def test_a_sandbox_without_hosts_reaches_nothing(tmp_path: Path):
    async with world(tmp_path) as there:
        there.addresses = {"mirror.lan": ["127.0.0.1"]}
        assert b" 403 " in await there.connect(f"mirror.lan:{there.port}")
        there.proxy.set_policy("p", EgressPolicy((parse_allowed_host(f"mirror.lan:{there.port}!"),)))
        assert b"origin:" in await there.connect(f"mirror.lan:{there.port}", client_hello("mirror.lan"))


async def test_connections_are_limited_and_free_again(tmp_path: Path):
    async with world(tmp_path) as there:
        held = [await asyncio.open_unix_connection(str(there.path)) for _ in range(MAX_CONNECTIONS)]
        assert b" 429 " in await there.connect("a.lan:1")
        for _, writer in held:
            writer.close()
        async with asyncio.timeout(60):
            while b" 403 " not in await there.connect("a.lan:1"):
                pass


async def test_a_stale_socket_is_replaced(tmp_path: Path):
    (tmp_path / "egress.sock").write_bytes(b"")
    async with world(tmp_path) as there:
        assert b" 403 " in await there.connect("a.lan:1")


@given(st.binary(max_size=400))
def test_any_head_is_read_or_refused(noise: bytes):
    for head in (noise, b"CONNECT " + noise + b" HTTP/1.1\r\n\r\n", b"GET http://" + noise + b" HTTP/1.1\r\n\r\n"):
        try:
            request = parse(head)
        except BadRequest:
            continue
        assert 0 < request.port < 65536


def test_a_port_is_no_longer_than_ports_are():
    """One of thousands of digits would be told to everybody who watches, and be written down."""
    assert parse(b"CONNECT a.example:443 HTTP/1.1\r\n\r\n").port == 443
    with pytest.raises(BadRequest):
        parse(b"CONNECT a.example:000443" + b"9" * 4000 + b" HTTP/1.1\r\n\r\n")


@given(st.binary(max_size=400))
def test_any_bytes_are_a_hello_or_none(noise: bytes):
    for data in (noise, b"\x16\x03\x01" + noise):
        with suppress(NotTls, IndexError):
            server_name(data)


@given(st.integers(1, 2000))
def test_a_hello_cut_anywhere_gives_the_same_name_or_asks_for_more(cut: int):
    hello = client_hello("files.example.org")
    try:
        assert server_name(hello[:cut]) == "files.example.org"
    except IndexError:
        assert cut < len(hello)


def test_a_client_that_names_nobody_is_recognised():
    assert server_name(client_hello(None)) is None
