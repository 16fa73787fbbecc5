"""Fixtures for every test that needs the container engine, and the one rule about running a test again."""

import asyncio
import fcntl
import tempfile
import uuid
from collections.abc import AsyncGenerator, Generator, Iterable
from pathlib import Path

# Imported here because its pytest plugin would import it in the very end: by then garbage of the tests is about, and
# Python 3.11 fails with a SystemError when garbage with a traceback is collected while pytest rewrites a module.
import hypothesis  # noqa: F401
import pytest

from control_plane.adapters.database.opening import prepare_database
from control_plane.adapters.docker.engine import Engine, EngineRefused
from control_plane.adapters.docker.image import ensure_image
from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL
from control_plane.adapters.docker.runtime import UNCOLLECTED
from tests.postgres import Postgres, postgres


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Run a test on the engine or in the browser again when it fails, twice at most.

    Both are programs of other people, on a machine that others use: an engine under load drops a connection, a browser
    loses its renderer. A test of our own code alone has no such excuse and runs once.
    """
    for item in items:
        if any(item.iter_markers("engine")) or any(item.iter_markers("browser")):
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.fixture(scope="session")
def image() -> str:
    """Name of the sandbox image that fits this source tree, built when it is missing."""

    async def build() -> str:
        connection = Engine()
        try:
            return await ensure_image(connection, lambda line: print(line, flush=True))
        finally:
            await connection.close()

    # Several test processes, and several checkouts, may want it at once.
    with Path(tempfile.gettempdir(), "aimforge-image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return asyncio.run(build())


@pytest.fixture(scope="session")
def postgres_server() -> Generator[Postgres]:
    """A PostgreSQL server of this test process."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Postgres) -> str:
    """Name of a database at the newest schema, to copy."""
    url = postgres_server.database()
    prepare_database(url)
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture
def postgres_url(postgres_server: Postgres, postgres_template: str) -> str:
    """URL of a database of this test's own, at the newest schema."""
    return postgres_server.database(postgres_template)


@pytest.fixture
async def engine() -> AsyncGenerator[Engine]:
    """A connection to the container engine."""
    connection = Engine()
    yield connection
    await connection.close()


@pytest.fixture
async def deployment(engine: Engine) -> AsyncGenerator[str]:
    """Name of a deployment of this test's own; its containers and volumes are gone afterwards."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield name
    await remove_all(engine, name)


async def remove_all(engine: Engine, deployment: str) -> None:
    """Remove every container and volume with the deployment's label."""
    filters = f'{{"label": ["{DEPLOYMENT_LABEL}={deployment}"]}}'
    for container in await engine.call("GET", "containers/json", params={"all": 1, "filters": filters}):
        await remove(engine, container["Id"])
    volumes = (await engine.call("GET", "volumes", params={"filters": filters}))["Volumes"] or []
    await asyncio.gather(*(engine.call("DELETE", f"volumes/{v['Name']}", params={"force": 1}) for v in volumes))


async def remove(engine: Engine, container_id: str) -> None:
    """Remove a container; asked again while its dead process is not collected, as Docker with runsc takes its time to."""
    async with asyncio.timeout(60):
        while True:
            try:
                await engine.call("DELETE", f"containers/{container_id}", params={"force": 1, "v": 1})
            except EngineRefused as error:
                if UNCOLLECTED not in error.reason:
                    raise
                await asyncio.sleep(0.1)
            else:
                return
