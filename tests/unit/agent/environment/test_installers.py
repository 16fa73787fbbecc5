"""Who counts as an installer that runs."""

import subprocess
import sys

import pytest

from sandbox_image.agent.environment.installers import is_installer, is_installing


@pytest.mark.parametrize(
    "command",
    [
        "pip install polars",
        "/venv/bin/python3 -I -X dev -m pip install -r requirements.txt",
        "/venv/bin/python /venv/bin/pip3.12 uninstall -y polars",
        "/opt/bin/uv pip install --quiet polars",
        "uv sync",
        "poetry add polars",
        "micromamba install -y polars",
    ],
)
def test_installers(command: str):
    assert is_installer(command.split())


@pytest.mark.parametrize(
    "command",
    ["uv run server.py", "pip list", "uv pip compile wanted.in", "python main.py pipeline install", "install x y", ""],
)
def test_others(command: str):
    assert not is_installer(command.split())


def test_one_that_runs_is_seen_until_it_ends():
    code = "import sys; print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, "uv", "install", "of-the-test"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert is_installing()
        process.communicate()
