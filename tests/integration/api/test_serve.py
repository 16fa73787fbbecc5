"""``aimforge serve`` as a process, without an engine: what it prints, refuses and survives."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIMFORGE_")}
    return kept | {
        "AIMFORGE_DATA_DIR": str(folder),
        "AIMFORGE_PORT": "0",
        "AIMFORGE_LOG_FORMAT": "json",
        "AIMFORGE_DOCKER_HOST": f"unix://{folder}/no-engine.sock",
        **more,
    }


def refused(folder: Path, **more: str) -> str:
    """Start a server that must not start; return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "control_plane", "serve"],
        cwd=ROOT,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("aimforge: ")
    return done.stderr


@contextmanager
def server(folder: Path) -> Generator[tuple[subprocess.Popen[str], str]]:
    """Start a server; give its process and the address that it printed."""
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
        try:
            yield process, line.rpartition(" ")[2].strip()
        finally:
            process.kill()


def get(address: str, path: str) -> dict[str, object]:
    origin, _, token = address.partition("/login?token=")
    request = urllib.request.Request(origin + path, headers={"authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=100) as answer:
        return json.load(answer)


def tells_that_there_is_no_engine(address: str) -> None:
    """It serves all the same; that it looked for the engine is seen a moment after it listens."""
    end = time.monotonic() + 100
    while (health := get(address, "/api/health"))["status"] != "degraded":
        assert time.monotonic() < end, health
        time.sleep(0.05)


def test_it_serves_at_the_address_that_it_prints_and_ends_on_a_signal(tmp_path: Path):
    with server(tmp_path) as (process, address):
        tells_that_there_is_no_engine(address)
        assert get(address, "/api/me")["id"] == "local"
        assert "already works" in refused(tmp_path)
        process.send_signal(signal.SIGTERM)
        assert process.wait(100) == -signal.SIGTERM
    with server(tmp_path) as (_, again):
        assert again.partition("=")[2] == address.partition("=")[2]
        tells_that_there_is_no_engine(again)


def test_what_keeps_it_from_starting_is_one_sentence(tmp_path: Path):
    assert "AIMFORGE_CPUS" in refused(tmp_path, AIMFORGE_CPUS="many")
    (tmp_path / "aimforge.db").write_bytes(b"no database at all" * 1000)
    assert "is damaged" in refused(tmp_path)
    (tmp_path / "aimforge.db").unlink()
    with closing(sqlite3.connect(tmp_path / "aimforge.db")) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    assert "newer version" in refused(tmp_path)


def test_the_document_is_printed_without_a_server(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "control_plane", "openapi"],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    document = json.loads(done.stdout)
    assert document["openapi"].startswith("3.")
    references = {ref.rpartition("/")[2] for ref in find_references(document)}
    assert references <= set(document["components"]["schemas"])
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["operationId"]
            assert operation["tags"]
            assert "default" in operation["responses"]


def find_references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [ref for part in value.values() for ref in find_references(part)]
    return [ref for part in value for ref in find_references(part)] if isinstance(value, list) else []
