"""Packages are searched by a part of their name, against a real index."""

import asyncio
import gzip
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sandbox_image.agent.environment import Environment, package_names
from sandbox_image.agent.events import EventLog
from sandbox_image.agent.settings import AgentSettings
from sandbox_image.wire.environment import IndexListing, PackageSearch
from tests.integration.agent_app.waiting import until
from tests.integration.agent_app.wheels import make_wheel

NAMES = ["polars", "Polars_Extra", "polarsky", "my.polars", "superpolars", "numpy", "zope.interface"]


class Index(ThreadingHTTPServer):
    """A package index whose list is what a test says; ``asked`` counts how often somebody wanted it."""

    def __init__(self) -> None:
        self.status, self.type, self.body, self.encoding = 200, "application/vnd.pypi.simple.v1+json", b"", ""
        self.asked: list[str] = []
        self.answered = threading.Event()
        self.answered.set()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/simple"

    def has(self, names: list[str], *, packed: bool = True) -> None:
        body = json.dumps({"meta": {"api-version": "1.0"}, "projects": [{"name": name} for name in names]}).encode()
        self.body, self.encoding = (gzip.compress(body), "gzip") if packed else (body, "")


class Handler(BaseHTTPRequestHandler):
    server: Index  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        index = self.server
        index.asked.append(self.headers.get("Authorization", ""))
        index.answered.wait(30)
        self.send_response(index.status)
        self.send_header("Content-Type", index.type)
        self.send_header("Content-Length", str(len(index.body)))
        if index.encoding:
            self.send_header("Content-Encoding", index.encoding)
        self.end_headers()
        self.wfile.write(index.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base has it
        """Says nothing."""


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "workspace").mkdir()
    make_wheel(tmp_path / "wheels", "polarized")
    return tmp_path / "workspace"


@asynccontextmanager
async def opened(workspace: Path, index_url: str, *, offline: bool = False) -> AsyncIterator[Environment]:
    wheels = str(workspace.parent / "wheels")
    settings = AgentSettings(
        workspace=str(workspace), index_url=index_url, wheelhouse=wheels, egress_socket="", offline=offline
    )
    async with Environment(workspace, EventLog(), settings) as environment:
        yield environment


async def searched(environment: Environment, text: str) -> PackageSearch:
    """The answer once the list is there, or is known to be absent."""
    async with asyncio.timeout(60):
        while True:
            found = await environment.search(text, read=True)
            if found.listing is not IndexListing.READING:
                return found
            await asyncio.sleep(0.05)


def names(found: PackageSearch) -> list[str]:
    return [match.name for match in found.matches]


async def test_what_needs_no_network_comes_first_then_what_fits_best(workspace: Path, index: Index) -> None:
    index.has(NAMES)
    async with opened(workspace, index.url) as environment:
        unasked = await environment.search("polar", read=False)
        assert (names(unasked), unasked.listing) == (["polarized"], IndexListing.UNREAD)
        assert index.asked == []
        found = await searched(environment, "Polars")
        assert names(found) == ["polars", "polars-extra", "polarsky", "my-polars", "superpolars"]
        mixed = await environment.search("polar", read=False)
        assert names(mixed)[:2] == ["polarized", "polars"]
        assert [match.offline for match in mixed.matches[:2]] == [True, False]
        assert mixed.matches[0].version == "1.0"
        assert names(await searched(environment, "zope_inter")) == ["zope-interface"]
        assert names(await searched(environment, "no-such-thing")) == []
        assert len(index.asked) == 1


async def test_a_list_is_kept_for_a_day_and_read_anew_then(
    workspace: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.has(NAMES, packed=False)
    async with opened(workspace, index.url) as environment:
        await searched(environment, "polars")
    async with opened(workspace, index.url) as again:
        assert "polars" in names(await again.search("polars", read=True))
        assert len(index.asked) == 1
        monkeypatch.setattr(package_names, "KEPT_SEC", 0.0)
        index.has(["polars-next"])
        # The old list serves while the new one is read.
        assert "polars" in names(await again.search("polars", read=True))
        await until(lambda: b"polars-next" in (workspace / package_names.PATH).read_bytes(), "the new list")
        assert names(await again.search("polars", read=False)) == ["polars-next"]


async def test_a_list_as_a_page_with_a_password(workspace: Path, index: Index) -> None:
    index.type, index.body = "text/html; charset=utf-8", b'<a href="/simple/private/">Private_Thing</a>'
    url = index.url.replace("http://", "http://ada:secret@")
    async with opened(workspace, url) as environment:
        assert names(await searched(environment, "thing")) == ["private-thing"]
        assert index.asked == ["Basic YWRhOnNlY3JldA=="]


@pytest.mark.parametrize("case", ["refused", "empty", "cut"])
async def test_an_index_without_a_list_is_told_and_not_asked_at_each_key(
    workspace: Path, index: Index, case: str
) -> None:
    index.has(NAMES if case == "cut" else [])
    index.status = 404 if case == "refused" else 200
    if case == "cut":
        index.body = index.body[:-12]
    async with opened(workspace, index.url) as environment:
        found = await searched(environment, "polar")
        assert (names(found), found.listing) == (["polarized"], IndexListing.ABSENT)
        why = {"refused": "answered with 404", "empty": "names no package", "cut": "cut off"}[case]
        assert why in found.message
        await searched(environment, "pol")
        assert len(index.asked) == 1


async def test_without_a_network_nothing_is_asked(workspace: Path, index: Index) -> None:
    index.has(NAMES)
    async with opened(workspace, index.url, offline=True) as environment:
        found = await environment.search("polar", read=True)
        assert (names(found), found.listing) == (["polarized"], IndexListing.ABSENT)
        assert index.asked == []


async def test_leaving_ends_a_list_that_is_being_read(workspace: Path, index: Index) -> None:
    index.answered.clear()
    async with asyncio.timeout(30):
        async with opened(workspace, index.url) as environment:
            assert (await environment.search("polar", read=True)).listing is IndexListing.READING
            await until(lambda: bool(index.asked), "the question")
    index.answered.set()
