"""Opening the database: private, checked, at the newest schema, or refused with one sentence."""

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from control_plane.adapters.database import allowance_store, course_tables, identity_tables, opening, tables
from control_plane.adapters.database.opening import HEAD, DatabaseUnusable, open_database, prepare_database
from control_plane.adapters.database.stores import DatabaseProjectStore


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/data/aimforge.db"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_database_is_ours_alone_and_reopens_without_migrating(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    prepare_database(url(tmp_path))
    file = tmp_path / "data" / "aimforge.db"
    assert (mode(file.parent), mode(file)) == (0o700, 0o600)
    file.chmod(0o644)
    monkeypatch.setattr(opening, "upgrade", lambda _: pytest.fail("there is nothing to migrate"))
    prepare_database(url(tmp_path))
    assert mode(file) == 0o600


def test_the_known_head_is_that_of_the_scripts():
    config = Config()
    config.set_main_option("script_location", str(opening.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_the_migrations_make_the_tables_that_the_code_expects(tmp_path: Path):
    from alembic.autogenerate import compare_metadata

    assert tables.PROJECT in SQLModel.metadata.tables
    assert identity_tables.AccountRow.__tablename__ in SQLModel.metadata.tables
    assert course_tables.ARCHIVE in SQLModel.metadata.tables
    assert allowance_store.ALLOWANCE in SQLModel.metadata.tables
    prepare_database(url(tmp_path))
    engine = create_engine(f"sqlite:///{tmp_path}/data/aimforge.db")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
    engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sandbox SET state = 'dancing'",
        "UPDATE sandbox SET end_reason = 'boredom'",
        "UPDATE sandbox SET uid = 0",
        "UPDATE sandbox SET generation = -1",
        "UPDATE sandbox SET generation = 'many'",
        "UPDATE project SET name = ''",
        "UPDATE project SET created_at = 'yesterday'",
    ],
)
def test_the_database_itself_refuses_what_cannot_be(tmp_path: Path, statement: str):
    prepare_database(url(tmp_path))
    with closing(sqlite3.connect(tmp_path / "data" / "aimforge.db")) as connection:
        connection.execute("INSERT INTO project VALUES ('p', 'P', 'ada', 1.0, 1.0, 'empty', '', NULL, 0)")
        connection.execute(
            "INSERT INTO sandbox VALUES ('p', 0, 'absent', 5, '{}', 'empty', '', 1.0, 1.0, NULL, NULL, '')"
        )
        connection.execute("UPDATE sandbox SET state = 'ready', generation = 1")
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)


def test_people_can_be_migrated_down_and_up_again_and_projects_stay(tmp_path: Path):
    prepare_database(url(tmp_path))
    file = tmp_path / "data" / "aimforge.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT INTO project VALUES ('p', 'P', 'ada', 1.0, 1.0, 'empty', '', NULL, 0)")
        connection.execute("INSERT INTO person VALUES ('ada', 'ada', 'Ada', 'admin', 1.0, '', '', 0, 0)")
        connection.execute("INSERT INTO project_share VALUES ('p:ada', 'p', 'ada', 'viewer', 'ada', 1.0)")
    config = Config()
    config.set_main_option("script_location", str(opening.MIGRATIONS))
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as migrating:
        config.attributes["connection"] = migrating
        command.downgrade(config, "0001")
    engine.dispose()
    with closing(sqlite3.connect(file)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert not {"person", "audit", "identity_revision"} & tables
    prepare_database(url(tmp_path))
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT owner FROM project").fetchall() == [("ada",)]
        assert connection.execute("SELECT count(*) FROM person").fetchone() == (0,)
        assert connection.execute("SELECT number FROM identity_revision").fetchone() == (0,)


def test_courses_can_be_migrated_down_and_up_again_and_people_stay(tmp_path: Path):
    prepare_database(url(tmp_path))
    file = tmp_path / "data" / "aimforge.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT INTO person VALUES ('ada', 'ada', 'Ada', 'teacher', 1.0, '', '', 0, 0)")
        connection.execute("INSERT INTO course VALUES ('c', 'Weather', 'ada', 1.0, '')")
        connection.execute("INSERT INTO course_member VALUES ('c:bob', 'c', 'bob', 'Bob', 'student', 1.0, 0)")
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("UPDATE course_member SET role = 'owner'")
    config = Config()
    config.set_main_option("script_location", str(opening.MIGRATIONS))
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as migrating:
        config.attributes["connection"] = migrating
        command.downgrade(config, "0002")
    engine.dispose()
    with closing(sqlite3.connect(file)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert not {"course", "course_member", "assignment", "submission", "exam", "look"} & tables
    prepare_database(url(tmp_path))
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT login FROM person").fetchall() == [("ada",)]
        assert connection.execute("SELECT count(*) FROM course_member").fetchone() == (0,)


@pytest.mark.parametrize("damage", [b"this is no database, and long enough to tell" * 50, None])
def test_a_damaged_database_is_refused_and_left_as_it_is(tmp_path: Path, damage: bytes | None):
    prepare_database(url(tmp_path))
    file = tmp_path / "data" / "aimforge.db"
    content = file.read_bytes()
    broken = damage or content[:4096] + b"\xff" * (len(content) - 4096)
    file.write_bytes(broken)
    with pytest.raises(DatabaseUnusable, match="damaged"):
        prepare_database(url(tmp_path))
    assert file.read_bytes() == broken


def test_a_newer_database_and_one_of_another_program_are_refused(tmp_path: Path):
    prepare_database(url(tmp_path))
    file = tmp_path / "data" / "aimforge.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseUnusable, match="newer version"):
        prepare_database(url(tmp_path))
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DROP TABLE alembic_version")
    with pytest.raises(DatabaseUnusable, match="another program"):
        prepare_database(url(tmp_path))


async def test_many_writers_at_once_all_get_their_turn(tmp_path: Path):
    from control_plane.domain.project import ProjectRecord
    from control_plane.domain.sandbox import Limits, SandboxRecord, SandboxState

    prepare_database(url(tmp_path))
    database = open_database(url(tmp_path))
    store = DatabaseProjectStore(database)

    async def add(number: int) -> None:
        id_ = f"p{number}"
        await store.add(
            ProjectRecord(id=id_, name=id_, owner="ada", created_at=number, opened_at=0),
            SandboxRecord(project_id=id_, generation=0, state=SandboxState.ABSENT, uid=number + 1, limits=Limits()),
        )

    await asyncio.gather(*(add(number) for number in range(50)))
    assert len(await store.list()) == 50
    await database.close()
