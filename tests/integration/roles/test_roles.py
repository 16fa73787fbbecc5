"""The three roles as processes, with a real sandbox: they work together, and the end of one loses nothing."""

import asyncio
import http.server
import threading
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL
from tests.integration.roles.processes import Api, Role, Stack, stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

ASK = """
import http.client

def main():
    answers = []
    for name in ("localhost:PORT", "elsewhere.example:80"):
        connection = http.client.HTTPConnection("127.0.0.1", 3128, timeout=60)
        try:
            connection.request("GET", f"http://{name}/")
            answer = connection.getresponse()
            answers.append(f"{answer.status} {answer.read().decode()[:22].strip()}")
        except OSError as error:
            answers.append(repr(error))
    return answers
"""
PASSED = "['200 the origin', '403 This sandbox may not r']"


class Origin(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(b"the origin")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name in the base class
        return


@pytest.fixture
def origin() -> Generator[int]:
    """A host that sandboxes may reach, and its port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@dataclass
class Running:
    there: Stack
    launcher: Role
    egress: Role
    api: Api


@pytest.fixture
def running(deployment: str, image: str, origin: int) -> Generator[Running]:
    with ExitStack() as open_, stack(deployment, image, AIMFORGE_EGRESS_HOSTS=f"localhost:{origin}!") as there:
        launcher = open_.enter_context(there.role("launcher"))
        egress = open_.enter_context(there.role("egress"))
        api = Api.at(open_.enter_context(there.role("serve")).line)
        yield Running(there, launcher, egress, api)
        open_.close()


async def test_they_work_together_and_the_end_of_one_loses_nothing(
    running: Running, origin: int, engine: Engine, deployment: str
):
    api = running.api
    project_id = api.call("POST", "/api/project/make", {"name": "Prices"})["id"]
    before = api.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")
    node = api.add_node(project_id, ASK.replace("PORT", str(origin)))
    assert api.run_node(project_id, node) == PASSED

    running.egress.kill()
    with running.there.role("egress"):
        async with asyncio.timeout(60):
            # The gate comes back a moment after its role.
            while api.run_node(project_id, node) != PASSED:  # noqa: ASYNC110  a gate tells nobody
                await asyncio.sleep(0.1)

    running.launcher.kill()
    with running.there.role("launcher"):
        after = api.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")
        assert (after["state"], after["generation"]) == ("ready", before["generation"])
        filters = f'{{"label": ["{DEPLOYMENT_LABEL}={deployment}", "org.aimforge.project={project_id}"]}}'
        (container,) = await engine.call("GET", "containers/json", params={"filters": filters})
        check_inspected(await engine.call("GET", f"containers/{container['Id']}/json"), running.there.folder)
        assert api.call("POST", f"/api/project/{project_id}/sandbox/stop")["state"] == "stopped"


def check_inspected(inspected: dict[str, Any], folder: Path) -> None:
    """What the engine itself says of a sandbox that an api asked a launcher for."""
    host = inspected["HostConfig"]
    assert (host["Privileged"], host["NetworkMode"], host["ReadonlyRootfs"]) == (False, "none", True)
    assert (host["CapDrop"], host["CapAdd"], host["Devices"]) == (["ALL"], None, None)
    assert inspected["Config"]["User"].startswith("20000")
    for mount in inspected["Mounts"]:
        if mount["Type"] == "bind":
            assert Path(mount["Source"]).is_relative_to(folder / "run")
            assert mount["RW"] is False
