"""What the sandbox image holds, and what it must not hold."""

from typing import Any

import pytest

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.image import ensure_image
from control_plane.adapters.docker.runtime import DockerRuntime
from tests.integration.engine.sandbox import run_inside, spec

pytestmark = pytest.mark.engine

LOOK = """
import importlib.util, json, os, subprocess, sys
def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout or done.stderr).splitlines()[0] if done.returncode == 0 else None
writable = []
for top in ("/opt", "/usr", "/etc", "/bin", "/lib"):
    for folder, folders, files in os.walk(top):
        for name in files + folders:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                status = os.lstat(path)
                if status.st_uid != 0 or status.st_mode & 0o002:
                    writable.append(path)
print(json.dumps({
    "tools": {name: first_line(name, "--version") for name in ("uv", "ruff", "node", "git", "python3", "vim")},
    "agent": importlib.util.find_spec("sandbox_image.agent") is not None,
    "control_plane": importlib.util.find_spec("control_plane") is not None,
    "pip_in_the_agents_environment": importlib.util.find_spec("pip") is not None,
    "pyright": os.path.exists(os.path.join(os.path.dirname(importlib.util.find_spec("pyright").origin), "dist/langserver.index.js")),
    "writable": writable,
    "variables": sorted(name for name in os.environ if "INDEX" in name or "TOKEN" in name or "SECRET" in name),
    "prefix": os.listdir("/opt/aimforge"),
}))
"""

INSTALL = """
import json, os, subprocess
CHECKED = '''
import importlib.util
for name in ("numpy", "pandas", "matplotlib", "fastapi"):
    with open(importlib.util.cache_from_source(importlib.util.find_spec(name).origin), "rb") as file:
        print(name, int.from_bytes(file.read(8)[4:], "little"))
'''
env = dict(os.environ, UV_CACHE_DIR="/workspace/cache", HOME="/workspace")
def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd="/workspace")
    return [done.returncode, done.stdout + done.stderr]
print(json.dumps([
    run("uv", "venv", "venv", "--python", "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else "python3"),
    run("uv", "pip", "install", "--offline", "--no-index", "--python", "venv/bin/python", "pandas", "matplotlib", "fastapi"),
    run("venv/bin/python", "-c", CHECKED),
    run("venv/bin/python", "-c", "import numpy, pandas, fastapi; print(pandas.DataFrame({'a': [1, 2]}).a.sum())"),
    run("uv", "pip", "install", "--offline", "--no-index", "--python", "venv/bin/python", "no-such-package-here"),
]))
"""


async def test_tools_are_there_and_nothing_can_be_changed(runtime: DockerRuntime) -> None:
    container = await runtime.start(spec())
    found: dict[str, Any] = await run_inside(container.id, LOOK)

    assert all(found["tools"].values()), found["tools"]
    assert found["agent"]
    assert found["pyright"]
    assert not found["control_plane"]
    assert not found["pip_in_the_agents_environment"]
    assert found["writable"] == []
    assert found["variables"] == []
    assert sorted(found["prefix"]) == ["agent", "bin", "venv", "wheelhouse"]


async def test_base_packages_install_without_a_network(runtime: DockerRuntime) -> None:
    container = await runtime.start(spec(memory=512 * 1024 * 1024))
    made, installed, compiled, used, refused = await run_inside(container.id, INSTALL)

    assert made[0] == 0, made[1]
    assert installed[0] == 0, installed[1]
    # Byte code comes with them, bound to the hash of its source: nothing is compiled when they are imported first.
    assert compiled == [0, "numpy 3\npandas 3\nmatplotlib 3\nfastapi 3\n"]
    assert used == [0, "3\n"]
    assert refused[0] != 0


async def test_an_image_that_is_current_is_not_built_again(engine: Engine, image: str) -> None:
    progress: list[str] = []
    assert await ensure_image(engine, progress.append) == image
    assert progress == []
