import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import get_args

import pytest

from control_plane.adapters.docker.image_context import PYTHON_SERVERS, ROOT, ImageContext, host_environment, proxies
from control_plane.settings import Settings


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small source tree with all inputs of the image."""
    shutil.copy(ROOT / "Dockerfile.sandbox", tmp_path)
    for folder, name in (("requirements", "agent.lock"), ("requirements", "sandbox.lock")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_text(name)
    (tmp_path / "requirements/wheelhouse.lock").write_text("wheelhouse")
    (tmp_path / "sandbox_image/agent/__pycache__").mkdir(parents=True)
    (tmp_path / "sandbox_image/agent/app.py").write_text("app = 1\n")
    (tmp_path / "control_plane").mkdir()
    (tmp_path / "control_plane/secrets.py").write_text("key = 1\n")
    return tmp_path


@pytest.mark.parametrize(
    "changed", ["Dockerfile.sandbox", "requirements/wheelhouse.lock", "sandbox_image/agent/app.py", "sandbox_image/new"]
)
def test_every_input_changes_the_digest(tree: Path, changed: str) -> None:
    before = ImageContext.read(tree).digest("base")
    (tree / changed).write_text("something else")
    assert ImageContext.read(tree).digest("base") != before


def test_the_base_changes_the_digest_too(tree: Path) -> None:
    context = ImageContext.read(tree)
    assert context.digest("base") != context.digest("another")


@pytest.mark.parametrize(
    "changed", ["sandbox_image/agent/__pycache__/app.pyc", "control_plane/secrets.py", "README.md"]
)
def test_what_is_no_input_changes_nothing(tree: Path, changed: str) -> None:
    before = ImageContext.read(tree).digest("base")
    (tree / changed).write_text("something else")
    assert ImageContext.read(tree).digest("base") == before


def test_another_python_language_server_is_in_the_image_that_is_built_for_it(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "requirements/ty.lock").write_text("ty")
    before = ImageContext.read(tree)
    monkeypatch.setenv("AIMFORGE_PYTHON_LSP", "ty")
    chosen = ImageContext.read(tree)
    assert chosen.files["requirements/python-lsp.lock"] == b"ty"
    assert chosen.digest("base") != before.digest("base")
    monkeypatch.setenv("AIMFORGE_PYTHON_LSP", "pyright")
    assert ImageContext.read(tree).digest("base") == before.digest("base")
    monkeypatch.delenv("AIMFORGE_PYTHON_LSP")
    monkeypatch.setenv("PYTHON_LSP", "../../ty")
    assert ImageContext.read(tree) == before


def test_each_server_that_a_deployment_may_choose_has_a_lock() -> None:
    names = get_args(Settings.model_fields["python_lsp"].annotation)
    assert set(names) == {"pyright", *PYTHON_SERVERS}
    assert all((ROOT / f"requirements/{name}.lock").is_file() for name in PYTHON_SERVERS)


def test_only_the_agent_the_locks_and_the_hosts_settings_enter_the_context(tree: Path) -> None:
    with tarfile.open(fileobj=ImageContext.read(tree).archive()) as archive:
        names = set(archive.getnames())
    assert names == {
        "Dockerfile.sandbox",
        "host/ca.crt",
        "host/environment",
        "requirements/agent.lock",
        "requirements/sandbox.lock",
        "requirements/wheelhouse.lock",
        "sandbox_image/agent/app.py",
    }


def test_the_same_tree_gives_the_same_bytes(tree: Path) -> None:
    assert ImageContext.read(tree).archive().read() == ImageContext.read(tree).archive().read()


def test_the_hosts_settings_survive_a_shell(tmp_path: Path) -> None:
    hostile = "http://mirror.example/'; echo $(id) \"x"
    (tmp_path / "host").write_text(host_environment({"PIP_INDEX_URL": hostile}, tmp_path))
    output = subprocess.run(
        ["sh", "-c", f'. {tmp_path}/host; printf %s "$PIP_INDEX_URL"'],
        capture_output=True,
        text=True,
        check=True,
        env={},
    )
    assert output.stdout == hostile


def test_pips_configuration_is_passed_on_and_folders_of_the_host_are_not(tmp_path: Path) -> None:
    configuration = tmp_path / "pip.conf"
    configuration.write_text("[global]\nindex-url = https://mirror.example/simple\ntrusted-host = mirror.example\n")
    text = host_environment({"PIP_CONFIG_FILE": str(configuration), "PIP_EXTRA_INDEX_URL": "file:///wheels"}, tmp_path)
    assert "export PIP_INDEX_URL=https://mirror.example/simple\n" in text
    assert "export PIP_TRUSTED_HOST=mirror.example\n" in text
    assert "file:" not in text


def test_the_hosts_indexes_enter_only_the_stage_that_is_thrown_away() -> None:
    """A mirror's URL may hold a password, and a layer of the image would keep it."""
    stages = (ROOT / "Dockerfile.sandbox").read_text().split("\nFROM ")
    with_settings = [
        stage.splitlines()[0] for stage in stages if re.search(r"^COPY .*host/(environment|\s)", stage, re.M)
    ]
    assert with_settings == ["base AS tools"]
    assert stages[-1].startswith("base\n")


def test_proxies_are_build_arguments_and_nothing_else_is() -> None:
    assert proxies({"HTTPS_PROXY": "http://proxy.example", "PIP_INDEX_URL": "x", "HOME": "/root"}) == {
        "HTTPS_PROXY": "http://proxy.example"
    }
