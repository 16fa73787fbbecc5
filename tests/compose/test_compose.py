"""compose.yaml, brought up for real: sign in, run a node through all three roles, replace each of them, take the stack down and
up again, back up, restore in place, and restore where nothing is left; and the upgrade from an older schema, with a way back.

Needs the images of `make compose-images`, and Compose: `docker compose`, else docker-compose, or the command that AIMFORGE_COMPOSE
names. Run by `make test-compose`.
"""

import hashlib
import http.cookiejar
import json
import os
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]
PASSWORD = secrets.token_urlsafe(16)
TOKEN = secrets.token_urlsafe(24)
KEPT = {
    "person": "id, login, name, role, created_at, password, subject, disabled",
    "session": "*",
    "api_token": "id, digest, person_id, name, scope, created_at",
    "invitation": "*",
    "project": "id, name, owner, created_at, template, description, deleting",
    "project_share": "*",
    "share_link": "*",
    "audit": "*",
}
"""Tables of the older schema, with the columns that only people change."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def compose_command() -> list[str]:
    """Return the command line of the Compose that is tested, as scripts/backup finds it."""
    if named := os.environ.get("AIMFORGE_COMPOSE"):
        return shlex.split(named)
    new = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
    return ["docker", "compose"] if new else ["docker-compose"]


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout


@dataclass
class Stack:
    folder: Path
    name: str
    port: int
    opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
    )

    @property
    def env(self) -> Path:
        return self.folder / "env"

    def compose(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            [
                *compose_command(),
                "-p",
                self.name,
                "--env-file",
                str(self.env),
                "-f",
                str(ROOT / "compose.yaml"),
                *arguments,
            ],
            # Compose 1.29 gives up on a busy engine after a minute.
            env={"COMPOSE_HTTP_TIMEOUT": "300", **os.environ},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def up(self) -> None:
        self.compose("up", "-d")
        deadline = time.monotonic() + 300
        while True:
            try:
                if self.call("GET", "/api/health")["status"] == "ok":
                    return
            except OSError:
                assert time.monotonic() < deadline, self.compose("logs", "--tail", "40")
            time.sleep(0.2)

    def call(self, method: str, path: str, body: Any = None, *, token: str = "") -> Any:
        """Ask as the person who is signed in, or with a token and nothing else."""
        origin = f"http://localhost:{self.port}"
        request = urllib.request.Request(
            origin + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json", "origin": origin}
            | ({"authorization": f"Bearer {token}"} if token else {}),
        )
        opener = urllib.request.build_opener() if token else self.opener
        try:
            with opener.open(request, timeout=150) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read().decode()}") from error

    def run(self, project_id: str, node_id: str) -> str:
        body = {"project_id": project_id, "node_id": node_id, "use_cache": False}
        ran = self.call("POST", "/api/code/execute-node", body)
        assert ran["status"] == "succeeded", ran
        return ran["output"]["mime"]["text/plain"]

    def ready(self, project_id: str) -> dict[str, Any]:
        shown = self.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")
        assert shown["state"] == "ready", shown
        return shown

    def remove_sandboxes(self) -> None:
        """Remove what the engine runs and keeps for this deployment, as a machine that is lost does."""
        label = f"label=org.aimforge.deployment={self.name}"
        for key in docker("ps", "-aq", "--filter", label).split():
            docker("rm", "-f", key)
        for key in docker("volume", "ls", "-q", "--filter", label).split():
            docker("volume", "rm", key)

    def psql(self, sql: str, **variables: str) -> str:
        """Run SQL, in one transaction; ``:'name'`` in it is a variable. Return the rows, columns parted by ``|``."""
        given = [part for name, value in variables.items() for part in ("-v", f"{name}={value}")]
        psql = ("psql", "-U", "aimforge", "-d", "aimforge", "-qtA1", "-v", "ON_ERROR_STOP=1")
        return self.compose("exec", "-T", "postgres", *psql, *given, stdin=sql)

    def script(self, name: str, file: Path) -> None:
        """Run scripts/backup or scripts/restore."""
        command = [ROOT / "scripts" / name, str(file), f"--env-file={self.env}", f"--project={self.name}"]
        subprocess.run(command, check=True, timeout=1800)

    def inspect(self, service: str) -> dict[str, Any]:
        key = self.compose("ps", "-q", service).strip()
        return json.loads(docker("inspect", key))[0]


@pytest.fixture
def stack() -> Generator[Stack]:
    folder, name, port = Path(tempfile.mkdtemp(prefix="compose-")), f"t{uuid.uuid4().hex[:10]}", free_port()
    there = Stack(folder, name, port)
    made = subprocess.run(
        [ROOT / "scripts/compose-env", f"http://localhost:{port}"], check=True, capture_output=True, text=True
    ).stdout
    changes = {
        "AIMFORGE_HOME": str(folder / "home"),
        "AIMFORGE_PUBLISH": f"127.0.0.1:{port}",
        "POSTGRES_IMAGE": os.environ.get("POSTGRES_IMAGE", "aimforge-postgres:15"),
        "AIMFORGE_MEMORY": str(256 * 1024 * 1024),
    }
    for key, value in changes.items():
        made = re.sub(rf"^{key}=.*$", f"{key}={value}", made, flags=re.MULTILINE)
    there.env.write_text(f"{made}AIMFORGE_DEPLOYMENT={name}\n")
    yield there
    there.compose("down", "-v", "--remove-orphans")
    there.remove_sandboxes()
    shutil.rmtree(folder)


def check_privileges(stack: Stack) -> None:
    """Who holds what: one look at what the engine says of each role."""
    api, launcher, egress = (stack.inspect(each) for each in ("api", "launcher", "egress"))
    for role in (api, launcher, egress):
        assert role["HostConfig"]["ReadonlyRootfs"]
        assert role["HostConfig"]["CapDrop"] == ["ALL"]
        assert not role["HostConfig"]["Privileged"]
    holders = [
        name
        for name, role in (("api", api), ("launcher", launcher), ("egress", egress))
        if any(mount["Destination"] == "/var/run/docker.sock" for mount in role["Mounts"])
    ]
    assert holders == ["launcher"]
    assert launcher["HostConfig"]["NetworkMode"] == "none"
    assert (api["Config"]["User"], egress["Config"]["User"]) == ("10001:10000", "10002:10000")
    assert {mount["Destination"] for mount in api["Mounts"] if mount["RW"]} == {"/var/lib/aimforge"}
    secrets_of_egress = [each for each in egress["Config"]["Env"] if "SECRET" in each or "PASSWORD" in each]
    assert not secrets_of_egress


def test_a_school_brings_it_up_replaces_every_role_and_restores_a_backup(stack: Stack):
    stack.up()
    check_privileges(stack)
    project_id, probe = work(stack)
    before, sandbox = stack.ready(project_id), sandboxes(stack)

    # Replacing each role, as an upgrade does, loses no sandbox; nor does taking the stack down and bringing it up again.
    stack.compose("up", "-d", "--force-recreate", "--no-deps", "api")
    check_survived(stack, project_id, probe, before, sandbox)
    stack.compose("up", "-d", "--force-recreate", "--no-deps", "launcher", "egress")
    check_survived(stack, project_id, probe, before, sandbox)
    stack.compose("down")
    check_survived(stack, project_id, probe, before, sandbox)

    saved = stack.folder / "backup.tar"
    stack.script("backup", saved)
    write(stack, project_id, "spoilt")
    stack.call("PATCH", f"/api/project/{project_id}", {"name": "Spoilt"})
    stack.script("restore", saved)
    check_restored(stack, project_id, probe)

    # A machine where nothing is left but the repository, .env and the backup.
    stack.compose("down", "-v")
    stack.remove_sandboxes()
    stack.script("restore", saved)
    check_restored(stack, project_id, probe)


def test_an_older_database_is_brought_up_to_date_and_may_be_restored_later(stack: Stack):
    stack.up()
    newest = stack.psql("SELECT version_num FROM alembic_version")
    project_id, probe = work(stack)
    stack.call("POST", f"/api/project/{project_id}/sandbox/stop")
    known = stack.psql(
        "SELECT id, password FROM person WHERE login = 'ada'; SELECT uid FROM sandbox WHERE project_id = :'project'",
        project=project_id,
    )
    (person, password), (uid,) = (line.split("|") for line in known.splitlines())
    stack.compose("stop", "api")
    older = (Path(__file__).parent / "revision_0002.sql").read_text()
    token = hashlib.sha256(TOKEN.encode()).hexdigest()
    given = {"person": person, "password": password, "project": project_id, "uid": uid, "token": token}
    given |= {"now": str(int(time.time())), "later": str(int(time.time()) + 86_400)}
    stack.psql(f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; {older}", **given)
    before = {table: stack.psql(f"SELECT {columns} FROM {table} ORDER BY 1") for table, columns in KEPT.items()}
    assert all(before.values())
    saved = stack.folder / "older.tar"
    stack.script("backup", saved)

    stack.up()
    check_upgraded(stack, project_id, probe, before, newest)
    stack.call("PATCH", f"/api/project/{project_id}", {"name": "Newer"})
    write(stack, project_id, "newer")

    # What was saved before the upgrade goes over what came after it, and is brought up to date again.
    stack.script("restore", saved)
    check_upgraded(stack, project_id, probe, before, newest)


def check_upgraded(stack: Stack, project_id: str, probe: str, before: dict[str, str], newest: str) -> None:
    """Everything of before is there, and works."""
    stack.up()
    assert stack.psql("SELECT version_num FROM alembic_version") == newest
    for table, columns in KEPT.items():
        now = stack.psql(f"SELECT {columns} FROM {table} ORDER BY 1").splitlines()
        # What the server writes by itself is added; nothing is missing.
        assert set(before[table].splitlines()) <= set(now), table
    assert stack.psql("SELECT generation, end_reason FROM sandbox") == "7|crashed\n"
    stack.call("POST", "/api/session", {"login": "ada", "password": PASSWORD})
    assert [person["login"] for person in stack.call("GET", "/api/people")] == ["ada", "grace"]
    assert stack.call("GET", f"/api/project/{project_id}")["name"] == "As it was"
    assert stack.call("GET", "/api/me", token=TOKEN)["login"] == "ada"
    assert stack.ready(project_id)["generation"] == 8
    assert stack.run(project_id, probe) == "'as it was'"
    assert stack.call("POST", "/api/courses", {"title": "Of today"})["id"]


def work(stack: Stack) -> tuple[str, str]:
    """Make a person, a project and a file in it; return the ids of the project and of the node that reads the file."""
    add = ("exec", "-T", "api", "aimforge", "user", "add", "ada", "--role", "admin", "--password-stdin")
    stack.compose(*add, stdin=f"{PASSWORD}\n")
    stack.call("POST", "/api/session", {"login": "ada", "password": PASSWORD})
    project_id = stack.call("POST", "/api/project/make", {"name": "Prices"})["id"]
    stack.ready(project_id)
    code = "def main():\n    with open('kept', 'a+') as file:\n        file.seek(0)\n        return file.read()\n"
    node = {"title": "Probe", "code": code, "position": {"x": 0, "y": 0}}
    probe = stack.call("POST", f"/api/project/{project_id}/nodes", node)["id"]
    write(stack, project_id, "as it was")
    assert stack.run(project_id, probe) == "'as it was'"
    return project_id, probe


def write(stack: Stack, project_id: str, text: str) -> None:
    """Write the file, by a node."""
    code = f"def main():\n    return open('kept', 'w').write({text!r})\n"
    node = {"title": f"Write {text}", "code": code, "position": {"x": 0, "y": 0}}
    added = stack.call("POST", f"/api/project/{project_id}/nodes", node)["id"]
    assert stack.run(project_id, added) == str(len(text))


def sandboxes(stack: Stack) -> list[str]:
    return docker("ps", "-q", "--no-trunc", "--filter", f"label=org.aimforge.deployment={stack.name}").split()


def check_survived(stack: Stack, project_id: str, probe: str, before: dict[str, Any], sandbox: list[str]) -> None:
    """The very container of before runs nodes, which find their files."""
    stack.up()
    after = stack.ready(project_id)
    assert (after["generation"], sandboxes(stack)) == (before["generation"], sandbox)
    assert stack.run(project_id, probe) == "'as it was'"


def check_restored(stack: Stack, project_id: str, probe: str) -> None:
    stack.up()
    assert stack.call("GET", f"/api/project/{project_id}")["name"] == "Prices"
    assert stack.run(project_id, probe) == "'as it was'"


def test_it_does_not_start_without_secrets(stack: Stack):
    whole = stack.env.read_text()
    for name in ("POSTGRES_PASSWORD", "AIMFORGE_AGENT_SECRET", "AIMFORGE_TOKEN"):
        stack.env.write_text(re.sub(rf"^{name}=.*$", f"{name}=", whole, flags=re.MULTILINE))
        with pytest.raises(AssertionError, match=name):
            stack.compose("config")
        check = subprocess.run(
            [ROOT / "scripts/compose-env", "--check", str(stack.env)], capture_output=True, check=False
        )
        assert check.returncode == 1
    stack.env.write_text(whole)
    stack.compose("config")
