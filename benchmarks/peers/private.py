"""Environments for peers whose packages are no business of ours: made once by uv, kept in ``.venv-bench``."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[2] / ".venv-bench"
SCRIPTS: Final = Path(__file__).parent / "scripts"


class PeerUnavailable(Exception):
    """A peer's packages cannot be installed."""


def python_with(name: str, *requirements: str) -> Path:
    """Return an interpreter with the packages, installed when they are first asked for. Raises ``PeerUnavailable``."""
    digest = hashlib.sha256(json.dumps([sys.version, *requirements]).encode()).hexdigest()[:8]
    folder = FOLDER / f"{name}-{digest}"
    python = folder / "bin" / "python"
    done = folder / "complete"
    if not done.exists():
        print(f"… installing {', '.join(requirements)}", file=sys.stderr, flush=True)
        uv = [sys.executable, "-m", "uv"]
        for command in (
            [*uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)],
            [*uv, "pip", "install", "-q", "--python", str(python), *requirements],
        ):
            found = subprocess.run(command, env=_with_index(), capture_output=True, text=True, check=False)
            if found.returncode:
                raise PeerUnavailable(
                    f"{name} cannot be installed, so there is no peer: {found.stderr.strip()[-1000:]}"
                )
        done.touch()
    return python


def _with_index() -> dict[str, str]:
    """uv does not read pip's configuration: a private index that is set there is passed on."""
    if os.environ.get("UV_DEFAULT_INDEX"):
        return dict(os.environ)
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    index = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return {**os.environ, **({"UV_DEFAULT_INDEX": index} if index else {})}


def run_script(python: Path, script: str, *arguments: object) -> Any:
    """Run one of ``scripts/`` with a peer's interpreter; the JSON in the last line that it prints."""
    command = [str(python), str(SCRIPTS / script), *map(str, arguments)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode:
        raise RuntimeError(f"{script} failed: {found.stderr.strip()[-2000:]}")
    return json.loads(found.stdout.strip().splitlines()[-1])
