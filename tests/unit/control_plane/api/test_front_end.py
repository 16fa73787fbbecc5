"""The built front end: files with the right headers, the page for every other path, nothing from outside of it."""

import os
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from control_plane.api import built_front_end
from control_plane.api.built_front_end import BuiltFrontEnd
from tests.fakes.served import Got, Served, served

LASTING = "public, max-age=31536000, immutable"
FILES = {"index.html": "<!doctype html>page", "assets/app-1a2b.js": "script", "assets/app-1a2b.js.br": "brotli"}
NEWER = {"index.html": "<!doctype html>newer page", "assets/app-3c4d.js": "newer script"}


def build(folder: Path, files: dict[str, str], ago_sec: float = 60) -> None:
    """Write a build that was made a while ago, which takes the place of what is there as ``scripts/frontend`` does it."""
    fresh = folder.with_name("fresh")
    (fresh / "assets").mkdir(parents=True)
    for name, text in files.items():
        (fresh / name).write_text(text)
    age(fresh, ago_sec)
    if folder.exists():
        folder.rename(folder.with_name(f"old-{time.monotonic_ns()}"))
    fresh.rename(folder)


def age(folder: Path, ago_sec: float = 60) -> None:
    then = round(time.time() - ago_sec)
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (then, then), follow_symlinks=False)


async def raw(app: Served, method: str, path: str, headers: dict[str, str]) -> Got:
    """Ask, and leave the answer as packed as it comes."""
    async with app.session.request(method, app.url + path, headers=headers, auto_decompress=False) as response:
        got = {name.lower(): value for name, value in response.headers.items()}
        return Got(response.status, got, await response.read())


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[Served]:
    build(tmp_path / "dist", FILES)
    (tmp_path / "secret.txt").write_text("nobody's business")
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


@pytest.mark.parametrize(
    ("path", "kept"), [("/", "no-cache"), ("/project/abc", "no-cache"), ("/assets/app-1a2b.js", LASTING)]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_has_not_changed_is_not_sent_again(app: Served, method: str, path: str, kept: str):
    takes = {"accept-encoding": "br"}
    first = await raw(app, method, path, takes)
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"another", {tag}', "*"):
        got = await raw(app, method, path, takes | {"if-none-match": known})
        assert (got.status, got.content) == (304, b""), known
        assert "content-type" not in got.headers
        for name in ("etag", "last-modified", "vary", "content-security-policy"):
            assert got.headers[name] == first.headers[name]
        assert got.headers["cache-control"] == kept
    for known in ('"another"', f"{tag}x", ""):
        got = await raw(app, method, path, takes | {"if-none-match": known})
        assert (got.status, got.content, got.headers["etag"]) == (200, first.content, tag), known
    # Of two forms each has a tag of its own.
    got = await raw(app, method, path, {"accept-encoding": "identity", "if-none-match": tag})
    assert got.status == (200 if path.startswith("/assets/") else 304)


async def test_a_page_of_the_same_size_and_time_is_another_one(app: Served, tmp_path: Path):
    """As of builds whose times are all the same, so that they can be compared."""
    then = 1_500_000_000
    build(tmp_path / "dist", FILES, time.time() - then)
    first = await app.call("GET", "/", headers={})
    build(tmp_path / "dist", FILES, time.time() - then)
    same = await app.call("GET", "/", headers={"if-none-match": first.headers["etag"]})
    assert same.status == 304
    build(tmp_path / "dist", {**FILES, "index.html": FILES["index.html"].upper()}, time.time() - then)
    other = await app.call("GET", "/", headers={"if-none-match": first.headers["etag"]})
    assert (other.status, other.content) == (200, FILES["index.html"].upper().encode())
    (tmp_path / "dist/index.html").write_text("changed in its place")
    os.utime(tmp_path / "dist/index.html", (then + 9, then + 9))
    changed = await app.call("GET", "/", headers={"if-none-match": other.headers["etag"]})
    assert (changed.status, changed.content, changed.headers.get("etag")) == (200, b"changed in its place", None)


async def test_heads_are_those_of_the_front_end_alone(app: Served):
    for path in ("/", "/index.html", "/project/abc", "/assets/app-1a2b.js"):
        whole, head = [
            await app.call(method, path, headers={"accept-encoding": "identity"}) for method in ("GET", "HEAD")
        ]
        assert (head.status, head.content) == (200, b"")
        assert {**head.headers, "x-request-id": "", "date": ""} == {**whole.headers, "x-request-id": "", "date": ""}
    assert (await app.call("HEAD", "/assets/gone.js", headers={})).status == 404
    assert (await app.call("HEAD", "/api/me")).status == 405
    assert (await app.call("HEAD", "/api/gone")).status == 404
    assert (await app.call("POST", "/project/abc")).status == 404


async def test_assets_are_kept_for_good_and_compressed_for_those_who_take_it(app: Served):
    got = await app.call("GET", "/assets/app-1a2b.js", headers={"accept-encoding": "identity"})
    assert (got.content, got.headers["cache-control"]) == (b"script", LASTING)
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


async def test_a_build_that_comes_while_it_serves_is_served(app: Served, tmp_path: Path):
    before = await app.call("GET", "/", headers={})
    assert (await app.call("GET", "/assets/app-3c4d.js", headers={})).status == 404
    build(tmp_path / "dist", NEWER, ago_sec=30)
    asset = await app.call("GET", "/assets/app-3c4d.js", headers={})
    assert (asset.status, asset.content, asset.headers["cache-control"]) == (200, b"newer script", LASTING)
    page = await app.call("GET", "/project/abc", headers={"if-none-match": before.headers["etag"]})
    assert (page.status, page.content) == (200, b"<!doctype html>newer page")
    assert page.headers["etag"] != before.headers["etag"]
    assert (await app.call("GET", "/assets/app-1a2b.js", headers={})).status == 404


async def test_a_file_that_went_with_its_build_is_not_a_fault(app: Served, tmp_path: Path):
    assert (await app.call("GET", "/assets/app-1a2b.js", headers={})).status == 200
    build(tmp_path / "dist", NEWER, ago_sec=30)
    # Asked for before anybody opened the page: the table still has it.
    assert (await app.call("GET", "/assets/app-1a2b.js", headers={})).status == 404
    (tmp_path / "dist").rename(tmp_path / "away")
    assert (await app.call("GET", "/", headers={})).status == 503
    (tmp_path / "away").rename(tmp_path / "dist")
    assert (await app.call("GET", "/", headers={})).content == b"<!doctype html>newer page"


async def test_what_may_still_be_being_written_is_kept_by_nobody(
    app: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(built_front_end, "SETTLED_SEC", 600.0)
    asset = tmp_path / "dist/assets/slow-5e6f.js"
    form = asset.with_name("slow-5e6f.js.br")
    asset.write_text("half of a scr")
    form.write_text("half of a form")
    takes = {"accept-encoding": "br"}
    got = await app.call("GET", "/assets/slow-5e6f.js", headers=takes)
    assert (got.status, got.content, got.headers["cache-control"]) == (200, b"half of a scr", "no-cache")
    assert not {"content-encoding", "etag", "last-modified"} & set(got.headers)
    again = await app.call("GET", "/assets/slow-5e6f.js", headers=takes | {"if-none-match": "*"})
    assert again.status == 200
    asset.write_text("the whole script")
    age(tmp_path / "dist", 3600)
    os.utime(form)
    got = await app.call("GET", "/assets/slow-5e6f.js", headers=takes)
    assert (got.content, got.headers["cache-control"], got.headers.get("content-encoding")) == (
        b"the whole script",
        LASTING,
        None,
    )


async def test_a_link_out_of_the_build_is_not_followed(app: Served, tmp_path: Path):
    dist = tmp_path / "dist"
    (dist / "assets/secret.txt").symlink_to(tmp_path / "secret.txt")
    (dist / "assets/above").symlink_to(tmp_path)
    (dist / "assets/alias.js").symlink_to(dist / "assets/app-1a2b.js")
    for name in ("secret.txt", "above/secret.txt", "../../secret.txt", "%2e%2e/%2e%2e/secret.txt"):
        got = await app.call("GET", f"/assets/{name}", headers={})
        assert b"nobody" not in got.content, name
    assert (await app.call("GET", "/assets/alias.js", headers={})).content == b"script"


def test_a_folder_is_looked_through_again_only_when_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(built_front_end, "SETTLED_SEC", 600.0)
    dist = tmp_path / "dist"
    assert BuiltFrontEnd.found_in(dist).is_current()
    build(dist, FILES, 3600)
    found = BuiltFrontEnd.found_in(dist)
    assert found.is_current()
    (dist / "assets/more.js").write_text("more")
    assert not found.is_current()
    # As long as that is new, something else may come within the same tick of the clock.
    assert not BuiltFrontEnd.found_in(dist).is_current()
    age(dist, 3600)
    found = BuiltFrontEnd.found_in(dist)
    assert (found.is_current(), set(found.assets)) == (True, {"index.html", "assets/app-1a2b.js", "assets/more.js"})
