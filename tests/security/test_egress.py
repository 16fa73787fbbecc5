"""Programs in a real sandbox get out through the gate, with nothing to set, and nowhere but where they may."""

import os
import subprocess
import textwrap
import threading
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.security.deployment import Deployment, deployed, until
from tests.security.stand_ins import ALLOWED, OTHER, StandIns, npm_folder, stand_ins

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

SETUP = '''
import json, os, shutil, subprocess, sys, urllib.error, urllib.request
ca = "/tmp/authority.pem"
with open(ca, "w") as file:
    file.write("""AUTHORITY""")
for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS"):
    os.environ[name] = ca
def run(*command, cwd="/tmp"):
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=100)
    return {"code": done.returncode, "out": done.stdout[-2000:], "err": done.stderr[-2000:]}
'''
CURL = 'return run("curl", "--silent", "--show-error", "--fail", "URL/file")'
GIT = """
shutil.rmtree("/tmp/cloned", ignore_errors=True)
found = run("git", "clone", "-q", "URL/repository.git", "/tmp/cloned")
found["out"] = open("/tmp/cloned/read.me").read() if found["code"] == 0 else ""
return found
"""
URLLIB = """
try:
    return {"code": 0, "out": urllib.request.urlopen("URL/file", timeout=60).read().decode()}
except OSError as error:
    return {"code": 1, "err": str(error)}
"""
REQUESTS = """
from pip._vendor import requests
try:
    return {"code": 0, "out": requests.get("URL/file", timeout=60).text}
except requests.RequestException as error:
    return {"code": 1, "err": str(error)}
"""
NPM = """
shutil.rmtree("/tmp/project", ignore_errors=True)
os.makedirs("/tmp/project")
npm = "/workspace/npm/bin/npm-cli.js"
found = run("node", npm, "install", "far-away", "--registry=URL/", "--no-audit", "--no-fund", "--fetch-retries=0",
            "--cache=/tmp/npm-cache", cwd="/tmp/project")
if found["code"] == 0:
    found |= run("node", "-e", "process.stdout.write(require('far-away'))", cwd="/tmp/project")
return found
"""
FETCH_NPM = """
found = run("curl", "--silent", "--show-error", "--fail", "-o", "/tmp/npm.tgz", "URL/npm.tgz")
return found | run("tar", "-xzf", "/tmp/npm.tgz", "-C", "/workspace")
"""
PROGRAMS = {"curl": CURL, "git": GIT, "urllib": URLLIB, "requests": REQUESTS, "npm": NPM}
EXPECTED = {"git": "cloned"}


@dataclass(frozen=True)
class Outside:
    """A deployment whose sandboxes may reach one of two names, and a project in it."""

    server: Deployment
    there: StandIns
    project: str

    def run(self, code: str, name: str = ALLOWED) -> Any:
        body = textwrap.indent(code.replace("URL", self.there.url(name)), "    ")
        setup = SETUP.replace("AUTHORITY", self.there.authority)
        return self.server.probe(self.project, f"{setup}\ndef main():\n{body}\n", timeout_sec=120)

    @property
    def egress(self) -> str:
        return f"/api/project/{self.project}/egress"

    def allow(self, *hosts: str) -> Any:
        return self.server.call("PUT", self.egress, json={"hosts": list(hosts)})


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory, image: str) -> Generator[Outside]:
    if os.geteuid() != 0 or subprocess.run(("unshare", "--mount", "true"), check=False).returncode != 0:
        pytest.skip("a mount namespace needs root")
    folder = tmp_path_factory.mktemp("outside")
    with stand_ins(folder) as there:
        settings = {"EGRESS_HOSTS": f"{ALLOWED}:{there.port}!"}
        with deployed(folder, image, hosts=there.hosts, **settings) as server:
            project = server.make("Outside")
            yield Outside(server, there, project)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_gets_out_with_nothing_to_set_and_nowhere_else(outside: Outside, program: str):
    if program == "npm":
        if npm_folder() is None:
            pytest.skip("this machine has no npm to hand out")
        assert outside.run(FETCH_NPM)["code"] == 0
    found = outside.run(PROGRAMS[program])
    assert (found["code"], found["out"]) == (0, EXPECTED.get(program, "from afar")), found
    asked = len(outside.there.asked)
    refused = outside.run(PROGRAMS[program], OTHER)
    assert refused["code"] != 0, refused
    assert len(outside.there.asked) == asked, "it was reached"
    recent = outside.server.call("GET", outside.egress)["recent"]
    assert {(d["host"], d["allowed"]) for d in recent} >= {(ALLOWED, True), (OTHER, False)}


def test_a_redirect_leads_nowhere_that_may_not_be_reached(outside: Outside):
    code = CURL.replace('"--fail"', '"--fail", "--location"').replace("/file", "/redirect")
    assert outside.run(code)["code"] != 0
    assert not [asked for asked in outside.there.asked if asked.startswith(OTHER)]
    try:
        outside.allow(f"{OTHER}:{outside.there.port}!")
        assert outside.run(code) == {"code": 0, "out": "from afar", "err": ""}
    finally:
        outside.allow()


def test_a_host_is_allowed_and_taken_back_while_the_sandbox_runs(outside: Outside):
    before = outside.server.call("GET", f"/api/project/{outside.project}/sandbox")["generation"]
    shown = outside.allow(f"{OTHER}:{outside.there.port}!")
    assert shown["own_hosts"] == [f"{OTHER}:{outside.there.port}!"]
    try:
        assert outside.run(CURL, OTHER)["out"] == "from afar"
        endless = """
import http.client
got = 0
try:  # it may be cut as early as in the answer's head
    response = urllib.request.urlopen("URL/endless", timeout=100)
    while data := response.read1(4096):
        got += len(data)
except (OSError, http.client.HTTPException) as error:
    return {"got": got, "ended": type(error).__name__}
return {"got": got, "ended": "closed"}
"""
        ended: list[Any] = []
        asked = outside.there.asked.count(f"{OTHER}/endless")
        reading = threading.Thread(target=lambda: ended.append(outside.run(endless, OTHER)))
        reading.start()
        until(lambda: outside.there.asked.count(f"{OTHER}/endless") > asked, "the request")
        outside.allow()
        reading.join(120)
        assert ended, "the connection was not cut"
        assert ended[0]["ended"]
    finally:
        outside.allow()
    assert outside.run(CURL, OTHER)["code"] != 0
    assert outside.run(CURL)["out"] == "from afar"
    assert outside.server.call("GET", f"/api/project/{outside.project}/sandbox")["generation"] == before


def test_bytes_are_counted_for_each_project(outside: Outside):
    before = outside.server.call("GET", outside.egress)["received"]
    size = outside.run(CURL.replace("/file", "/large").replace('"--silent"', '"--silent", "-o", "/dev/null"'))
    assert size["code"] == 0
    after = outside.server.call("GET", outside.egress)["received"]
    assert after - before >= 4 * 1024 * 1024
    listed = outside.server.call("GET", "/api/admin/sandboxes")
    assert next(each for each in listed if each["project_id"] == outside.project)["received"] >= after - before


def test_a_gate_can_be_used_by_its_own_sandbox_alone(outside: Outside):
    look = """
import glob, socket
gates = glob.glob("/run/**/egress.sock", recursive=True)
reached = []
for gate in gates:
    client = socket.socket(socket.AF_UNIX)
    client.connect(gate)
    client.sendall(b"CONNECT nowhere.stand-in.example:443 HTTP/1.1\\r\\n\\r\\n")
    reached.append(client.recv(100).decode())
missing = []
for path in ("/run/aimforge/gates", "/run/aimforge/../ID", "SOCKETS"):
    try:
        missing.append(os.listdir(path))
    except OSError as error:
        missing.append(error.strerror)
return {"reached": reached, "missing": missing}
"""
    other = outside.server.make("Neighbour")
    sockets = Path(outside.server.data / "run")
    assert sockets.exists()
    found = outside.run(look.replace("ID", other).replace("SOCKETS", str(sockets)))
    assert len(found["reached"]) in (1, 2)  # the agent's path, and where it leads
    assert all(answer.startswith("HTTP/1.1 403") for answer in found["reached"])
    assert set(found["missing"]) == {"No such file or directory"}
    assert outside.server.call("GET", f"/api/project/{other}/egress")["recent"] == []
    recent = outside.server.call("GET", outside.egress)["recent"]
    assert "nowhere.stand-in.example" in {decision["host"] for decision in recent}
