"""Two control planes, processes of their own, on one PostgreSQL: one serves, and the other takes over when it is killed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[3]
WITHIN_SEC = 90.0
PASSWORD = "correct horse battery"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def settings(folder: Path, database: str, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIMFORGE_")}
    ours = {
        "MODE": "hosted",
        "DATA_DIR": str(folder),
        "DATABASE_URL": database,
        "PORT": str(port),
        "TOKEN": "one-token-for-both-of-them",
        "AGENT_SECRET": "one-secret-for-both-of-them-12345678",
        "DEPLOYMENT": "two-processes",
        "DOCKER_HOST": f"unix://{folder}/no-engine.sock",
        "PUBLIC_URL": "http://forge.example",
        "ARGON2_MEMORY_KIB": "8",
        "ARGON2_PASSES": "1",
    }
    return kept | {f"AIMFORGE_{name}": value for name, value in ours.items()}


@contextmanager
def serving(folder: Path, database: str, port: int) -> Generator[subprocess.Popen[bytes]]:
    folder.mkdir(mode=0o700)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            (sys.executable, "-m", "control_plane", "serve"),
            cwd=ROOT,
            env=settings(folder, database, port),
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def answers(client: httpx.Client, port: int, timeout_sec: float) -> bool:
    """Whether somebody serves there; one that waits for the lead accepts connections and says nothing."""
    try:
        return client.get(f"http://127.0.0.1:{port}/api/health", timeout=timeout_sec).status_code == 200
    except httpx.TransportError:
        return False


def until_one_serves(client: httpx.Client, ports: list[int]) -> int:
    deadline = time.monotonic() + WITHIN_SEC
    while True:
        for port in ports:
            if answers(client, port, 0.5):
                return port
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_of_two_processes_on_one_database_one_serves_and_the_other_takes_over(tmp_path: Path, postgres_url: str):
    ports = [free_port(), free_port()]
    client = httpx.Client(headers={"host": "forge.example", "origin": "http://forge.example"}, trust_env=False)
    with (
        client,
        serving(tmp_path / "a", postgres_url, ports[0]) as first,
        serving(tmp_path / "b", postgres_url, ports[1]) as second,
    ):
        leads = until_one_serves(client, ports)
        waits = ports[1 - ports.index(leads)]
        add = (sys.executable, "-m", "control_plane", "user", "add", "ada", "--password-stdin")
        subprocess.run(
            add,
            cwd=ROOT,
            env=settings(tmp_path / "a", postgres_url, leads),
            input=f"{PASSWORD}\n".encode(),
            check=True,
            capture_output=True,
            timeout=WITHIN_SEC,
        )
        cookie = signed_in(client, leads)
        assert not answers(client, waits, 3)
        leader = (first, second)[ports.index(leads)]
        leader.kill()
        leader.wait()
        assert until_one_serves(client, [waits]) == waits
        me = client.get(f"http://127.0.0.1:{waits}/api/me", headers={"cookie": cookie}, timeout=WITHIN_SEC)
        assert (me.status_code, me.json()["login"]) == (200, "ada")


def signed_in(client: httpx.Client, port: int) -> str:
    """Sign in; the server sees a new account within two seconds. Return the session's cookie."""
    deadline = time.monotonic() + WITHIN_SEC
    body = {"login": "ada", "password": PASSWORD}
    while True:
        got = client.post(f"http://127.0.0.1:{port}/api/session", json=body, timeout=WITHIN_SEC)
        if got.status_code == 200:
            return got.headers["set-cookie"].partition(";")[0]
        assert got.status_code == 401, got.text
        assert time.monotonic() < deadline
        time.sleep(0.2)
