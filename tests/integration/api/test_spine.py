"""The product's spine, as a program sees it: a server process, a real sandbox, a real flow, from making to deleting."""

import asyncio
import io
import os
import sys
import uuid
import zipfile
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL
from tests.conftest import remove_all

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[3]
TOKEN = uuid.uuid4().hex
FIBONACCI = "def fibo(n):\n    return n if n < 2 else fibo(n - 1) + fibo(n - 2)\n\n\ndef main():\n    return fibo(10)\n"


@dataclass
class Server:
    """A control plane of this test's own, and a client that has its token."""

    process: asyncio.subprocess.Process
    url: str
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        async with self.session.request(method, self.url + path, **more) as answer:
            body = await answer.json() if answer.content_type == "application/json" else await answer.read()
            assert answer.status == status, body
            return body


async def start(folder: Path, image: str, deployment: str) -> tuple[asyncio.subprocess.Process, str]:
    """Start a server and return the origin of the address that it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIMFORGE_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "control_plane",
        "serve",
        cwd=ROOT,
        env=kept
        | {
            "AIMFORGE_DATA_DIR": str(folder),
            "AIMFORGE_PORT": "0",
            "LC_ALL": "C.UTF-8",
            "AIMFORGE_TOKEN": TOKEN,
            "AIMFORGE_IMAGE": image,
            "AIMFORGE_DEPLOYMENT": deployment,
        },
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    return process, line.rpartition(" ")[2].partition("/login")[0]


@pytest.fixture
async def server(tmp_path: Path, image: str, deployment: str) -> AsyncGenerator[Server]:
    process, url = await start(tmp_path, image, deployment)
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=500)) as session:
        running = Server(process, url, session)
        yield running
        if running.process.returncode is None:
            running.process.kill()
            await running.process.wait()


async def welcome(server: Server) -> str:
    (project,) = await server.call("GET", "/api/project/")
    assert project["name"] == "Welcome"
    return project["id"]


async def venv_completed(server: Server, project_id: str) -> None:
    """Wait until the project's environment is there."""
    async with asyncio.timeout(400):
        while (await server.call("GET", f"/api/project/{project_id}/venv-status"))["status"] != "completed":  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_from_the_first_start_to_the_last_deletion(server: Server, engine: Engine, deployment: str):
    project_id = await welcome(server)
    project = await server.call("GET", f"/api/project/{project_id}")
    assert len(project["nodes"]) >= 8
    await venv_completed(server, project_id)

    flow = await server.call("POST", "/api/project/execute-flow", json={"project_id": project_id, "timeout_sec": 120})
    assert flow["status"] == "succeeded", flow
    code = {node["id"] for node in project["nodes"] if node["kind"] == "code"}
    assert code <= {id_ for id_, node in flow["nodes"].items() if node["status"] == "succeeded"}

    nodes = f"/api/project/{project_id}/nodes"
    here = {"x": 0, "y": 0}
    first = await server.call("POST", nodes, 201, json={"title": "Fibo", "code": FIBONACCI, "position": here})
    double = "def main(input_data):\n    print('doubling')\n    return input_data * 2\n"
    second = await server.call("POST", nodes, 201, json={"title": "Double", "code": double, "position": here})
    assert (first["file"], len(second["ports"]["inputs"])) == ("nodes/fibo.py", 1)
    edge = {"source": first["id"], "target": second["id"]}
    await server.call("POST", f"/api/project/{project_id}/edges", 201, json=edge)

    one = {"project_id": project_id, "node_id": first["id"]}
    ran = await server.call("POST", "/api/code/execute-node", json=one)
    assert (ran["status"], ran["output"]["mime"]["text/plain"]) == ("succeeded", "55")
    two = {"project_id": project_id, "node_id": second["id"]}
    ran = await server.call("POST", "/api/code/execute-node", json=two)
    assert (ran["output"]["mime"]["text/plain"], ran["stdout"]) == ("110", "doubling\n")

    archive = await server.call("GET", f"/api/project/{project_id}/export")
    with zipfile.ZipFile(io.BytesIO(archive)) as exported:
        names = exported.namelist()
    assert any(name.endswith("flow.json") for name in names)
    assert any(name.endswith("nodes/fibo.py") for name in names)

    await server.call("DELETE", f"/api/project/{project_id}?now=true")
    await server.call("GET", f"/api/project/{project_id}", 404)
    filters = f'{{"label": ["{DEPLOYMENT_LABEL}={deployment}"]}}'
    assert await engine.call("GET", "containers/json", params={"all": 1, "filters": filters}) == []
    assert not (await engine.call("GET", "volumes", params={"filters": filters}))["Volumes"]


async def test_a_killed_server_loses_no_sandbox_and_finds_it_again(
    server: Server, tmp_path: Path, image: str, deployment: str, engine: Engine
):
    project_id = await welcome(server)
    before = await server.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")
    server.process.kill()
    await server.process.wait()
    server.process, server.url = await start(tmp_path, image, deployment)
    after = await server.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")
    assert (after["state"], after["generation"]) == ("ready", before["generation"])
    await server.call("POST", f"/api/project/{project_id}/sandbox/stop")
    await remove_all(engine, deployment)
