"""The database is away, locked, or cannot be written: what runs goes on, changes are refused with a sentence, nothing is lost."""

import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from control_plane.adapters.database.opening import prepare_database
from tests.integration.faults.own_engine import SmallDisk, run, small_disk
from tests.integration.faults.recovery import report
from tests.postgres import Postgres, postgres
from tests.security.deployment import Deployment, deployed, docker, until

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

MIB = 1024 * 1024
GONE_SEC = 10.0
MEMORY = str(256 * MIB)
NEW = {"name": "One more"}


@pytest.fixture(scope="module")
def disk() -> Generator[SmallDisk]:
    with small_disk(64 * MIB) as mounted:
        yield mounted


@pytest.fixture(scope="module")
def server(disk: SmallDisk, image: str) -> Generator[Deployment]:
    """A deployment whose data directory, database and log are on a small disk of their own."""
    with deployed(disk.folder, image, MEMORY=MEMORY, PIDS="128") as running:
        yield running


@pytest.fixture(scope="module")
def project(server: Deployment) -> str:
    return server.make("Lasting")


def made(server: Deployment) -> bool:
    return server.ask("POST", "/api/project/make", json=NEW).status_code == 201


def refusal(server: Deployment) -> httpx.Response | None:
    answer = server.ask("POST", "/api/project/make", json=NEW)
    return None if answer.status_code == 201 else answer


def names(server: Deployment) -> list[str]:
    return sorted(each["name"] for each in server.call("GET", "/api/project/"))


@contextmanager
def locked(database: Path) -> Generator[None]:
    """Hold the one lock of writers, as another program would that looks into the file."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def unwritable(database: Path) -> Generator[None]:
    """Keep everybody, root included, from writing the database and its log.

    Not their index, which is mapped: where that cannot be written the kernel ends whoever tries, and nobody can be told.
    """
    files = [str(database), f"{database}-wal"]
    run("chattr", "+i", *files)
    try:
        yield
    finally:
        run("chattr", "-i", *files)


def database_of(server: Deployment) -> Path:
    (found,) = server.data.glob("*.db")
    return found


@pytest.mark.parametrize("fault", [locked, unwritable])
def test_a_file_that_cannot_be_written_is_told_and_what_runs_goes_on(
    server: Deployment, project: str, fault: Callable[[Path], "Generator[None]"]
):
    before, containers = names(server), server.containers()
    generation = server.call("GET", f"/api/project/{project}/sandbox")["generation"]
    with fault(database_of(server)):  # pyright: ignore[reportGeneralTypeIssues]
        assert "unavailable" in server.refused("POST", "/api/project/make", 503, json=NEW)
        assert server.works(project)
        assert names(server) == before
    back = time.monotonic()
    until(lambda: made(server), "a project that is made")
    report(f"SQLite {fault.__name__}", "first change", back)
    assert server.works(project)
    assert server.call("GET", f"/api/project/{project}/sandbox")["generation"] == generation
    assert set(containers) <= set(server.containers())


def test_a_full_disk_of_the_server_is_told_and_what_runs_goes_on(server: Deployment, project: str, disk: SmallDisk):
    other = server.make("Other")
    server.call("POST", f"/api/project/{other}/sandbox/stop")
    before = names(server)
    generation = server.call("GET", f"/api/project/{project}/sandbox")["generation"]
    disk.fill()
    try:
        # The file may have some room inside, so the first changes may succeed.
        refused = until(lambda: refusal(server), "the first refusal")
        assert refused is not None
        assert (refused.status_code, refused.json()["error"]) in {(503, "unavailable"), (502, "sandbox_failed")}
        assert server.works(project)
        start = server.ask("POST", f"/api/project/{other}/sandbox/start?wait=true")
        assert start.status_code in (200, 502, 503), start.text
        assert server.call("GET", "/api/health")["version"]
    finally:
        disk.free()
    back = time.monotonic()
    until(lambda: made(server), "a project that is made")
    until(lambda: server.ask("POST", f"/api/project/{other}/sandbox/start?wait=true").status_code == 200, "a start")
    report("data directory's disk full", "first change and start", back)
    assert set(before) <= set(names(server))
    assert server.works(project)
    assert server.call("GET", f"/api/project/{project}/sandbox")["generation"] == generation
    server.kill()
    server.start()
    assert server.works(project), "and the database is sound"


@pytest.fixture(scope="module")
def database_server() -> Generator[Postgres]:
    """One that only this module stops."""
    with postgres() as running:
        yield running


def test_a_database_that_is_gone_for_ten_seconds_loses_nothing(
    database_server: Postgres, image: str, tmp_path_factory: pytest.TempPathFactory
):
    url = database_server.database()
    prepare_database(url)
    with deployed(tmp_path_factory.mktemp("gone"), image, DATABASE_URL=url, MEMORY=MEMORY, PIDS="128") as server:
        project, other = server.make("Lasting"), server.make("Other")
        before, generation = names(server), server.call("GET", f"/api/project/{project}/sandbox")["generation"]
        (container,) = server.containers(other)
        database_server.stop()
        gone = time.monotonic()
        try:
            docker("kill", container)  # what happens meanwhile is written down afterwards
            runs = 0
            while time.monotonic() - gone < GONE_SEC:
                assert server.works(project)
                runs += 1
            assert runs > 0
            assert "unavailable" in server.refused("POST", "/api/project/make", 503, json=NEW)
            assert names(server) == before
        finally:
            database_server.start()
        back = time.monotonic()
        until(lambda: made(server), "a project that is made")
        report("PostgreSQL gone for 10 s", "first change", back)
        until(lambda: server.works(other), "the other's next start")
        assert server.call("GET", f"/api/project/{project}/sandbox")["generation"] == generation
        ended = until(lambda: ends_of(server, other), "the audit log's entry")
        assert ended == ["crashed"]

        server.kill()
        server.start()
        assert set(before) < set(names(server))
        assert server.works(project)
        assert server.call("GET", f"/api/project/{project}/sandbox")["generation"] == generation


def ends_of(server: Deployment, project: str) -> list[str]:
    """Reasons by which a sandbox ended, as the audit log has them."""
    page = server.call("GET", f"/api/audit?action=sandbox.ended&project_id={project}")
    entries = page["entries"] if isinstance(page, dict) else page
    return [entry["detail"]["reason"] for entry in entries]
