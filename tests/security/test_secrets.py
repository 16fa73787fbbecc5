"""No secret of the control plane, nor another sandbox's, is found in a sandbox, in its logs or in what people are told."""

import base64
import json
from typing import Any

import pytest

from control_plane.adapters.handover import Sockets
from control_plane.ports import AgentAddress
from tests.security.conftest import Neighbours
from tests.security.deployment import Deployment, docker

pytestmark = pytest.mark.engine

SEARCH = """
import os, subprocess, sys
from pathlib import Path

KNOWN = "canary-" + "of-this-sandbox"
CHILD = "import sys, time; kept = sys.stdin.readline()[-2::-1]; print('here', flush=True); time.sleep(600)"
MOST = 256 * 2**20  # of one process

def memory(pid):
    parts, left = [], MOST
    try:
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as content:
            for line in maps:
                span, rights = line.split()[:2]
                start, end = (int(part, 16) for part in span.split("-"))
                if rights.startswith("rw") and end - start <= left:
                    left -= end - start
                    try:
                        content.seek(start)
                        parts.append(content.read(end - start))
                    except (OSError, ValueError):
                        pass
    except OSError:
        pass
    return b"".join(parts)

def read(path):
    try:
        with open(path, "rb") as file:
            return file.read(4 * 2**20)
    except OSError:
        return b""

def main(input_data):
    Path("/workspace/canary").write_text(KNOWN)
    files = [Path(folder, name) for top in ("/workspace", "/tmp", "/dev/shm", "/run", "/etc", "/opt/aimforge/agent")
             for folder, _, names in os.walk(top) for name in names]
    files += [Path("/proc", pid, name) for pid in os.listdir("/proc") if pid.isdigit() for name in ("environ", "cmdline")]
    found = []

    def look(where, content):
        found.extend([where, number] for number, secret in enumerate([*input_data, KNOWN]) if secret.encode() in content)

    for path in files:
        look(str(path), read(path) if path.is_file() else b"")
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        child.stdin.write(KNOWN[::-1] + "\\n")
        child.stdin.flush()
        child.stdout.readline()
        for pid in os.listdir("/proc"):
            if pid.isdigit() and int(pid) != os.getpid():
                look("child" if int(pid) == child.pid else f"memory of {pid}", memory(pid))
        child.kill()
    return {"files": len(files), "found": found}
"""


def secrets_of(server: Deployment, neighbours: Neighbours) -> list[str]:
    raw = (server.data / "secret").read_bytes()
    sockets = Sockets(server.data)
    try:
        tokens = [
            sockets.token(AgentAddress(project_id=project, generation=generation))
            for project in (neighbours.mine, neighbours.other)
            for generation in (1, 2, 3)
        ]
    finally:
        sockets.close()
    return [raw.hex(), base64.b64encode(raw).decode().rstrip("="), server.token, *tokens]


def test_no_secret_is_in_a_sandbox(server: Deployment, neighbours: Neighbours):
    secrets = secrets_of(server, neighbours)
    reversed_ = [secret[::-1] for secret in secrets]  # the input itself is in the run's process and must not be found
    code = SEARCH.replace("in enumerate([*input_data, KNOWN])", "in enumerate([*(s[::-1] for s in input_data), KNOWN])")
    wanted: dict[str, Any] = {"project_id": neighbours.mine, "node_id": server.node(neighbours.mine, code)}
    wanted |= {"input_data": reversed_, "use_cache": False, "timeout_sec": 150}
    ran = server.call("POST", "/api/code/execute-node", json=wanted)
    assert ran["status"] == "succeeded", ran
    looked = ran["output"]["mime"]["application/json"]
    assert looked["files"] > 50
    assert looked["found"] == [["/workspace/canary", len(secrets)], ["child", len(secrets)]]


def test_no_secret_is_in_logs_descriptions_and_errors(server: Deployment, neighbours: Neighbours):
    said = [server.log.read_text()]
    for container in server.containers():
        said += [docker("logs", container), json.dumps(server.inspect(container))]
    for method, path in (
        ("GET", f"/api/project/{neighbours.mine}/runs/nothing"),
        ("GET", f"/api/project/{neighbours.mine}/files/content?path=../../secret"),
        ("GET", f"/api/project/{neighbours.mine}/files/content?path=/run/aimforge/passwd"),
        ("GET", "/api/project/nothing"),
        ("POST", "/api/project/make"),
        ("POST", "/api/code/execute-node"),
        ("GET", f"/api/project/{neighbours.mine}/preview/99999"),
    ):
        answer = server.ask(method, path, content=b"{" if method == "POST" else None)
        assert 400 <= answer.status_code < 500, (path, answer.text)
        said += [answer.text, str(answer.headers)]
    wrong = server.ask("GET", "/api/me", headers={"authorization": f"Bearer {server.token[:-1]}"})
    assert (wrong.status_code, server.ask("GET", "/api/me").status_code) == (401, 200)
    said += [wrong.text, json.dumps(server.call("GET", f"/api/project/{neighbours.mine}/sandbox"))]
    for secret in (*secrets_of(server, neighbours), server.token[:-1], str(server.data)):
        assert not [text[:200] for text in said[-12:] if secret in text]
    assert neighbours.mine in said[0] or neighbours.mine in json.dumps(said)
    for secret in secrets_of(server, neighbours):
        assert not any(secret in text for text in said)


@pytest.mark.parametrize(("name", "mode"), [("secret", 0o600), ("", 0o700), ("run", 0o700)])
def test_others_on_the_machine_may_not_read_them(server: Deployment, name: str, mode: int):
    assert (server.data / name).stat().st_mode & 0o777 == mode
