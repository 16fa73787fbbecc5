"""The shape of the code: layers, policies, sizes, and what may not be named."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.routing import WebSocketRoute

from control_plane.api.operation import OperationRoute
from control_plane.app import create_app
from control_plane.domain.access import Policy
from control_plane.settings import Settings

ROOT = Path(__file__).parents[2]
SOURCES = ("control_plane", "sandbox_image", "tests", "benchmarks", "frontend/src")
LONGEST = 400
TEXT = {".py", ".ts", ".tsx", ".md", ".toml", ".yaml", ".yml", ".css", ".html", ".sh", ""}


def tracked() -> list[Path]:
    """All files that are committed, as text files."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    return [file for file in files if file.suffix in TEXT and file.is_file()]


def test_the_layers_point_one_way():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_route_has_a_policy(tmp_path: Path):
    app = create_app(Settings(data_dir=tmp_path))
    assert len(app.routes) > 50
    for route in app.routes:
        assert isinstance(route, OperationRoute | WebSocketRoute), route
        assert isinstance(getattr(route, "policy", None), Policy), route


def test_operations_are_named_once_and_documented(tmp_path: Path):
    app = create_app(Settings(data_dir=tmp_path))
    operations = [route.operation for route in app.routes if isinstance(route, OperationRoute)]
    ids = [operation.id for operation in operations]
    assert len(set(ids)) == len(ids)
    assert len({(operation.method, operation.path) for operation in operations}) == len(ids)
    documented = (ROOT / "docs" / "api.md").read_text()
    for operation in operations:
        if not operation.hidden:
            assert f"`{operation.method} {operation.path}`" in documented, operation.id


def test_no_file_is_too_long():
    long = {
        str(file.relative_to(ROOT)): lines
        for folder in SOURCES
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".py", ".ts", ".tsx"}
        and "node_modules" not in file.parts
        and "wire" not in file.parts
        and (lines := file.read_text(encoding="utf-8").count("\n")) > LONGEST
    }
    assert not long


def test_no_package_registry_is_named():
    # Written apart, so that this test does not name them either.
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org", "npmjs" + ".com", "docker" + ".io/"]
    found = [
        f"{file.relative_to(ROOT)}: {host}"
        for file in tracked()
        for host in hosts
        if host in file.read_text(encoding="utf-8", errors="replace")
    ]
    assert not found


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_commands_in_documents_exist(document: str):
    path = ROOT / document
    assert path.exists(), document
    text = path.read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = set(
        re.findall(r"`?\bmake ([a-z][a-z-]*)", "\n".join(re.findall(r"`[^`]*`|^ {4}.*$|```[^`]*```", text, re.M)))
    )
    assert commands <= targets, commands - targets
