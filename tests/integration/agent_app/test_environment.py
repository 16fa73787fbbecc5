"""The environment with a real uv, from wheels made here: no network is needed."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox_image.agent.environment import Environment
from sandbox_image.agent.environment.folder_watch import FolderWatch
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


def opened(workspace: Path) -> Environment:
    settings = AgentSettings(
        workspace=str(workspace), wheelhouse=str(workspace.parent / "wheels"), offline=True, egress_socket=""
    )
    return Environment(workspace, EventLog(), settings)


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
