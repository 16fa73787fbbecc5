import importlib
import os
import subprocess
import sys

import pytest

from control_plane import cli


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "control_plane", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )


def test_help_lists_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    for name, (_, sentence) in cli.COMMANDS.items():
        assert f"  {name} " in done.stdout
        assert sentence in done.stdout


def test_a_command_that_is_not_known_is_named() -> None:
    done = run("sevre")
    assert done.returncode == 2
    assert "no command 'sevre'" in done.stderr
    assert "serve" in done.stderr


def test_version() -> None:
    done = run("version")
    assert done.returncode == 0
    assert done.stdout.startswith("aimforge ")


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_is_there(name: str) -> None:
    module = importlib.import_module(cli.COMMANDS[name][0])
    assert hasattr(module, "app") or callable(getattr(module, name))


def test_asking_for_help_imports_nothing_heavy() -> None:
    program = "import sys, control_plane.cli as cli; sys.argv = ['aimforge']; cli.main(); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "'typer'" in done.stdout
    for heavy in ("fastapi", "sqlalchemy", "aiodocker", "aiohttp", "pydantic"):
        assert f"'{heavy}'" not in done.stdout


@pytest.mark.parametrize("name", ["serve", "user", "image"])
def test_help_and_mistakes_of_a_command_are_told_in_words(name: str) -> None:
    done = run(name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage:" in done.stdout
    done = run(name, "--nonsense")
    assert done.returncode == 2
    assert "No such option: --nonsense" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_ends_the_start_and_a_slip_in_a_name_is_told() -> None:
    done = run("serve", AIMFORGE_PROT="1", AIMFORGE_PORT="none")
    assert done.returncode == 2
    assert "AIMFORGE_PROT is no setting and changes nothing. Is AIMFORGE_PORT meant?" in done.stderr
    assert "AIMFORGE_PORT: " in done.stderr
