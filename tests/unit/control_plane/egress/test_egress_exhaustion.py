"""What one sandbox can do to its proxy's process, which serves all the others as well."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.adapters.egress import proxy as proxy_module
from control_plane.adapters.egress.client_hello import NotTls, Pieces, server_name
from control_plane.adapters.egress.proxy import EgressProxy
from control_plane.domain.egress import EgressPolicy
from tests.unit.control_plane.egress.test_egress_proxy import client_hello, world


def in_records(hello: bytes, size: int) -> bytes:
    """The same message in records of so many bytes each."""
    message = hello[5:]
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(hello[:3] + len(part).to_bytes(2, "big") + part for part in parts)


@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_a_hello_that_comes_byte_by_byte_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int):
    read: list[int] = []

    def count(data: bytes) -> str | None:
        read.append(len(data))
        return server_name(data)

    monkeypatch.setattr(proxy_module, "server_name", count)
    async with world(tmp_path, "mirror.lan:PORT!") as there:
        there.addresses = {"mirror.lan": ["127.0.0.1"]}
        hello = in_records(client_hello("mirror.lan"), size)
        reader, writer = await asyncio.open_unix_connection(str(there.path))
        async with asyncio.timeout(60):
            writer.write(f"CONNECT mirror.lan:{there.port} HTTP/1.1\r\n\r\n".encode())
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
            for at in range(len(hello)):
                writer.write(hello[at : at + 1])
                await asyncio.sleep(0)
            assert await reader.read() == b"origin:" + hello
        writer.close()
        assert read == [len(hello)]


@pytest.mark.parametrize("size", [1, 100, 10_000])
@given(at=st.integers(0, 3000))
def test_a_hello_is_whole_with_its_last_byte_and_not_before(size: int, at: int):
    hello = in_records(client_hello("files.example.org"), size)
    pieces = Pieces()
    cut = min(at, len(hello) - 1)
    assert not pieces.add(hello[:cut])
    assert pieces.add(hello[cut:])
    assert server_name(hello) == "files.example.org"


@pytest.mark.parametrize("junk", [b"\x16\x03\x01\0\0", b"\x17\x03\x03\0\x01x"])
async def test_a_hello_with_records_that_no_client_sends_does_not_pass_on_any_port(tmp_path: Path, junk: bytes):
    async with world(tmp_path, "mirror.lan:PORT!") as there:
        there.addresses = {"mirror.lan": ["127.0.0.1"]}
        hello = in_records(client_hello("neighbour.lan"), 20)
        answer = await there.connect(f"mirror.lan:{there.port}", hello[:25] + junk + hello[25:])
        assert b"origin:" not in answer
        assert there.reached in ([], [b""])
        # The control: the same hello without them, for the name that was allowed.
        honest = in_records(client_hello("mirror.lan"), 20)
        assert b"origin:" in await there.connect(f"mirror.lan:{there.port}", honest)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_pieces_are_taken(noise: list[bytes]):
    for start in (b"", b"\x16\x03\x01\x00\x05"):
        pieces, taken = Pieces(), b""
        for piece in (start, *noise):
            taken += piece
            if pieces.add(piece):
                with suppress(NotTls, IndexError):
                    server_name(taken)
                break


async def test_one_sandbox_looks_few_names_up_at_once_and_keeps_none_of_another_from_it(tmp_path: Path):
    release, asked = asyncio.Event(), list[str]()

    async def resolve(name: str, port: int) -> list[str]:
        asked.append(name)
        if name.endswith("slow.example"):
            await release.wait()
        raise OSError("unknown")

    class Nobody:
        def publish(self, project_id: str, data: Any) -> None:
            pass

    policy = EgressPolicy((), open=True)
    async with EgressProxy(Nobody(), resolve) as proxy:
        paths = {project_id: tmp_path / project_id for project_id in ("greedy", "other")}
        for project_id, path in paths.items():
            await proxy.open(project_id, path, policy)

        async def ask(project_id: str, name: str) -> bytes:
            reader, writer = await asyncio.open_unix_connection(str(paths[project_id]))
            writer.write(f"CONNECT {name}:443 HTTP/1.1\r\n\r\n".encode())
            async with asyncio.timeout(60):
                answer = await reader.read()
            writer.close()
            return answer

        greedy = [asyncio.create_task(ask("greedy", f"{number}.slow.example")) for number in range(30)]
        async with asyncio.timeout(60):
            while len(asked) < proxy_module.LOOKUPS_AT_ONCE:  # noqa: ASYNC110  the proxy tells nobody
                await asyncio.sleep(0.01)
        assert b" 502 " in await ask("other", "honest.example")
        assert len(asked) == proxy_module.LOOKUPS_AT_ONCE + 1
        release.set()
        assert all(b" 502 " in answer for answer in await asyncio.gather(*greedy))
        assert len(asked) == 31


async def test_slow_name_servers_hold_no_thread_that_others_need(monkeypatch: pytest.MonkeyPatch):
    """Passwords are hashed in the threads that ``asyncio`` has for all."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
    release = threading.Event()
    known = socket.getaddrinfo

    def slow(host: Any, *rest: Any, **more: Any) -> Any:
        if str(host).endswith("slow.example"):
            release.wait(60)
            raise OSError("unknown")
        return known(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    lookups = [asyncio.create_task(proxy_module.resolve(f"{number}.slow.example", 443)) for number in range(8)]
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(30):
            assert await asyncio.to_thread(lambda: 7) == 7
    finally:
        release.set()
    results = await asyncio.gather(*lookups, return_exceptions=True)
    assert all(isinstance(result, OSError) for result in results)
    assert await proxy_module.resolve("localhost", 443)
