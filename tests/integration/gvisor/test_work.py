"""Work in sandboxes that gVisor runs: nodes, a flow, the gate, a stop and a new start."""

import pytest

from tests.security.deployment import Deployment, docker

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

NUMBERS = """
import numpy
def main():
    with open("/proc/version") as version:
        return {"sum": int(numpy.arange(10).sum()), "kernel": version.read()}
"""
ASK_GATE = """
import http.client
def main():
    connection = http.client.HTTPConnection("127.0.0.1", 3128, timeout=60)
    connection.request("GET", "http://elsewhere.example/")
    return {"status": connection.getresponse().status}
"""


def test_a_node_runs_on_gvisors_kernel(server: Deployment, project: str, image: str):
    found = server.probe(project, NUMBERS)
    assert found["sum"] == 45
    version = docker("run", "--rm", "--runtime=runsc", "--network=none", image, "cat", "/proc/version")
    assert found["kernel"] == version
    with open("/proc/version") as ours:  # noqa: PTH123  not a file of ours
        assert found["kernel"] != ours.read()


def test_the_example_runs(server: Deployment):
    project_id = server.call("POST", "/api/project/make", 201, json={"name": "Weather", "template": "welcome"})["id"]
    ran = server.call("POST", "/api/project/execute-flow", json={"project_id": project_id, "timeout_sec": 120})
    assert ran["status"] == "succeeded", ran
    server.call("DELETE", f"/api/project/{project_id}")


def test_the_gate_is_reached_and_nothing_beside_it(server: Deployment, project: str):
    assert server.probe(project, ASK_GATE) == {"status": 403}
    found = server.probe(
        project,
        "import os, socket\ndef main():\n"
        "    with socket.socket() as client:\n"
        "        client.settimeout(30)\n"
        "        return {'links': sorted(os.listdir('/sys/class/net')) if os.path.isdir('/sys/class/net') else [],\n"
        "                'outside': client.connect_ex(('10.255.255.1', 80))}\n",
    )
    assert found["outside"] != 0
    assert set(found["links"]) <= {"lo"}


def test_it_is_stopped_and_starts_again(server: Deployment, project: str):
    server.call("POST", f"/api/project/{project}/sandbox/stop")
    assert server.containers(project) == []
    assert server.works(project)
    (container,) = server.containers(project)
    assert server.inspect(container)["HostConfig"]["Runtime"] == "runsc"
