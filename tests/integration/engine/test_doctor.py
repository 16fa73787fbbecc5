"""``aimforge doctor`` on this machine, and on one where things are missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from control_plane.adapters.docker.image_context import ROOT

pytestmark = pytest.mark.engine


def doctor(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    frontend = tmp_path / "dist"
    frontend.mkdir(exist_ok=True)
    (frontend / "index.html").touch()
    preset = {
        "AIMFORGE_DATA_DIR": str(tmp_path / "data"),
        "AIMFORGE_FRONTEND_DIR": str(frontend),
        "AIMFORGE_PORT": "0",
    }
    command = [sys.executable, "-m", "control_plane", "doctor"]
    environment = os.environ | preset | variables
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)


@pytest.mark.usefixtures("image")
def test_all_is_well(tmp_path: Path) -> None:
    done = doctor(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout
    for what in ("engine", "image", "runtime", "data", "disk", "port", "front end"):
        assert f"ok    {what}" in done.stdout


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    ("variables", "finding", "mend"),
    [
        ({"DOCKER_HOST": "unix:///nowhere.sock"}, "FAIL  engine", "scripts/engine"),
        ({"BASE_IMAGE": "nowhere:1"}, "FAIL  image", "aimforge image ensure"),
        ({"AIMFORGE_IMAGE": "nowhere:1"}, "FAIL  image        nowhere:1 is not there", "docker pull nowhere:1"),
        ({"AIMFORGE_DATA_DIR": "/proc/data"}, "FAIL  data", "set AIMFORGE_DATA_DIR"),
        ({"AIMFORGE_RUNTIME": "no-such-runtime"}, "FAIL  runtime", "AIMFORGE_RUNTIME"),
        ({"AIMFORGE_FRONTEND_DIR": "/nowhere"}, "FAIL  front end", "scripts/frontend"),
        ({"AIMFORGE_PORT": "none"}, "FAIL  settings", "Correct the variables"),
    ],
)
def test_what_is_missing_is_named_with_what_mends_it(
    tmp_path: Path, variables: dict[str, str], finding: str, mend: str
) -> None:
    done = doctor(tmp_path, **variables)
    assert done.returncode == 1
    assert finding in done.stdout
    assert mend in done.stdout
