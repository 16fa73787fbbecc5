"""Opening the database: private, in WAL mode, and at the newest schema, or not at all and with one clear sentence."""

import fcntl
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from control_plane.adapters.database import postgres
from control_plane.adapters.database.stores import Database
from control_plane.domain.errors import StoreUnavailable

MIGRATIONS: Final = Path(__file__).parent / "migrations"
HEAD: Final = "0007"
"""The newest revision; a test compares it with the scripts. Known here, so that Alembic (0.4 s to import) is loaded
only when there is something to migrate."""
BUSY_TIMEOUT_MS: Final = 5000


class DatabaseUnusable(StoreUnavailable):
    """The database is damaged, or newer than this program: it will not be touched."""


def prepare_database(url: str) -> None:
    """Make the database private, check it, and bring it to the newest schema. Raises ``DatabaseUnusable``."""
    path = file_of(url)
    if path is not None:
        prepare_file(path)
    migrate(url, path)


def open_database(url: str) -> Database:
    """Open a database that has been prepared."""
    path = file_of(url)
    engine = create_async_engine(driver_url(url), pool_pre_ping=path is None)
    if path is not None:
        event.listen(engine.sync_engine, "connect", set_pragmas)
        return Database(engine)
    return Database(engine, postgres.driver_faults())


def file_of(url: str) -> Path | None:
    """Return the file of an SQLite database, None for a server's."""
    parsed = sa.make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def set_pragmas(connection: Any, _: object) -> None:
    """Set up a new SQLite connection: readers never wait for the writer, a crash loses at most the last transaction."""
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def prepare_file(path: Path) -> None:
    """Make sure that the file and its folder are ours alone. Raises ``DatabaseUnusable``."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)
    except OSError as error:
        raise DatabaseUnusable(f"The database {path} cannot be opened: {error.strerror}. Check its folder.") from error


def migrate(url: str, path: Path | None) -> None:
    """Bring the schema to ``HEAD``; one process at a time. Raises ``DatabaseUnusable``."""
    if path is None:
        migrate_server(url)
        return
    with locked(path.with_name(path.name + ".lock")):
        revision = read_revision(path)
        if revision != HEAD:
            upgrade_file(url)
            path.chmod(0o600)


def read_revision(path: Path) -> str | None:
    """Return the schema's revision after a check that the file is sound. Raises ``DatabaseUnusable``."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000)) as connection:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise DatabaseUnusable(damaged(path, verdict))
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "alembic_version" not in tables:
                if tables:
                    raise DatabaseUnusable(
                        f"{path} is a database of another program: set AIMFORGE_DATA_DIR to a folder of our own."
                    )
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return row[0] if row else None
    except sqlite3.DatabaseError as error:
        raise DatabaseUnusable(damaged(path, str(error))) from error


def damaged(path: Path, why: str) -> str:
    """Say what to do about a damaged database."""
    return (
        f"The database {path} is damaged ({why}). Nothing was changed. Put a backup of it there, "
        "or move it away to begin with none; the projects' folders are not in it."
    )


def upgrade(connection: sa.Connection) -> None:
    """Run the migrations that are missing, in one transaction. Raises ``DatabaseUnusable``."""
    from alembic import command  # noqa: PLC0415  # see HEAD
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util.exc import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        if "Can't locate revision" not in str(error):
            raise
        raise DatabaseUnusable(
            "The database was written by a newer version of AIM-Forge. Install that version again, "
            "or set AIMFORGE_DATA_DIR to another folder. Nothing was changed."
        ) from error
    except SQLAlchemyError as error:
        words = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise DatabaseUnusable(
            f"The database could not be brought up to date: {words}. Nothing was changed."
        ) from error


def migrate_server(url: str) -> None:
    """Bring a server's schema to ``HEAD``. Raises ``DatabaseUnusable``."""
    try:
        postgres.migrate(driver_url(url), HEAD, upgrade)
    except postgres.faults() as error:
        raise DatabaseUnusable(
            f"The database does not answer: {postgres.words_of(error)}. Check AIMFORGE_DATABASE_URL, and that it runs."
        ) from error


def upgrade_file(url: str) -> None:
    """Run the migrations that an SQLite file lacks. Raises ``DatabaseUnusable``."""
    engine = sa.create_engine(sa.make_url(url).set(drivername="sqlite"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        upgrade(connection)


def driver_url(url: str) -> sa.URL:
    """Return the URL with the driver that we use, where it names none."""
    parsed = sa.make_url(url)
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
    return parsed.set(drivername=drivers.get(parsed.drivername, parsed.drivername))


@contextmanager
def locked(path: Path) -> Generator[None, None, None]:
    """Hold an exclusive lock on a file of that name; waits for whoever holds it."""
    with path.open("w") as file:
        path.chmod(0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
