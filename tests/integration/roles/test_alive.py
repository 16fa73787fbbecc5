"""What a health check restarts a role for: its own silence, and not that of what it needs."""

import signal
import socket
import subprocess
import sys

import pytest

from control_plane.commands.alive import TIMEOUT_SEC
from tests.integration.roles.processes import ROOT, Stack, stack

pytestmark = pytest.mark.timeout(120)


def alive(there: Stack, role: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "control_plane", "alive", role],
        cwd=ROOT,
        env={**there.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SEC + 60,
    )


@pytest.mark.parametrize("silent", [False, True], ids=["gone", "silent"])
def test_a_launcher_is_alive_while_its_engine_is_not(silent: bool):
    with socket.socket(socket.AF_UNIX) as engine, stack("alive", "an-image") as made:
        path = made.folder / "engine.sock"
        if silent:
            engine.bind(str(path))
            engine.listen()
        there = Stack(made.folder, {**made.environment, "DOCKER_HOST": f"unix://{path}"})
        with there.role("launcher") as launcher:
            told = alive(there, "launcher")
            assert (told.returncode, told.stderr) == (0, "")

            launcher.process.send_signal(signal.SIGSTOP)
            told = alive(there, "launcher")
            assert (told.returncode, "launcher does not answer" in told.stderr) == (1, True)
            launcher.process.send_signal(signal.SIGCONT)
            assert alive(there, "launcher").returncode == 0
        told = alive(there, "launcher")
        assert (told.returncode, "launcher does not answer" in told.stderr) == (1, True)
