"""The shared server's life: crashes, restarts, giving up, idling; with a server that does as it is told."""

import asyncio
import functools
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox_image.agent.language import language_servers
from sandbox_image.agent.language.commands import NotInstalled, ServerCommand
from sandbox_image.agent.language.restart_policy import RestartPolicy
from sandbox_image.wire.language import LanguageServerState
from tests.integration.language.served import Served, eventually, is_running, served

FAKE = Path(__file__).with_name("fake_server.py")
Behave = Callable[[str], None]


class Starts:
    """The process ids that a server left when it started, with that of its child."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __call__(self) -> list[tuple[int, int]]:
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return [(int(line.split()[0]), int(line.split()[1])) for line in lines]


@pytest.fixture
def starts(tmp_path: Path) -> Starts:
    return Starts(tmp_path / "starts")


@pytest.fixture
def behave(monkeypatch: pytest.MonkeyPatch, starts: Starts) -> Behave:
    """Make the server behave in some way from its next start on; restarts are quick."""
    monkeypatch.setattr(language_servers, "RestartPolicy", functools.partial(RestartPolicy, first_delay=0.01))

    def choose(behaviour: str) -> None:
        command = ServerCommand((sys.executable, str(FAKE), str(starts.file), behaviour))
        monkeypatch.setattr(language_servers, "python_server", lambda _: command)

    choose("obeys")
    return choose


def states(project: Served) -> list[LanguageServerState]:
    return [health.state for health in project.events.states if health.kind == "pyright"]


async def test_a_killed_server_comes_back_with_the_text_of_every_editor(tmp_path: Path, behave: Behave, starts: Starts):
    async with served(tmp_path, Path(sys.executable)) as project, project.editor() as one, project.editor() as other:
        await one.initialize(initializationOptions={"aimforge": True})
        await other.initialize()
        await one.open("a.py", "old")
        await one.change("a.py", "typed", 2)
        await other.open("b.py", "other")
        first = await one.hover("a.py")
        os.killpg(first["pid"], signal.SIGKILL)
        await one.until(lambda: one.statuses()[-2:] == ["starting", "ready"] and "restarting" in one.statuses())
        second = await one.hover("a.py")
        assert second["pid"] != first["pid"]
        assert second["texts"] == {one.uri("a.py"): "typed", other.uri("b.py"): "other"}
        assert (await other.hover("b.py"))["pid"] == second["pid"]
        assert project.part.health()[0].restarts == 1
        assert len(starts()) == 2
        assert other.statuses() == []


async def test_a_request_in_flight_when_the_server_dies_is_told_so(tmp_path: Path, behave: Behave):
    async with served(tmp_path, Path(sys.executable)) as project, project.editor() as editor:
        await editor.initialize()
        answer = await editor.ask("workspace/executeCommand", {"command": "die"})
        assert answer["error"]["code"] == -32801


@pytest.mark.parametrize("behaviour", ["dies", "nonsense"])
async def test_a_server_that_never_works_is_given_up_and_restarted_by_hand(
    tmp_path: Path, behave: Behave, starts: Starts, behaviour: str
):
    behave(behaviour)
    async with served(tmp_path, Path(sys.executable), max_restarts=3) as project:
        async with project.editor() as editor:
            await editor.send(id=1, method="initialize", params={})
            assert await editor.until_closed() == 4050
        assert states(project)[-1] is LanguageServerState.GAVE_UP
        assert len(starts()) == 3
        async with project.editor() as late:
            assert await late.until_closed() == 4050
        assert len(starts()) == 3
        behave("obeys")
        status, health = await project.call("POST", "/lsp/pyright/restart")
        assert (status, health["restarts"]) == (200, 0)
        async with project.editor() as editor:
            await editor.initialize()
            assert (await editor.hover("a.py"))["texts"] == {}


async def test_an_editor_that_was_served_stays_and_an_edit_tries_again(
    tmp_path: Path, behave: Behave, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sandbox_image.agent.language.shared_server.LONGEST_DELAY", 0.0)
    async with served(tmp_path, Path(sys.executable), max_restarts=1) as project, project.editor() as editor:
        await editor.initialize(initializationOptions={"aimforge": True})
        await editor.open("a.py", "x")
        await editor.ask("workspace/executeCommand", {"command": "die"})
        await editor.until(lambda: editor.statuses()[-1] == "gave_up")
        assert (await editor.ask("textDocument/hover", editor.at("a.py", 0, 0)))["error"]["code"] == -32801
        await editor.change("a.py", "xy", 2)
        await editor.until(lambda: editor.statuses()[-1] == "ready")
        assert (await editor.hover("a.py"))["texts"] == {editor.uri("a.py"): "xy"}


async def test_a_server_that_is_not_installed_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def missing(_: str) -> ServerCommand:
        raise NotInstalled("ty is not installed in the sandbox image.")

    monkeypatch.setattr(language_servers, "python_server", missing)
    async with served(tmp_path, Path(sys.executable)) as project, project.editor() as editor:
        assert await editor.until_closed() == 4050
        health = project.part.health()[0]
        assert (health.state, health.message) == ("gave_up", "ty is not installed in the sandbox image.")


async def test_it_is_warm_before_anyone_asks_ends_when_idle_and_starts_again(
    tmp_path: Path, behave: Behave, starts: Starts
):
    async with served(tmp_path, Path(sys.executable), idle_ttl_ms=1) as project:
        assert starts() == []
        project.environment.usable.set()
        await eventually(lambda: states(project)[-1:] == [LanguageServerState.STOPPED])
        assert states(project) == ["starting", "ready", "stopped"]
        async with project.editor() as editor:
            await editor.initialize()
            second = (await editor.hover("a.py"))["pid"]
            assert [pid for pid, _ in starts()][1:] == [second]
        await eventually(lambda: states(project).count(LanguageServerState.STOPPED) == 2)
        assert not any(is_running(pid) for pid, _ in starts())


async def test_on_a_busy_machine_it_waits_for_its_first_editor(
    tmp_path: Path, behave: Behave, starts: Starts, monkeypatch: pytest.MonkeyPatch
):
    looked = asyncio.Event()

    async def none_is_free(_: float) -> bool:
        looked.set()
        return False

    monkeypatch.setattr(language_servers, "spare_core", none_is_free)
    async with served(tmp_path, Path(sys.executable)) as project:
        project.environment.usable.set()
        await asyncio.wait_for(looked.wait(), 60)
        for _ in range(100):  # turns of the loop: a start would be told in a few
            await asyncio.sleep(0)
        assert states(project) == []
        async with project.editor() as editor:
            await editor.initialize()
            assert [pid for pid, _ in starts()] == [(await editor.hover("a.py"))["pid"]]


async def test_an_idle_server_that_dies_is_not_started_for_nobody(tmp_path: Path, behave: Behave, starts: Starts):
    async with served(tmp_path, Path(sys.executable)) as project:
        project.environment.usable.set()
        await eventually(lambda: states(project)[-1:] == [LanguageServerState.READY])
        os.kill(starts()[0][0], signal.SIGKILL)
        await eventually(lambda: states(project)[-1:] == [LanguageServerState.STOPPED])
        assert len(starts()) == 1


async def test_what_the_server_started_ends_with_it(tmp_path: Path, behave: Behave, starts: Starts):
    behave("parent")
    async with served(tmp_path, Path(sys.executable)) as project, project.editor() as editor:
        await editor.initialize()
        ((server, child),) = starts()
        assert is_running(child)
        # Its child holds the pipe open, so that its end shows only when the whole group is gone.
        await project.call("POST", "/lsp/pyright/restart")
        await eventually(lambda: len(starts()) == 2)
        assert not is_running(server)
        await eventually(lambda: not is_running(child))
    await eventually(lambda: not any(is_running(pid) for pair in starts() for pid in pair if pid))


async def test_a_server_without_a_refresh_command_is_restarted_when_packages_change(
    tmp_path: Path, behave: Behave, starts: Starts
):
    async with served(tmp_path, Path(sys.executable)) as project, project.editor() as editor:
        await editor.initialize()
        await editor.open("a.py", "x")
        first = await editor.hover("a.py")
        project.environment.change()
        await eventually(lambda: len(starts()) == 2)
        second = await editor.hover("a.py")
        assert second["pid"] != first["pid"]
        assert second["texts"] == first["texts"]
        assert project.part.health()[0].restarts == 0


async def test_a_client_that_never_reads_is_cut_off_and_another_is_served(tmp_path: Path, behave: Behave):
    async with served(tmp_path, Path(sys.executable)) as project, project.editor() as editor:
        await editor.initialize()
        async with project.connected() as silent:
            await eventually(lambda: project.part.health()[0].clients == 2)
            silent.transport.pause_reading()
            for number in range(60):
                method = "textDocument/references" if number else "initialize"
                await silent.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": {}}))
            await eventually(lambda: project.part.health()[0].clients == 1)
            assert (await editor.hover("a.py"))["texts"] == {}
            silent.transport.resume_reading()


async def test_fifty_editors_on_one_server(tmp_path: Path, behave: Behave, starts: Starts):
    async def edit(number: int) -> None:
        async with project.editor() as editor:
            await editor.initialize()
            await editor.open(f"{number}.py", str(number))
            for _ in range(4):
                assert (await editor.hover(f"{number}.py"))["texts"][editor.uri(f"{number}.py")] == str(number)

    async with served(tmp_path, Path(sys.executable)) as project:
        async with asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(edit(number))
        await eventually(lambda: project.part.health()[0].clients == 0)
        assert len(starts()) == 1


async def test_what_http_tells(tmp_path: Path, behave: Behave):
    async with served(tmp_path, Path(sys.executable)) as project, project.editor() as editor:
        await editor.initialize()
        _, (python, ruff) = await project.call("GET", "/lsp/health")
        assert (python["kind"], python["state"], python["clients"]) == ("pyright", "ready", 1)
        assert (ruff["kind"], ruff["state"], ruff["clients"]) == ("ruff", "stopped", 0)
        await eventually(lambda: project.part.log.last(50))
        assert (await project.call("GET", "/lsp/logs?n=1"))[1][0]["line"] == "started"
        assert await project.call("GET", "/lsp/stdio?lsp_type=pyright&stream=stderr") == (200, "started\n")
        assert "initialize" in (await project.call("GET", "/lsp/stdio?stream=stdin"))[1]
        assert "hoverProvider" in (await project.call("GET", "/lsp/stdio?stream=stdout"))[1]
        refused = [
            ("GET", "/lsp/logs?n=no"),
            ("GET", "/lsp/stdio?lsp_type=no"),
            ("GET", "/lsp/stdio?stream=no"),
            ("POST", "/lsp/no/restart"),
        ]
        assert [(await project.call(*one))[0] for one in refused] == [422, 422, 422, 404]
