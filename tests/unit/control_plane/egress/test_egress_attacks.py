"""Ways around an allow-list that others met, each beside a control that shows that the honest way works.

No packet leaves the machine: names resolve to what the test says, and what would be dialled outside leads to an origin here.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from control_plane.adapters.egress import proxy as proxy_module
from control_plane.domain.egress import EgressPolicy, parse_allowed_host
from tests.unit.control_plane.egress.test_egress_proxy import World, client_hello, world

LITERALS = [
    "127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "0177.0.0.1", "2130706433", "127.0.0.1.", "0", "1.1.1.1",
    "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[64:ff9b::7f00:1]", "[fe80::1%25lo]", "[::]",
    "::1", "169.254.169.254", "0xa9fea9fe", "2852039166",
]  # fmt: skip


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What was dialled; wherever it is, the origin of the test answers."""
    dialled: list[tuple[str, int]] = []

    async def dial(addresses: list[str], port: int, name: str) -> tuple[proxy_module.Side, str]:
        dialled.append((addresses[0], port))
        return await asyncio.open_connection("127.0.0.1", origin_port[0]), addresses[0]

    monkeypatch.setattr(proxy_module, "dial", dial)
    return dialled


origin_port: list[int] = [0]


@asynccontextmanager
async def open_world(tmp_path: Path, *hosts: str) -> AsyncGenerator[World]:
    """A gate that is open to each public host."""
    async with world(tmp_path, *hosts) as there:
        origin_port[0] = there.port
        policy = EgressPolicy(tuple(parse_allowed_host(host.replace("PORT", str(there.port))) for host in hosts), True)
        there.proxy.set_policy("p", policy)
        yield there


async def test_an_open_gate_leads_to_public_hosts_on_web_ports(tmp_path: Path, outside: list[tuple[str, int]]):
    async with open_world(tmp_path) as there:
        there.addresses = {"any.example": ["1.1.1.1"]}
        assert b"origin:" in await there.connect("any.example:443", client_hello("any.example"))
        assert b"origin:" in await there.ask(b"GET http://any.example/ HTTP/1.1\r\n\r\n")
        assert outside == [("1.1.1.1", 443), ("1.1.1.1", 80)]
        for port in (22, 25, 3306, 8443):
            assert b" 403 " in await there.connect(f"any.example:{port}")
        assert len(outside) == 2


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.17.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "100.100.100.200", "0.0.0.0",
     "::1", "::", "fe80::1", "fd00:ec2::254", "fc00::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1",
     "2002:7f00:1::", "2001:0:7f00:1::", "::127.0.0.1"],
)  # fmt: skip
async def test_an_open_gate_leads_to_no_internal_address_under_any_name(
    tmp_path: Path, outside: list[tuple[str, int]], address: str
):
    async with open_world(tmp_path) as there:
        there.addresses = {"inside.example": [address], "out.example": ["1.1.1.1"]}
        answer = await there.connect("inside.example:443")
        assert b"internal network" in answer
        assert b"origin:" in await there.connect("out.example:443", client_hello("out.example"))
        assert outside == [("1.1.1.1", 443)]


@pytest.mark.parametrize("literal", LITERALS)
async def test_an_address_in_any_spelling_is_no_name(tmp_path: Path, outside: list[tuple[str, int]], literal: str):
    async with open_world(tmp_path) as there:
        assert b"HTTP/1.1 40" in await there.connect(f"{literal}:443")
        assert b"HTTP/1.1 40" in await there.ask(f"GET http://{literal}/ HTTP/1.1\r\n\r\n".encode())
        assert (there.lookups, outside) == ([], [])
        there.addresses = {"out.example": ["1.1.1.1"]}
        assert b"origin:" in await there.connect("out.example:443", client_hello("out.example"))


async def test_of_several_addresses_only_those_that_may_be_are_reached(tmp_path: Path, outside: list[tuple[str, int]]):
    async with open_world(tmp_path) as there:
        there.addresses = {"both.example": ["169.254.169.254", "::ffff:10.0.0.1", "1.1.1.1"]}
        assert b"origin:" in await there.connect("both.example:443", client_hello("both.example"))
        assert outside == [("1.1.1.1", 443)]


async def test_a_name_that_answers_otherwise_the_next_time_gains_nothing(
    tmp_path: Path, outside: list[tuple[str, int]]
):
    async with open_world(tmp_path) as there:
        there.addresses = {"rebind.example": ["1.1.1.1"]}
        assert b"origin:" in await there.connect("rebind.example:443", client_hello("rebind.example"))
        there.addresses = {"rebind.example": ["127.0.0.1"]}
        assert b"internal network" in await there.connect("rebind.example:443")
        assert outside == [("1.1.1.1", 443)]
        assert there.lookups == ["rebind.example"] * 2


@pytest.mark.parametrize("spelling", ["MIRROR.LAN", "Mirror.Lan.", "mirror.lan."])
async def test_case_and_a_trailing_dot_make_no_difference_in_request_and_hello(tmp_path: Path, spelling: str):
    async with world(tmp_path, "mirror.lan:PORT!") as there:
        there.addresses = {"mirror.lan": ["127.0.0.1"]}
        hello = client_hello(spelling.rstrip("."))
        assert b"origin:" in await there.connect(f"{spelling}:{there.port}", hello)
        for other in ("mirror.lan..", ".mirror.lan", "mirror..lan", "mirror.lan.evil.example", "amirror.lan"):
            assert b"HTTP/1.1 403" in await there.connect(f"{other}:{there.port}"), other


@pytest.mark.parametrize(
    "target",
    ["http://mirror.lan:PORT@other.lan:PORT/", "http://mirror.lan@other.lan:PORT/", "http://other.lan:PORT/mirror.lan",
     "http://other.lan:PORT#@mirror.lan:PORT/", "http://other.lan:PORT?@mirror.lan/", "https://mirror.lan:PORT/",
     "//mirror.lan:PORT/", "/", "*", "ftp://mirror.lan:PORT/", "http://mirror.lan:PORT:PORT/", "http://mirror.lan:0PORT0/"],
)  # fmt: skip
async def test_a_target_that_can_be_read_in_two_ways_leads_nowhere_else(tmp_path: Path, target: str):
    async with world(tmp_path, "mirror.lan:PORT!") as there:
        there.addresses = {"mirror.lan": ["127.0.0.1"], "other.lan": ["127.0.0.1"]}
        port = str(there.port)
        answer = await there.ask(f"GET {target.replace('PORT', port)} HTTP/1.1\r\nHost: mirror.lan\r\n\r\n".encode())
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403"))
        assert there.reached == []
        assert b"origin:" in await there.ask(f"GET http://mirror.lan:{port}/ HTTP/1.1\r\n\r\n".encode())


@pytest.mark.parametrize("port", ["443.", "+443", "０443", "0x1bb", "-1", "0", "65536", "4\t43", ""])
async def test_a_port_is_read_in_one_way(tmp_path: Path, outside: list[tuple[str, int]], port: str):
    async with open_world(tmp_path) as there:
        there.addresses = {"any.example": ["1.1.1.1"]}
        answer = await there.ask(f"CONNECT any.example:{port} HTTP/1.1\r\n\r\n".encode())
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403"))
        assert outside == []
        assert b"origin:" in await there.connect("any.example:443", client_hello("any.example"))


async def test_a_redirect_is_handed_on_and_where_it_leads_is_a_request_of_its_own(tmp_path: Path):
    async def origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(origin, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with world(tmp_path, f"mirror.lan:{port}!") as there:
        there.addresses = {"mirror.lan": ["127.0.0.1"]}
        answer = await there.ask(f"GET http://mirror.lan:{port}/ HTTP/1.1\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 302")
        assert there.lookups == ["mirror.lan"]
        assert b" 403 " in await there.ask(b"GET http://169.254.169.254/ HTTP/1.1\r\n\r\n")
        assert there.lookups == ["mirror.lan"]
    server.close()


async def test_what_is_no_tls_does_not_pass_where_tls_is_spoken(tmp_path: Path, outside: list[tuple[str, int]]):
    async with open_world(tmp_path) as there:
        there.addresses = {"any.example": ["1.1.1.1"]}
        answer = await there.connect("any.example:443", b"SSH-2.0-client\r\n")
        assert answer == b"HTTP/1.1 200 Connection established\r\n\r\n"
        assert there.reached in ([], [b""])
        assert b"origin:" in await there.connect("any.example:443", client_hello("any.example"))


@asynccontextmanager
async def held(there: World, name: str) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A tunnel that is open, and whose far side waits for more."""
    reader, writer = await asyncio.open_unix_connection(str(there.path))
    try:
        writer.write(f"CONNECT {name}:{there.port} HTTP/1.1\r\n\r\n".encode())
        async with asyncio.timeout(60):
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
            writer.write(client_hello(name))
            assert await reader.readexactly(7) == b"origin:"
        yield reader, writer
    finally:
        writer.transport.abort()


@asynccontextmanager
async def holding_world(tmp_path: Path) -> AsyncGenerator[World]:
    """An origin that answers, and then waits to be left."""

    async def origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(b"origin:")
        while await reader.read(65536):
            writer.write(b"more")
        writer.close()

    server = await asyncio.start_server(origin, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with world(tmp_path, f"stays.lan:{port}!", f"goes.lan:{port}!") as there:
        there.port = port
        there.addresses = {"stays.lan": ["127.0.0.1"], "goes.lan": ["127.0.0.1"]}
        yield there
    server.close()


async def test_a_connection_that_is_no_longer_allowed_is_cut_and_the_others_stay(tmp_path: Path):
    async with holding_world(tmp_path) as there, held(there, "stays.lan") as stays, held(there, "goes.lan") as goes:
        before = EgressPolicy((parse_allowed_host(f"stays.lan:{there.port}!"),), advice="Ask Ada.")
        there.proxy.set_policy("p", before)
        async with asyncio.timeout(60):
            assert await goes[0].read() == b""
            stays[1].write(b"x")
            assert await stays[0].readexactly(4) == b"more"
        assert [(event.host, event.reason.endswith("Ask Ada.")) for event in there.denied] == [("goes.lan", True)]
        assert there.proxy.ledger.recent("p")[0].host == "goes.lan"
        there.proxy.set_policy("p", EgressPolicy((parse_allowed_host(f"stays.lan:{there.port}"),)))
        async with asyncio.timeout(60):
            assert await stays[0].read() == b""  # it may be reached, and no longer on a private address


async def test_what_is_forbidden_while_it_connects_is_not_let_in(tmp_path: Path):
    async with world(tmp_path, "mirror.lan:PORT!") as there:
        looked_up, go_on = asyncio.Event(), asyncio.Event()

        async def slow(name: str, port: int) -> list[str]:
            looked_up.set()
            await go_on.wait()
            return ["127.0.0.1"]

        there.proxy.__init__(there, slow)
        path = there.path.with_name("other.sock")
        policy = EgressPolicy((parse_allowed_host(f"mirror.lan:{there.port}!"),))
        await there.proxy.open("q", path, policy)
        there.path = path
        asking = asyncio.ensure_future(there.connect(f"mirror.lan:{there.port}"))
        await looked_up.wait()
        there.proxy.set_policy("q", EgressPolicy())
        go_on.set()
        assert b" 403 " in await asking
        assert there.reached in ([], [b""])
        there.proxy.set_policy("q", policy)
        assert b"origin:" in await there.connect(f"mirror.lan:{there.port}", client_hello("mirror.lan"))


async def test_each_gate_has_its_own_list_rate_count_and_log(tmp_path: Path):
    async with world(tmp_path, "mirror.lan:PORT!") as there:
        there.addresses = {"mirror.lan": ["127.0.0.1"]}
        other = tmp_path / "other.sock"
        await there.proxy.open("q", other, EgressPolicy())
        assert b"origin:" in await there.connect(f"mirror.lan:{there.port}", client_hello("mirror.lan"))
        there.path = other
        assert b" 403 " in await there.connect(f"mirror.lan:{there.port}")
        assert there.proxy.ledger.traffic()["q"].sent == 0
        assert there.proxy.ledger.traffic()["p"].sent > 0
        assert [decision.allowed for decision in there.proxy.ledger.recent("q")] == [False]
        assert [decision.allowed for decision in there.proxy.ledger.recent("p")] == [True]


async def test_bytes_pass_no_faster_than_they_may(tmp_path: Path):
    size, rate = 96 * 1024, 32 * 1024

    async def origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"x" * size)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(origin, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with world(tmp_path, f"mirror.lan:{port}!") as there:
        there.addresses = {"mirror.lan": ["127.0.0.1"]}
        request = f"GET http://mirror.lan:{port}/ HTTP/1.1\r\n\r\n".encode()
        policy = EgressPolicy((parse_allowed_host(f"mirror.lan:{port}!"),))
        began = time.monotonic()
        there.proxy.set_policy("p", replace(policy, bytes_per_sec=rate))
        assert len(await there.ask(request)) == size
        assert time.monotonic() - began > (size - 2 * rate) / rate  # one second's worth passes at once
        there.proxy.set_policy("p", policy)
        assert len(await there.ask(request)) == size
        assert there.proxy.ledger.traffic()["p"].received == 2 * size
    server.close()


async def test_viewers_are_not_told_of_each_of_a_thousand_refusals_and_the_log_counts_them(tmp_path: Path):
    async with world(tmp_path) as there:
        for _ in range(120):
            assert b" 403 " in await there.connect("a.example:443")
        assert 0 < len(there.denied) <= 120
        assert there.proxy.ledger.recent("p")[0].times == 120
