"""The real ruff, a process for each editor."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from sandbox_image.agent.language import language_servers
from tests.integration.language.served import Editor, eventually, is_running, served

UGLY = "import os\nx = {  'a':1 }\n"


async def formatted(editor: Editor, path: str) -> str:
    document = {"uri": editor.uri(path)}
    options = {"tabSize": 4, "insertSpaces": True}
    edits = await editor.result("textDocument/formatting", {"textDocument": document, "options": options})
    return "".join(edit["newText"] for edit in edits or [])


def children() -> set[int]:
    """Processes that this one started."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    found: set[int] = set()
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.add(pid)
    return found


async def test_two_editors_format_fix_and_hear_of_their_own_text(tmp_path: Path):
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace/ruff.toml").write_text("line-length = 20\n[lint]\nselect = ['F401']\n")
    before = children()
    async with served(tmp_path, Path(sys.executable)) as project:
        async with project.editor("ruff") as one, project.editor("ruff") as other:
            for editor in (one, other):
                capabilities = (await editor.initialize())["capabilities"]
                assert capabilities["documentFormattingProvider"]
                assert "diagnosticProvider" not in capabilities
            await one.open("nodes/a.py", UGLY, version=4)
            await other.open("nodes/a.py", "y = 1\n", version=9)
            # The project's own configuration rules, so that it must have been found where the workspace is.
            assert '"a": 1' in await formatted(one, "nodes/a.py")
            await one.until(lambda: one.findings("nodes/a.py"))
            assert [finding["code"] for finding in one.findings("nodes/a.py")[-1]["diagnostics"]] == ["F401"]
            await other.until(lambda: other.findings("nodes/a.py"))
            assert other.findings("nodes/a.py")[-1]["diagnostics"] == []
            assert project.part.health()[1].clients == 2
            servers = children() - before
            assert len(servers) >= 2
            await one.send(method="exit")
            assert await one.until_closed() == 1000
            assert await formatted(other, "nodes/a.py") == ""
        await eventually(lambda: project.part.health()[1].clients == 0)
        await eventually(lambda: not any(is_running(pid) for pid in servers))


async def test_an_editor_whose_server_is_killed_or_restarted_connects_again(tmp_path: Path):
    before = children()
    async with served(tmp_path, Path(sys.executable)) as project:
        async with project.editor("ruff") as editor:
            await editor.initialize()
            (server,) = {pid for pid in children() - before if "ruff" in Path(f"/proc/{pid}/cmdline").read_text()}
            os.killpg(server, signal.SIGKILL)
            assert await editor.until_closed() == 4051
        async with project.editor("ruff") as editor:
            await editor.initialize()
            assert (await project.call("POST", "/lsp/ruff/restart"))[0] == 200
            assert await editor.until_closed() == 4051


async def test_an_editor_that_never_says_initialized_is_served_by_one_server(tmp_path: Path):
    before = children()
    async with served(tmp_path, Path(sys.executable)) as project, project.editor("ruff") as editor:
        await editor.result("initialize", {"capabilities": {}})
        (server,) = children() - before
        await editor.open("nodes/a.py", UGLY)
        assert '"a": 1' in await formatted(editor, "nodes/a.py")
        await editor.until(lambda: editor.findings("nodes/a.py"))
        assert children() - before == {server}
        assert (await editor.ask("initialize", {"capabilities": {}}))["error"]["code"] == -32600


async def test_an_editor_that_its_own_words_cost_the_server_is_turned_away_in_the_end(tmp_path: Path):
    """What ruff cannot read of ``initialize`` ends it."""
    before = children()
    async with served(tmp_path, Path(sys.executable), max_restarts=3) as project:
        codes: list[int] = []
        for _ in range(4):
            async with project.editor("ruff") as editor:
                await editor.send(id=1, method="initialize", params={"capabilities": {"textDocument": 5}})
                codes.append(await editor.until_closed())
        assert codes == [4051, 4051, 4050, 4050]
        await eventually(lambda: children() == before)
        assert (await project.call("POST", "/lsp/ruff/restart"))[0] == 200
        async with project.editor("ruff") as editor:
            await editor.initialize()
            await editor.open("nodes/a.py", UGLY)
            assert '"a": 1' in await formatted(editor, "nodes/a.py")


async def test_there_are_only_so_many_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(language_servers.MAX_CLIENTS, language_servers.LanguageServerKind.RUFF, 1)
    async with served(tmp_path, Path(sys.executable)) as project:
        async with project.editor("ruff") as editor:
            await editor.initialize()
            async with project.editor("ruff") as late:
                assert await late.until_closed() == 4013
            with pytest.raises(Exception, match="HTTP 404"):
                await asyncio.wait_for(project.connected("perl").__aenter__(), 60)
        await eventually(lambda: project.part.health()[1].clients == 0)
        async with project.editor("ruff") as editor:
            await editor.initialize()


async def test_one_is_ready_before_anyone_asks_and_ends_when_nobody_does(tmp_path: Path):
    before = children()

    def ruffs() -> set[int]:
        return {pid for pid in children() - before if b"ruff" in Path(f"/proc/{pid}/cmdline").read_bytes()}

    async with served(tmp_path, Path(sys.executable), idle_ttl_ms=0) as project:
        assert ruffs() == set()
        project.environment.usable.set()
        (spare,) = await eventually(ruffs)
        await eventually(lambda: project.part.health()[1].state == "ready")
        async with project.editor("ruff") as editor:
            await editor.initialize()
            # It is the one that waited, and another waits now.
            await eventually(lambda: len(ruffs()) == 2)
            assert spare in ruffs()
            (following,) = ruffs() - {spare}
        await eventually(lambda: ruffs() == {following})
        # One that died meanwhile is not given to anybody.
        os.killpg(following, signal.SIGKILL)
        await eventually(lambda: not is_running(following))
        await eventually(lambda: project.part.health()[1].state == "stopped")
        async with project.editor("ruff") as editor:
            await editor.initialize()
            await eventually(lambda: len(ruffs()) == 2)
    await eventually(lambda: ruffs() == set())
    async with served(tmp_path / "other", Path(sys.executable), idle_ttl_ms=50) as project:
        project.environment.usable.set()
        await eventually(lambda: [health.state for health in project.events.states if health.kind == "ruff"] != [])
        await eventually(lambda: ruffs() == set())
