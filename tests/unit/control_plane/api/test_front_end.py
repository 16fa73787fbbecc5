"""The built front end: files with the right headers, the page for every other path, nothing from outside of it."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.fakes.served import Served, served


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[Served]:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html>page")
    (dist / "assets" / "app-1a2b.js").write_text("script")
    (dist / "assets" / "app-1a2b.js.br").write_bytes(b"brotli")
    (tmp_path / "secret.txt").write_text("secret")
    async with served(tmp_path) as running:
        yield running


@pytest.mark.parametrize("path", ["/", "/project/abc", "/index.html", "/..%2fsecret.txt", "/%2e%2e/secret.txt"])
async def test_every_path_of_the_front_end_is_the_page_never_cached(app: Served, path: str):
    got = await app.call("GET", path, headers={})
    assert (got.status, got.content) == (200, b"<!doctype html>page")
    assert got.headers["cache-control"] == "no-cache"
    assert got.headers["content-type"].startswith("text/html")
    policy = got.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert got.headers["referrer-policy"] == "no-referrer"


async def test_who_asks_for_the_head_alone_gets_that_of_the_page(app: Served):
    whole, head = [await app.call(method, "/", headers={}) for method in ("GET", "HEAD")]
    assert (head.status, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "content-security-policy"):
        assert head.headers[name] == whole.headers[name]


async def test_assets_are_kept_for_good_and_compressed_for_those_who_take_it(app: Served):
    got = await app.call("GET", "/assets/app-1a2b.js", headers={"accept-encoding": "identity"})
    assert (got.content, got.headers["cache-control"]) == (b"script", "public, max-age=31536000, immutable")
    head = {"accept-encoding": "br"}
    async with app.session.get(app.url + "/assets/app-1a2b.js", headers=head, auto_decompress=False) as response:
        assert response.headers["content-encoding"] == "br"
        assert response.headers["content-type"].startswith(("text/javascript", "application/javascript"))
        assert await response.read() == b"brotli"


@pytest.mark.parametrize("path", ["/assets/gone.js", "/api/gone", "/api/project/a/b/c/d"])
async def test_what_only_looks_like_a_file_or_the_api_is_not_the_page(app: Served, path: str):
    got = await app.call("GET", path)
    assert (got.status, got.json["error"]) == (404, "not_found")


async def test_without_a_build_it_says_so(tmp_path: Path):
    async with served(tmp_path / "other") as app:
        got = await app.call("GET", "/", headers={})
        assert got.status == 503
        assert b"make" in got.content
