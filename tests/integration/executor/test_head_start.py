"""The first zygote may be started before anything is known of the environment."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from sandbox_image.agent.executor import Executor
from sandbox_image.agent.executor.head_start import PYTHON, head_start
from sandbox_image.agent.executor.zygote import Zygote

from .conftest import Bench, Environment, gone, plain_json

PARENT: Final = "import os\n\ndef main():\n    return os.getppid()\n"


@asynccontextmanager
async def begun(workspace: Path) -> AsyncIterator[asyncio.Task[Zygote | None]]:
    """A head start in a workspace whose environment is this interpreter's own."""
    binaries = (workspace / PYTHON).parent
    binaries.mkdir(parents=True)
    (workspace / PYTHON).symlink_to(sys.executable)
    (binaries.parent / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    async with asyncio.TaskGroup() as group:
        yield group.create_task(head_start(workspace))


async def parent_of_a_run(executor: Executor, environment: Environment, workspace: Path) -> int:
    outcome = await Bench(executor, environment, workspace).run(PARENT)
    return int(plain_json(outcome))


def pid_of(zygote: Zygote | None) -> int:
    assert zygote is not None
    return zygote._process.pid  # pyright: ignore[reportPrivateUsage]


async def test_runs_come_from_the_zygote_that_had_a_head_start(tmp_path: Path) -> None:
    environment = Environment()
    async with begun(tmp_path) as first:
        pid = pid_of(await asyncio.shield(first))
        async with Executor(environment, tmp_path, first) as executor:
            assert await parent_of_a_run(executor, environment, tmp_path) == pid


async def test_an_environment_that_is_not_usable_as_it_was_gets_a_zygote_of_its_own(tmp_path: Path) -> None:
    environment = Environment()
    environment.status = replace(environment.status, usable=False)
    async with begun(tmp_path) as first:
        pid = pid_of(await asyncio.shield(first))
        async with Executor(environment, tmp_path, first) as executor:
            await gone(pid)
            environment.status = replace(environment.status, usable=True)
            assert await parent_of_a_run(executor, environment, tmp_path) not in (pid, os.getpid())


async def test_packages_that_changed_in_between_end_the_head_start(tmp_path: Path) -> None:
    environment = Environment()
    async with begun(tmp_path) as first:
        pid = pid_of(await asyncio.shield(first))
        async with Executor(environment, tmp_path, first) as executor:
            environment.change("2")
            assert await parent_of_a_run(executor, environment, tmp_path) not in (pid, os.getpid())
            await gone(pid)


async def test_without_an_environment_there_is_no_head_start(tmp_path: Path) -> None:
    assert await head_start(tmp_path) is None


async def test_an_interpreter_that_does_not_start_costs_only_the_head_start(tmp_path: Path) -> None:
    environment = Environment()
    python = tmp_path / PYTHON
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 3\n")
    python.chmod(0o755)
    assert await head_start(tmp_path) is None
    async with (
        asyncio.TaskGroup() as group,
        Executor(environment, tmp_path, group.create_task(head_start(tmp_path))) as executor,
    ):
        assert await parent_of_a_run(executor, environment, tmp_path) > 0
