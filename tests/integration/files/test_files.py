"""Files over HTTP, on a real file system."""

import asyncio
import io
import os
import shutil
import stat
import subprocess
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from .served import eventually, served


async def test_writes_reads_lists_renames_and_deletes(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        assert (await client.call("POST", "/files/folder", json={"path": "data"})).status == 201
        created = await client.write("data/a.txt", b"first")
        assert (created.status, created.json["kind"], created.json["size"]) == (201, "file", 5)
        assert created.headers["etag"] == created.json["etag"]
        read = await client.read("data/a.txt")
        assert (read.status, read.body, read.headers["etag"]) == (200, b"first", created.headers["etag"])
        assert (await client.write("data/a.txt", b"second")).status == 200
        assert (await client.read("data/a.txt")).body == b"second"
        assert (await client.rename("data/a.txt", "b.txt")).json["path"] == "b.txt"
        assert await client.names() == ["data", "b.txt"]
        assert (await client.call("DELETE", "/files", "b.txt")).status == 204
        assert (await client.call("DELETE", "/files", "data")).status == 204
        assert await client.names() == []
        assert (await client.read("b.txt")).status == 404
        assert (await client.call("DELETE", "/files", "b.txt")).status == 404


async def test_a_write_that_is_stale_changes_nothing(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        first = (await client.write("a", b"1", If_None_Match="*")).headers["etag"]
        assert (await client.write("a", b"2", If_None_Match="*")).status == 412
        second = await client.write("a", b"22", If_Match=first)
        assert second.status == 200
        stale = await client.write("a", b"3", If_Match=first)
        assert (stale.status, stale.json["error"], stale.json["detail"]["etag"]) == (
            412,
            "stale",
            second.headers["etag"],
        )
        assert (await client.write("gone", b"3", If_Match=first)).status == 412
        assert (await client.read("a")).body == b"22"
        assert await client.names() == ["a"]
        assert list((client.workspace / ".aimforge" / "uploads").iterdir()) == []
        results = await asyncio.gather(*(client.write("a", b"4", If_Match=second.headers["etag"]) for _ in range(8)))
        assert sorted(result.status for result in results) == [200] + [412] * 7


async def test_a_replaced_file_keeps_its_mode_and_its_old_readers(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        script = client.workspace / "run.sh"
        script.write_bytes(b"old")
        script.chmod(0o750)
        with script.open("rb") as reader:
            assert (await client.write("run.sh", b"new")).status == 200
            assert reader.read() == b"old"
        assert stat.S_IMODE(script.stat().st_mode) == 0o750
        assert script.read_bytes() == b"new"


async def test_ranges_and_what_the_client_has(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        data = os.urandom(1_500_000)
        etag = (await client.write("a", data)).headers["etag"]
        part = await client.read("a", Range="bytes=700000-1499999")
        assert (part.status, part.headers["content-range"]) == (206, "bytes 700000-1499999/1500000")
        assert part.body == data[700_000:]
        assert (await client.read("a", Range="bytes=0-9", If_Range='"other"')).body == data
        assert (await client.read("a", Range="bytes=0-9", If_Range=etag)).body == data[:10]
        outside = await client.read("a", Range="bytes=1500000-")
        assert (outside.status, outside.json["detail"]) == (416, {"size": 1_500_000})
        unchanged = await client.read("a", If_None_Match=f'"x", {etag}')
        assert (unchanged.status, unchanged.body) == (304, b"")
        (client.workspace / "empty").touch()
        assert ((await client.read("empty")).status, (await client.read("empty")).body) == (200, b"")


async def test_links_are_shown_and_never_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("outside")
    async with served(tmp_path) as client:
        (client.workspace / "inside.txt").write_text("inside")
        (client.workspace / "file").symlink_to(secret / "key")
        (client.workspace / "folder").symlink_to(secret)
        (client.workspace / "near").symlink_to("inside.txt")
        listed = (await client.call("GET", "/files", "")).json["entries"]
        assert {entry["name"]: entry["kind"] for entry in listed} == {
            "file": "symlink",
            "folder": "symlink",
            "near": "symlink",
            "inside.txt": "file",
        }
        for answer in (
            await client.read("file"),
            await client.read("near"),
            await client.read("folder/key"),
            await client.call("GET", "/files", "folder"),
            await client.call("GET", "/files/archive", "folder"),
            await client.write("file", b"x"),
            await client.write("folder/key", b"x"),
            await client.write("folder/new", b"x"),
            await client.rename("inside.txt", "folder/stolen"),
            await client.rename("folder/key", "key"),
            await client.call("DELETE", "/files", "folder/key"),
            await client.call("POST", "/files/folder", json={"path": "folder/new"}),
        ):
            assert (answer.status, answer.json["error"]) == (409, "conflict"), answer.body
        assert (await client.read("../secret/key")).status == 422
        archive = zipfile.ZipFile(io.BytesIO((await client.call("GET", "/files/archive", "")).body))
        assert archive.namelist() == ["inside.txt"]
        assert (await client.call("DELETE", "/files", "folder")).status == 204
        assert [path.name for path in secret.iterdir()] == ["key"]
        assert (secret / "key").read_text() == "outside"
        assert (await client.read("inside.txt")).body == b"inside"


async def test_a_folder_that_becomes_a_link_meanwhile_leads_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "a").write_text("outside")
    async with served(tmp_path) as client:
        real, link = client.workspace / "real", client.workspace / "link"
        real.mkdir()
        (real / "a").write_text("inside")
        link.symlink_to(secret)
        # `swap` is one and then the other, as fast as a program can.
        script = (
            "import ctypes, sys\nlibc = ctypes.CDLL(None)\n"
            "while True: libc.renameat2(-100, b'real', -100, b'link', 2)\n"
        )
        swapper = subprocess.Popen(["python3", "-c", script], cwd=client.workspace)
        try:
            seen: set[int] = set()
            for turn in range(300):
                answer = await client.read("real/a")
                seen.add(answer.status)
                assert answer.status in {200, 409}
                assert answer.status == 409 or answer.body == b"inside"
                assert (await client.write(f"real/new{turn}", b"x")).status in {201, 409}
        finally:
            swapper.kill()
            swapper.wait()
        assert [path.name for path in secret.iterdir()] == ["a"]
        assert seen


async def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        os.mkfifo(client.workspace / "pipe")
        os.mknod(client.workspace / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        (client.workspace / "folder").mkdir()
        listed = (await client.call("GET", "/files", "")).json["entries"]
        assert {entry["name"]: entry["kind"] for entry in listed} == {
            "folder": "folder",
            "pipe": "special",
            "null": "special",
        }
        for name in ("pipe", "null", "folder"):
            assert (await client.read(name)).status == 409
            assert (await client.write(name, b"x")).status == 409
        assert (await client.call("DELETE", "/files", "pipe")).status == 204


async def test_names_of_any_bytes(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        odd = [b"caf\xe9", b"line\nbreak", b"\x1b]0;title\x07", b"back\\slash", b"-rf", "naïve".encode()]
        for name in odd:
            Path(os.fsdecode(os.fsencode(client.workspace) + b"/" + name)).write_bytes(name)
        entries = (await client.call("GET", "/files", "")).json["entries"]
        assert sorted([(await client.read(entry["path"])).body for entry in entries]) == sorted(odd)
        assert (await client.write(r"new\xff", b"x")).status == 201
        assert os.path.exists(os.fsencode(client.workspace) + b"/new\xff")  # noqa: PTH110 - a Path holds no bytes


async def test_the_agents_folder_is_hidden_and_protected(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        (client.workspace / ".aimforge").mkdir()
        (client.workspace / ".aimforge" / "state").write_text("kept")
        await client.write("a", b"x")
        assert await client.names() == ["a"]
        assert "state" in await client.names(".aimforge")
        assert (await client.read(".aimforge/state")).body == b"kept"
        for answer in (
            await client.call("DELETE", "/files", ".aimforge"),
            await client.call("DELETE", "/files", "./.aimforge/state"),
            await client.call("DELETE", "/files", ""),
            await client.write(".aimforge/state", b"x"),
            await client.rename(".aimforge", "x"),
            await client.rename("a", ".aimforge/state", overwrite=True),
        ):
            assert answer.status == 403, answer.body
        assert (await client.rename("a", "b")).status == 200


async def test_renaming_loses_nothing_by_accident(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        await client.write("a", b"a")
        await client.write("b", b"b")
        for folder in ("f", "f/g", "full", "full/x"):
            assert (await client.call("POST", "/files/folder", json={"path": folder})).status == 201
        assert (await client.call("POST", "/files/folder", json={"path": "f"})).status == 409
        assert (await client.rename("a", "b")).status == 409
        assert (await client.rename("none", "c")).status == 404
        assert (await client.rename("a", "none/c")).status == 404
        assert (await client.rename("f", "f/g/f")).status == 422
        assert (await client.rename("f", "full", overwrite=True)).status == 409
        assert (await client.read("b")).body == b"b"
        assert (await client.rename("a", "b", overwrite=True)).status == 200
        assert (await client.read("b")).body == b"a"


async def test_a_folder_is_archived_while_it_is_sent(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        large = os.urandom(3_000_000)
        await client.call("POST", "/files/folder", json={"path": "d"})
        await client.call("POST", "/files/folder", json={"path": "d/.venv"})
        await client.write("d/large", large)
        await client.write("d/empty", b"")
        await client.write("d/.venv/x", b"")
        await client.write("other", b"")
        answer = await client.call("GET", "/files/archive", "d")
        assert answer.headers["content-type"] == "application/zip"
        archive = zipfile.ZipFile(io.BytesIO(answer.body))
        assert archive.testzip() is None
        assert archive.namelist() == ["empty", "large"]
        assert archive.read("large") == large
        assert (await client.call("GET", "/files/archive", "none")).status == 404


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


async def test_a_full_disk_is_said_and_leaves_no_half_file(tmp_path: Path, small_disk: Path) -> None:
    async with served(tmp_path, small_disk) as client:
        assert (await client.write("a", b"x" * 100_000)).status == 201
        full = await client.write("b", b"y" * 4_000_000)
        assert (full.status, full.json["error"]) == (507, "disk_full")
        full = await client.write("a", b"y" * 4_000_000)
        assert full.status == 507
        assert await client.names() == ["a"]
        assert (await client.read("a")).body == b"x" * 100_000
        assert list((small_disk / ".aimforge" / "uploads").iterdir()) == []
        assert shutil.disk_usage(small_disk).free > 1_500_000


async def test_an_upload_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        await client.write("a", b"old")
        begun = asyncio.Event()

        async def half() -> AsyncIterator[bytes]:
            yield b"x" * 2_000_000
            begun.set()
            await asyncio.Event().wait()

        uploads = client.workspace / ".aimforge" / "uploads"
        sending = asyncio.create_task(client.write("a", half()))
        await begun.wait()
        sending.cancel()
        await asyncio.wait([sending])
        await eventually(lambda: list(uploads.iterdir()) == [])
        assert (await client.read("a")).body == b"old"


async def test_large_transfers_are_exact_and_flat_in_memory(tmp_path: Path) -> None:
    size = 200_000_000
    async with served(tmp_path) as client:
        chunk = os.urandom(1_000_000)

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(size // len(chunk)):
                yield chunk

        before = _resident()
        assert (await client.write("large", chunks())).json["size"] == size
        received = 0
        params = {"path": "large"}
        async with client.session.get("http://agent/files/content", params=params) as response:
            async for data in response.content.iter_chunked(len(chunk)):
                start = received % len(chunk)
                expected = chunk[start : start + len(data)]
                assert data == expected + chunk[: len(data) - len(expected)]
                received += len(data)
        assert received == size
        assert _resident() - before < 60_000_000


def _resident() -> int:
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) * 1024
