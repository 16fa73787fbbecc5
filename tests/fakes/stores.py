"""A database in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from control_plane.domain.access import no_such_project
from control_plane.domain.allowance import AllowanceRecord
from control_plane.domain.errors import Stale, StoreUnavailable
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import SandboxRecord


class FakeDatabase:
    """The rows, and whether they can be reached."""

    def __init__(self) -> None:
        self.projects: dict[str, ProjectRecord] = {}
        self.sandboxes: dict[str, SandboxRecord] = {}
        self.allowances: dict[str, AllowanceRecord] = {}
        self.down = False

    def check(self) -> None:
        """Raise ``StoreUnavailable`` while the test wants the database to be down."""
        if self.down:
            raise StoreUnavailable("The database does not answer: disk I/O error.")


class FakeProjectStore:
    """``ports.ProjectStore``."""

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database

    async def add(self, project: ProjectRecord, sandbox: SandboxRecord) -> None:
        """Insert both rows, or none."""
        self._database.check()
        uids = {record.uid for record in self._database.sandboxes.values()}
        if project.id in self._database.projects or sandbox.uid in uids:
            raise StoreUnavailable("The database does not answer: UNIQUE constraint failed.")
        self._database.projects[project.id] = project
        self._database.sandboxes[project.id] = sandbox

    async def get(self, project_id: str) -> ProjectRecord:
        """Return one project."""
        self._database.check()
        if project_id not in self._database.projects:
            raise no_such_project(project_id)
        return self._database.projects[project_id]

    async def list(self, owner: str | None = None) -> Sequence[ProjectRecord]:
        """Return all projects, oldest first."""
        self._database.check()
        rows = sorted(self._database.projects.values(), key=lambda record: (record.created_at, record.id))
        return [record for record in rows if owner in (None, record.owner)]

    async def update(self, project: ProjectRecord) -> None:
        """Replace a row."""
        await self.get(project.id)
        self._database.projects[project.id] = project

    async def note_opened(self, opened: Mapping[str, float]) -> None:
        """Set when projects were last opened."""
        self._database.check()
        for project_id, at in opened.items():
            if project_id in self._database.projects:
                self._database.projects[project_id] = replace(self._database.projects[project_id], opened_at=at)

    async def delete(self, project_id: str) -> None:
        """Remove both rows."""
        self._database.check()
        self._database.projects.pop(project_id, None)
        self._database.sandboxes.pop(project_id, None)


class FakeSandboxStore:
    """``ports.SandboxStore``."""

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database

    async def get(self, project_id: str) -> SandboxRecord:
        """Return one row."""
        self._database.check()
        if project_id not in self._database.sandboxes:
            raise no_such_project(project_id)
        return self._database.sandboxes[project_id]

    async def list(self) -> Sequence[SandboxRecord]:
        """Return all rows."""
        self._database.check()
        return list(self._database.sandboxes.values())

    async def save(self, record: SandboxRecord) -> None:
        """Replace a row unless the stored generation is newer."""
        stored = await self.get(record.project_id)
        if stored.generation > record.generation:
            raise Stale("The sandbox was started anew meanwhile.", generation=record.generation)
        self._database.sandboxes[record.project_id] = record


class FakeAllowanceStore:
    """``ports.AllowanceStore``."""

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database

    async def list(self) -> Sequence[AllowanceRecord]:
        """Return all records, by subject."""
        self._database.check()
        return sorted(self._database.allowances.values(), key=lambda record: record.subject)

    async def put(self, record: AllowanceRecord) -> None:
        """Add or replace."""
        self._database.check()
        self._database.allowances[record.subject] = record

    async def delete(self, subject: str) -> None:
        """Remove."""
        self._database.check()
        self._database.allowances.pop(subject, None)
