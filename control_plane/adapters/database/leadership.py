"""Of several control planes on one PostgreSQL, one leads: it alone holds the registry of sandboxes, reaps and reconciles.

Who leads holds an advisory lock, for as long as its connection lives. The others wait for it and serve nobody meanwhile:
they take over when the leader ends, however it ends. That makes an upgrade without a gap: start the new one, stop the old.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import sqlalchemy as sa
import structlog

from control_plane.domain.errors import StoreUnavailable

log = structlog.stdlib.get_logger()

LEADING: Final = 0x41494D_0002
"""Key of the advisory lock that the leader holds."""
HOLDER: Final = """
SELECT pid FROM pg_locks WHERE granted AND locktype = 'advisory' AND classid::bigint << 32 | objid::bigint = $1
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
CONNECT_TIMEOUT_SEC: Final = 10
PING_SEC: Final = 10.0
RETRY_SEC: Final = 0.5
REGAIN_WITHIN_SEC: Final = 60.0
"""A database that restarts drops the lock and everybody's connection: who led has this long to be first again."""


class LeadershipLost(Exception):
    """Another control plane leads now, or the database was away for too long to know."""


@asynccontextmanager
async def leading(url: sa.URL, lost: Callable[[], None]) -> AsyncGenerator[None]:
    """Wait until nobody else leads, then lead. ``lost`` is called if it is lost for good: end the process then.

    Raises ``StoreUnavailable`` when the database does not answer at the start.
    """
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        connection = await _connect(dsn)
        if not await _try_to_lead(connection):
            log.warning(
                "leadership.waiting", message="Another control plane leads; this one serves once that one ends."
            )
            await connection.execute("SELECT pg_advisory_lock($1)", LEADING)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StoreUnavailable(f"The database does not answer: {error}. Check AIMFORGE_DATABASE_URL.") from error
    log.info("leadership.taken")
    async with asyncio.TaskGroup() as group:
        keeping = group.create_task(_keep(dsn, connection, lost))
        try:
            yield
        finally:
            keeping.cancel()


async def _keep(dsn: str, connection: Any, lost: Callable[[], None]) -> None:
    """Watch the connection that holds the lock, and get both again when it breaks."""
    try:
        while True:
            pid = connection.get_server_pid()
            await _until_broken(connection)
            log.warning("leadership.interrupted")
            connection = await _regain(dsn, pid)
            log.info("leadership.regained")
    except LeadershipLost as error:
        log.critical("leadership.lost", message=str(error))
        lost()
    finally:
        connection.terminate()


async def _until_broken(connection: Any) -> None:
    """Return once the connection is no more: the driver tells of most ends, and a question finds out about the others."""
    ended = asyncio.Event()

    def note(_: object) -> None:
        ended.set()

    connection.add_termination_listener(note)
    while not connection.is_closed():
        try:
            async with asyncio.timeout(PING_SEC):
                await ended.wait()
        except TimeoutError:
            try:
                await connection.execute("SELECT 1", timeout=PING_SEC)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                break
    connection.terminate()


async def _regain(dsn: str, before: int) -> Any:
    """Return a connection that holds the lock again. Raises ``LeadershipLost``, at once if somebody else holds it.

    ``before`` is the server's process that held it for us: until the server notices that we are gone, that one still does.
    """
    last = "the server still holds it for a connection of ours that broke"
    try:
        async with asyncio.timeout(REGAIN_WITHIN_SEC):
            while True:
                try:
                    connection = await _connect(dsn)
                    if await _try_to_lead(connection):
                        return connection
                    holder = await connection.fetchval(HOLDER, LEADING)
                    connection.terminate()
                    if holder not in (None, before):
                        raise LeadershipLost("Another control plane took over.")
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                    last = str(error)
                # A database that is away cannot tell that it is back: all that is left is to ask again.
                await asyncio.sleep(RETRY_SEC)
    except TimeoutError as error:
        raise LeadershipLost(f"The lock was not to be had again within {REGAIN_WITHIN_SEC:.0f} s: {last}.") from error


async def _connect(dsn: str) -> Any:
    connect: Any = cast("Any", asyncpg).connect  # it has no types
    return await connect(dsn, timeout=CONNECT_TIMEOUT_SEC)


async def _try_to_lead(connection: Any) -> bool:
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADING))
