"""Cloning by Git itself, from a server on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.project import ProjectStore
from sandbox_image.agent.project.archive import MAX_ENTRIES
from sandbox_image.agent.project.cloning import check_sizes, checked_url, clone_project, explained
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_UPLOAD
from sandbox_image.wire.project import CloneRequest, NewNode, Position
from tests.unit.agent.project.git_server import GitServer, Proxy, git_server, served

FLOW = (
    '{"schema_version": 1, "name": "Cloned", "edges": [], "nodes": '
    '[{"id": "a", "title": "Load", "kind": "code", "position": {"x": 0, "y": 0}, "file": "nodes/load.py"}]}'
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    with git_server(tmp_path_factory.mktemp("git")) as server:
        yield server


@pytest.fixture(autouse=True)
def trusting(server: GitServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(server.certificate))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


async def refusal(store: ProjectStore, url: str, branch: str = "") -> AgentError:
    with pytest.raises(AgentError) as refused:
        await clone_project(store, CloneRequest(url=url, branch=branch), "ada")
    return refused.value


async def test_a_clone_becomes_the_project(server: GitServer, store: ProjectStore, tmp_path: Path):
    store.add_node(NewNode(title="Old", position=Position(x=0, y=0)))
    files = {"flow.json": FLOW, "nodes/load.py": "def main(): return 1\n", "data/rows.csv": "a\n", ".aimforge/x": "no"}
    url = server.publish("good", files, link="link")
    project, etag = await clone_project(store, CloneRequest(url=url, branch="main"), "ada")
    assert (project, etag) == store.read()
    assert [node.title for node in project.nodes] == ["Load"]
    assert (tmp_path / "data/rows.csv").read_text() == "a\n"
    assert not (tmp_path / "link").is_symlink()
    assert not (tmp_path / ".aimforge/x").exists()
    assert (tmp_path / ".aimforge/before-import/nodes/old.py").exists()
    assert "good.git" in (tmp_path / ".git/config").read_text()
    assert not [path for path in (tmp_path / ".aimforge").iterdir() if path.name.startswith("import-")]


async def test_what_is_no_project_changes_nothing(server: GitServer, store: ProjectStore):
    before = store.read()
    other = server.publish("other", {"README.md": "Hello"})
    assert "holds neither flow.json" in (await refusal(store, other)).message
    missing = await refusal(store, f"{server.url}/missing.git")
    assert (missing.code, server.url in missing.message) == (ErrorCode.NOT_FOUND, True)
    branch = await refusal(store, other, "dev")
    assert (branch.code, "'dev'" in branch.message) == (ErrorCode.NOT_FOUND, True)
    assert store.read() == before


async def test_a_server_with_a_certificate_that_is_not_trusted_is_refused(
    server: GitServer, store: ProjectStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("GIT_SSL_CAINFO")
    refused = await refusal(store, server.publish("untrusted", {"flow.json": FLOW, "nodes/load.py": ""}))
    assert "certificate of 127.0.0.1" in refused.message


async def test_a_host_that_the_way_out_refuses_is_named(store: ProjectStore, monkeypatch: pytest.MonkeyPatch):
    with served(Proxy) as port:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        refused = await refusal(store, "https://git.example.org/ada/weather.git")
    assert refused.code is ErrorCode.FORBIDDEN
    assert "may not reach git.example.org" in refused.message
    assert refused.detail["host"] == "git.example.org"


@pytest.mark.parametrize(
    "url",
    [
        "http://git.example.org/a.git",
        "file:///etc",
        "ssh://git@git.example.org/a.git",
        "git@git.example.org:a.git",
        "https:///a.git",
        "https://ada:secret@git.example.org/a.git",
        "https://git.example.org/a b.git",
        "--upload-pack=touch /tmp/x",
        "https://[::1/a.git",
        "ext::sh -c id",
        "https://git.example.org/" + "a" * 2000,
    ],
)
def test_addresses_that_are_not_https_are_refused(url: str):
    with pytest.raises(AgentError) as refused:
        checked_url(url)
    assert (refused.value.code, refused.value.detail["field"]) == (ErrorCode.INVALID, "url")
    good = "https://git.example.org/ada/weather.git"
    assert checked_url(f" {good} ") == (good, "git.example.org")


async def test_a_branch_is_no_option_of_git(store: ProjectStore):
    for branch in ("--upload-pack=id", "a b", "-x", "a\nb"):
        assert (await refusal(store, "https://git.example.org/a.git", branch)).detail == {"field": "branch"}


def test_a_tree_that_is_too_large_is_refused_before_it_is_written():
    def line(size: int) -> bytes:
        return b"100644 blob 1234 %7d\tpath with\ttab" % size

    check_sizes(b"\0".join([line(MAX_UPLOAD - 1), line(1), b"160000 commit 1234       -\tmodule"]) + b"\0")
    for listing in (b"\0".join([line(MAX_UPLOAD), line(1)]), b"\0".join([line(0)] * (MAX_ENTRIES + 1))):
        with pytest.raises(AgentError) as refused:
            check_sizes(listing)
        assert refused.value.code is ErrorCode.TOO_LARGE


def test_what_git_says_is_told_on_when_it_means_nothing_else():
    told = explained("warning: x\nfatal: the remote end hung up", "https://h/a", "h", "")
    assert told.message == "The repository cannot be cloned: the remote end hung up"
    assert explained("fatal: File too large", "https://h/a", "h", "").code is ErrorCode.TOO_LARGE
