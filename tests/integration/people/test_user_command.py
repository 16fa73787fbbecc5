"""``aimforge user``, beside a server that runs."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PASSWORD = "correct horse battery"


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIMFORGE_")}
    return kept | {
        "AIMFORGE_MODE": "hosted",
        "AIMFORGE_DATA_DIR": str(folder),
        "AIMFORGE_PORT": "0",
        "AIMFORGE_ARGON2_MEMORY_KIB": "8",
        "AIMFORGE_ARGON2_PASSES": "1",
        "AIMFORGE_DOCKER_HOST": f"unix://{folder}/no-engine.sock",
    }


def user(folder: Path, *arguments: str, password: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "control_plane", "user", *arguments],
        cwd=ROOT,
        env=environment(folder),
        input=password + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@contextmanager
def server(folder: Path) -> Generator[str]:
    with subprocess.Popen(
        [sys.executable, "-m", "control_plane", "serve"],
        cwd=ROOT,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "token" not in line
        try:
            yield line.rpartition(" ")[2].strip()
        finally:
            process.kill()


def ask(url: str, body: Any = None, cookie: str = "") -> tuple[int, str, Any]:
    """Ask; return the status, the cookie that was set, and the body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"cookie": cookie} if cookie else {})
    try:
        with urllib.request.urlopen(request, timeout=100) as answer:
            return answer.status, (answer.headers["set-cookie"] or "").partition(";")[0], json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, "", json.load(refused)


def test_the_first_admin_is_made_beside_a_running_server_and_kept_out_again(tmp_path: Path):
    with server(tmp_path) as origin:
        signing_in = {"login": "Ada@School.example", "password": PASSWORD}
        assert ask(f"{origin}/api/session", signing_in)[0] == 401
        made = user(tmp_path, "add", "ada@school.example", "--role", "admin", "--password-stdin", password=PASSWORD)
        assert made.returncode == 0, made.stderr
        status, cookie, _ = ask(f"{origin}/api/session", signing_in)
        assert status == 200  # at once: whoever made the account signs in next
        assert ask(f"{origin}/api/me", cookie=cookie)[2]["role"] == "admin"
        assert "last administrator" in user(tmp_path, "disable", "ada@school.example").stderr
        bob = user(tmp_path, "add", "bob", "--role", "admin", "--no-password")
        assert bob.stdout == "bob is admin here now.\n"
        assert user(tmp_path, "role", "ada@school.example", "student").returncode == 0
        until(lambda: ask(f"{origin}/api/me", cookie=cookie)[2]["role"], lambda role: role == "student")
        assert user(tmp_path, "disable", "ada@school.example").returncode == 0
        until(lambda: ask(f"{origin}/api/me", cookie=cookie)[0], lambda status: status == 401)
    listed = user(tmp_path, "list").stdout.splitlines()
    assert listed == ["ada@school.example\tstudent\tdisabled\tada@school.example", "bob\tadmin\tenabled\tbob"]


def test_what_it_cannot_do_it_says_in_a_sentence(tmp_path: Path):
    short = user(tmp_path, "add", "ada", "--password-stdin", password="short")
    assert (short.returncode, "10 to 1024 characters" in short.stderr) == (2, True)
    unknown = user(tmp_path, "password", "nobody", "--password-stdin", password=PASSWORD)
    assert (unknown.returncode, "Nobody here has the login" in unknown.stderr) == (2, True)
    assert "Traceback" not in short.stderr + unknown.stderr


def until(ask_again: Any, good: Any) -> Any:
    """Ask until the answer is good; only a server that never sees the change fails."""
    end = time.monotonic() + 60
    while not good(got := ask_again()):
        assert time.monotonic() < end, got
        time.sleep(0.1)
    return got
