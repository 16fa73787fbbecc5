"""A PostgreSQL server of the tests' own, on a Unix socket in a folder that is gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

USER: Final = "aimforge"
SETTINGS: Final = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
}


def program(name: str) -> str:
    """Find a program of the newest PostgreSQL here; Debian keeps them apart from the others."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, "The tests need PostgreSQL: apt-get install postgresql"
    return path


def run_as() -> Mapping[str, Any]:
    """Whom the server runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@dataclass
class Postgres:
    """A running server."""

    folder: Path

    def start(self) -> None:
        """Start it; returns when it answers."""
        options = " ".join(f"-c {name}={value!r}" for name, value in SETTINGS.items())
        self._control("start", "-o", f"{options} -k {self.folder}")

    def stop(self) -> None:
        """Stop it, and drop all connections."""
        self._control("stop", "-m", "immediate")

    def database(self, template: str = "template1") -> str:
        """Make a database, and return its URL."""
        name = f"t{uuid.uuid4().hex}"
        subprocess.run(
            [program("createdb"), "-h", str(self.folder), "-U", USER, "-T", template, name],
            check=True,
            capture_output=True,
        )
        return f"postgresql://{USER}@/{name}?host={self.folder}"

    def _control(self, verb: str, *more: str) -> None:
        command = [
            program("pg_ctl"),
            "-D",
            str(self.folder / "data"),
            "-l",
            str(self.folder / "log"),
            "-w",
            verb,
            *more,
        ]
        done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, **self._where())
        assert done.returncode == 0, (self.folder / "log").read_text()

    def _where(self) -> dict[str, Any]:
        return {"cwd": self.folder, **run_as()}


@contextmanager
def postgres() -> Generator[Postgres]:
    """Make a server and start it; all of it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        if who := run_as():
            os.chown(folder, who["user"], who["group"])
        server = Postgres(folder)
        subprocess.run(
            [program("initdb"), "-D", "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            **run_as(),
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()
