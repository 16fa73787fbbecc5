"""The environment with a real uv, from wheels made here: no network is needed."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox_image.agent.environment import Environment
from sandbox_image.agent.environment.environment import LOST
from sandbox_image.agent.environment.folder_watch import FolderWatch
from sandbox_image.agent.environment.maker import _pip_wheel
from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.events import EventLog
from sandbox_image.agent.settings import AgentSettings
from sandbox_image.wire.environment import VenvState
from sandbox_image.wire.errors import ErrorCode
from tests.integration.agent_app.waiting import until
from tests.integration.agent_app.wheels import make_wheel

UV = shutil.which("uv") or Path(sys.executable).with_name("uv")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace/requirements.txt").write_text("# base\nalpha\n")
    make_wheel(tmp_path / "wheels", "alpha")
    make_wheel(tmp_path / "wheels", "beta", requires="gamma")
    make_wheel(tmp_path / "wheels", "gamma", "2.5")
    return tmp_path / "workspace"


def opened(workspace: Path, events: EventLog | None = None) -> Environment:
    settings = AgentSettings(
        workspace=str(workspace), wheelhouse=str(workspace.parent / "wheels"), offline=True, egress_socket=""
    )
    return Environment(workspace, events or EventLog(), settings)


@pytest.fixture
async def environment(workspace: Path) -> AsyncIterator[Environment]:
    async with opened(workspace) as environment:
        await asyncio.wait_for(environment.ready(), 60)
        yield environment


async def done(environment: Environment) -> VenvState:
    await until(lambda: environment.status.status not in {VenvState.CREATING, VenvState.INSTALLING}, "the end")
    return environment.status.status


def names(environment: Environment) -> set[str]:
    return {package.name for package in environment.packages()} - {"pip"}


async def run(*command: object) -> None:
    process = await asyncio.create_subprocess_exec(*map(str, command), stdout=subprocess.DEVNULL)
    assert await process.wait() == 0


async def test_a_package_comes_and_goes_with_its_line_in_requirements(environment: Environment, workspace: Path):
    assert environment.status.status is VenvState.COMPLETED, environment.status
    assert names(environment) == {"alpha"}
    first = environment.fingerprint
    environment.install(["beta"])
    with pytest.raises(AgentError) as caught:
        environment.install(["gamma"])
    assert caught.value.code is ErrorCode.CONFLICT
    assert await done(environment) is VenvState.COMPLETED
    assert names(environment) == {"alpha", "beta", "gamma"}
    assert [package.name for package in environment.packages() if package.required] == ["alpha", "beta"]
    assert (workspace / "requirements.txt").read_text() == "# base\nalpha\nbeta\n"
    await run(environment.python, "-c", "import alpha, beta, gamma; assert gamma.version == '2.5'")
    assert environment.fingerprint != first

    environment.uninstall("beta")
    assert await done(environment) is VenvState.COMPLETED
    assert names(environment) == {"alpha", "gamma"}
    assert (workspace / "requirements.txt").read_text() == "# base\nalpha\n"
    with pytest.raises(AgentError, match="'delta' is not installed"):
        environment.uninstall("delta")


async def test_a_package_is_looked_up_without_being_installed(environment: Environment, workspace: Path):
    found = await environment.lookup("Gamma")
    assert (found.name, found.version, found.message) == ("gamma", "2.5", "")
    missing = await environment.lookup("no-such-thing")
    assert missing.version == ""
    assert "There is no package 'no-such-thing'" in missing.message
    with pytest.raises(AgentError, match="is no name of a package"):
        await environment.lookup("gamma --index-url=x")
    available = [(package.name, package.version) for package in environment.available()]
    assert available == [("alpha", "1.0"), ("beta", "1.0"), ("gamma", "2.5")]
    assert names(environment) == {"alpha"}
    assert (workspace / "requirements.txt").read_text() == "# base\nalpha\n"


async def test_a_failed_installation_is_explained_and_nodes_still_run(environment: Environment, workspace: Path):
    environment.install(["no-such-thing"])
    assert await done(environment) is VenvState.FAILED
    assert "There is no package 'no-such-thing'" in environment.status.message
    assert environment.status.usable
    assert (workspace / "requirements.txt").read_text() == "# base\nalpha\n"
    assert environment.recreate().usable is False
    assert await done(environment) is VenvState.COMPLETED
    assert names(environment) == {"alpha"}


async def test_requirements_that_came_with_an_import_are_installed(environment: Environment, workspace: Path):
    environment.sync()
    assert environment.status.status is VenvState.COMPLETED
    (workspace / "requirements.txt").write_text("alpha\ngamma\n")
    environment.sync()
    assert environment.status.status is VenvState.INSTALLING
    (workspace / "requirements.txt").write_text("alpha\ngamma\nbeta\n")
    environment.sync()  # after the one under way
    await until(lambda: names(environment) == {"alpha", "beta", "gamma"}, "the second installation")
    assert await done(environment) is VenvState.COMPLETED


async def test_what_cannot_be_installed_can_be_taken_out(workspace: Path):
    (workspace / "requirements.txt").write_text("alpha\nno-such-thing\n")
    async with opened(workspace) as environment:
        await asyncio.wait_for(environment.ready(), 60)
        assert (environment.status.status, environment.status.usable) == (VenvState.FAILED, False)
        environment.uninstall("no-such-thing")
        assert await done(environment) is VenvState.COMPLETED
        assert names(environment) == {"alpha"}


async def test_an_environment_is_kept_over_a_restart_and_made_anew_when_it_must(
    environment: Environment, workspace: Path
):
    async with opened(workspace) as again:
        assert again.status.status is VenvState.COMPLETED
        assert again.fingerprint == environment.fingerprint
    environment.python.unlink()
    environment.python.symlink_to("/nonexistent/python")
    async with opened(workspace) as again:
        await asyncio.wait_for(again.ready(), 60)
        assert again.status.status is VenvState.COMPLETED
        await run(again.python, "-c", "import alpha")


def statuses(events: EventLog) -> list[tuple[str, str, bool]]:
    frame = events.frame_after(0)
    told = [event["data"].get("venv") for event in json.loads(frame[0])] if frame else []
    return [(venv["status"], venv["message"], venv["usable"]) for venv in told if venv]


@pytest.mark.parametrize(
    ("gone", "deaf"), [("venv", False), ("venv", True), ("venv/bin", False), ("venv moved", False)]
)
async def test_an_environment_that_was_deleted_is_made_anew(
    workspace: Path, gone: str, deaf: bool, monkeypatch: pytest.MonkeyPatch
):
    if deaf:
        monkeypatch.setattr("sandbox_image.agent.environment.environment.FolderWatch", lambda: FolderWatch(deaf=True))
    events = EventLog()
    async with opened(workspace, events) as environment:
        await asyncio.wait_for(environment.ready(), 60)
        assert environment.status.usable
        called: list[str] = []
        environment.on_change(lambda: called.append(environment.fingerprint))
        if gone == "venv moved":
            (workspace / ".aimforge/venv").rename(workspace / "elsewhere")
        else:
            shutil.rmtree(workspace / ".aimforge" / gone)
        assert not environment.status.usable  # at once, whoever asks first
        await until(lambda: ("creating", LOST, False) in statuses(events), "the loss to be told")
        await asyncio.wait_for(environment.ready(), 60)  # a run that is asked for now waits
        assert (environment.status.status, environment.status.usable) == (VenvState.COMPLETED, True)
        assert names(environment) == {"alpha"}
        await run(environment.python, "-c", "import alpha")
        assert len(called) == (0 if gone == "venv/bin" else 2)
        # And it is watched again.
        (workspace / "requirements.txt").write_text("no-such-thing\n")
        shutil.rmtree(workspace / ".aimforge/venv")
        await until(lambda: environment.status.status is VenvState.FAILED, "the failure")
        assert "There is no package 'no-such-thing'" in environment.status.message
        assert environment.recreate().usable is False


async def test_who_needs_an_environment_that_was_just_deleted_waits_for_the_new_one(environment: Environment):
    shutil.rmtree(environment.python.parents[1])
    await asyncio.wait_for(environment.ready(), 60)
    assert environment.status.usable
    await run(environment.python, "-c", "import alpha")


async def test_an_environment_that_somebody_replaces_is_left_to_them(workspace: Path):
    events = EventLog()
    async with opened(workspace, events) as environment:
        await asyncio.wait_for(environment.ready(), 60)
        await run(UV, "venv", "--quiet", "--clear", "--python", sys.executable, environment.python.parents[1])
        await until(lambda: names(environment) == set(), "the look at the new one")
        assert environment.status.usable
        wheel = workspace.parent / "wheels/gamma-2.5-py3-none-any.whl"
        await run(UV, "pip", "install", "--quiet", "--no-index", "--python", environment.python, wheel)
        await until(lambda: names(environment) == {"gamma"}, "gamma")
        assert LOST not in [message for _, message, _ in statuses(events)]


@pytest.mark.parametrize("deaf", [False, True])
async def test_packages_that_come_by_another_way_are_noticed(
    workspace: Path, deaf: bool, monkeypatch: pytest.MonkeyPatch
):
    if deaf:  # as where the kernel has no watches left
        monkeypatch.setattr("sandbox_image.agent.environment.environment.FolderWatch", lambda: FolderWatch(deaf=True))
    async with opened(workspace) as environment:
        await asyncio.wait_for(environment.ready(), 60)
        called: list[str] = []
        environment.on_change(lambda: called.append(environment.fingerprint))
        site = next((workspace / ".aimforge/venv/lib").glob("python3*/site-packages"))
        half = site / "half-1.0.dist-info"
        half.mkdir()
        wheel = workspace.parent / "wheels/gamma-2.5-py3-none-any.whl"
        await run(UV, "pip", "install", "--quiet", "--no-index", "--python", environment.python, wheel)
        await until(lambda: "gamma" in names(environment), "gamma")
        assert "half" not in names(environment)
        (half / "RECORD").write_text("")
        await until(lambda: "half" in names(environment), "half")
        assert called[-1] == environment.fingerprint


async def test_leaving_ends_an_installation_under_way(workspace: Path):
    async with opened(workspace) as environment:
        assert environment.status.status is VenvState.CREATING
    async with opened(workspace) as environment:
        await asyncio.wait_for(environment.ready(), 60)
        assert environment.status.status is VenvState.COMPLETED


async def test_a_run_waits_for_requirements_that_changed_while_the_environment_was_made(workspace: Path):
    async with opened(workspace) as environment:
        (workspace / "requirements.txt").write_text("alpha\nbeta\n")
        environment.sync()
        await asyncio.wait_for(environment.ready(), 60)
        assert environment.status.usable
        assert names(environment) == {"alpha", "beta", "gamma"}
        (workspace / "requirements.txt").write_text("alpha\n")
        environment.sync()
        await asyncio.wait_for(environment.ready(), 60)
        assert environment.status.status is VenvState.COMPLETED


def changes_of_packages(events: EventLog) -> list[dict[str, list[str]]]:
    frame = events.frame_after(0)
    told = json.loads(frame[0]) if frame else []
    return [event["data"] for event in told if event["type"] == "package_changed"]


async def test_requirements_that_were_edited_by_hand_are_noticed_and_installed(workspace: Path):
    events = EventLog()
    async with opened(workspace, events) as environment:
        await asyncio.wait_for(environment.ready(), 60)
        assert not environment.status.outdated
        seen = events.seq
        (workspace / "requirements.txt").write_text("# another comment\n\nalpha  # the first\n")
        environment.files_changed(["requirements.txt"], False)
        assert (environment.status.outdated, events.seq) == (False, seen)
        (workspace / "requirements.txt").write_text("alpha\ngamma\n")
        environment.files_changed(["nodes/a.py"], False)
        assert not environment.status.outdated
        environment.files_changed([], True)
        assert environment.status.outdated
        frame = events.frame_after(seen)
        assert frame is not None
        assert [event["data"]["venv"]["outdated"] for event in json.loads(frame[0])] == [True]
        # What is changed by the panel does not hide that the rest of the file was never installed.
        environment.uninstall("alpha")
        assert await done(environment) is VenvState.COMPLETED
        assert environment.status.outdated
        assert environment.install_required().status is VenvState.INSTALLING
        with pytest.raises(AgentError, match="not done yet"):
            environment.install_required()
        assert await done(environment) is VenvState.COMPLETED
        assert not environment.status.outdated
        assert names(environment) == {"gamma"}
        (workspace / "requirements.txt").write_text("gamma\nno-such-thing\n")
        environment.install_required()
        assert await done(environment) is VenvState.FAILED
        assert environment.status.outdated


async def pip(environment: Environment, workspace: Path, *what: str) -> asyncio.subprocess.Process:
    """A pip that somebody started by hand."""
    wheels = workspace.parent / "wheels"
    arguments = ["-m", "pip", "install", "--quiet", "--no-index", "--find-links", str(wheels), *what]
    return await asyncio.create_subprocess_exec(str(environment.python), *arguments, stderr=subprocess.DEVNULL)


needs_pip = pytest.mark.skipif(_pip_wheel() is None, reason="this Python came without pip")


@needs_pip
async def test_an_installation_of_many_packages_by_pip_is_told_once(workspace: Path):
    large = [f"large{number}" for number in range(4)]
    for name in large:  # each takes longer than the folder is waited for to be quiet
        make_wheel(workspace.parent / "wheels", name, modules=1500)
    events = EventLog()
    async with opened(workspace, events) as environment:
        await asyncio.wait_for(environment.ready(), 60)
        before = len(changes_of_packages(events))
        assert await (await pip(environment, workspace, *large)).wait() == 0
        await until(lambda: set(large) <= names(environment), "the packages")
        assert [change["added"] for change in changes_of_packages(events)[before:]] == [
            [f"{name}==1.0" for name in large]
        ]


@needs_pip
async def test_what_a_killed_pip_left_half_done_is_not_told(workspace: Path):
    for name in ("one", "other"):
        make_wheel(workspace.parent / "wheels", name, modules=1500)
    events = EventLog()
    async with opened(workspace, events) as environment:
        await asyncio.wait_for(environment.ready(), 60)
        before = len(changes_of_packages(events))
        site = next((workspace / ".aimforge/venv/lib").glob("python3*/site-packages"))
        process = await pip(environment, workspace, "one", "other")
        await until(lambda: {"one", "other"} <= {entry.name for entry in site.iterdir()}, "the second package")
        process.kill()
        await process.wait()
        done = {path.parent.name for path in site.glob("o*.dist-info/RECORD")}
        assert len(done) == 1, "it ended before it was killed"
        half = ({"one", "other"} - {done.copy().pop().partition("-")[0]}).pop()
        assert not list(site.glob(f"{half}-*.dist-info/RECORD"))
        (whole,) = {"one", "other"} - {half}
        await until(lambda: whole in names(environment), "the whole package")
        # As if a pip had been killed a little later, and another change comes.
        (site / f"{half}-1.0.dist-info").mkdir(exist_ok=True)
        (site / "~ne-0.9.dist-info").mkdir()
        assert await (await pip(environment, workspace, "gamma")).wait() == 0
        await until(lambda: "gamma" in names(environment), "another package")
        told = [change["added"] for change in changes_of_packages(events)[before:]]
        assert told == [[f"{whole}==1.0"], ["gamma==2.5"]]
        # Done properly, it is told.
        assert await (await pip(environment, workspace, half)).wait() == 0
        await until(lambda: half in names(environment), "the package at last")


async def test_an_installation_that_fails_tells_of_nothing(environment: Environment, workspace: Path):
    called: list[str] = []
    environment.on_change(lambda: called.append(environment.fingerprint))
    assert await (await pip(environment, workspace, "beta", "no-such-thing")).wait() != 0
    environment.install(["beta", "no-such-thing"])
    assert await done(environment) is VenvState.FAILED
    assert called == []
    environment.install(["beta"])
    assert await done(environment) is VenvState.COMPLETED
    assert len(called) == 1
