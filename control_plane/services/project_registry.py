"""The rows of all projects, in memory in front of the store: read on every request, written rarely."""

from collections.abc import Container, Sequence

from control_plane.domain.access import no_such_project
from control_plane.domain.errors import AimforgeError
from control_plane.domain.people import Person
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import SandboxRecord
from control_plane.ports import ProjectStore


class ProjectRegistry:
    """All projects. Look-ups never wait; changes are durable when they return. Raises ``StoreUnavailable``."""

    def __init__(self, store: ProjectStore) -> None:
        self._store = store
        self._records: dict[str, ProjectRecord] = {}

    async def load(self) -> None:
        """Read all rows."""
        for record in await self._store.list():
            self._records[record.id] = record

    def find(self, project_id: str) -> ProjectRecord | None:
        """Return a project that is not deleted. The guard asks for each request."""
        record = self._records.get(project_id)
        return record if record is not None and record.deleted_at is None else None

    def get(self, project_id: str) -> ProjectRecord:
        """Return a project that is not deleted. Raises ``NotFound``."""
        record = self.find(project_id)
        if record is None:
            raise no_such_project(project_id)
        return record

    def find_any(self, project_id: str) -> ProjectRecord | None:
        """Return a project, deleted or not."""
        return self._records.get(project_id)

    def name_of(self, project_id: str) -> str:
        """Return the name, also of a project that is being deleted."""
        record = self._records.get(project_id)
        return record.name if record else ""

    def owner_of(self, project_id: str) -> str:
        """Return the owner's id, also of a project that is being deleted; empty for one that is gone."""
        record = self._records.get(project_id)
        return record.owner if record else ""

    def all(self) -> Sequence[ProjectRecord]:
        """Return all projects, those too whose deletion is under way: their workspaces must stay."""
        return list(self._records.values())

    def of(self, person: Person, search: str = "", shared: Container[str] = ()) -> list[ProjectRecord]:
        """Return the person's projects and those that are ``shared`` with them, last opened first.

        ``search`` is looked for in name and description.
        """
        wanted = search.casefold()
        mine = [
            record
            for record in self._records.values()
            if (record.owner == person.id or record.id in shared)
            and record.deleted_at is None
            and (wanted in record.name.casefold() or wanted in record.description.casefold())
        ]
        return sorted(mine, key=lambda record: record.opened_at, reverse=True)

    async def add(self, record: ProjectRecord, sandbox: SandboxRecord) -> None:
        """Add a project with its sandbox's row. What cannot be written is not there."""
        self._records[record.id] = record
        try:
            await self._store.add(record, sandbox)
        except AimforgeError:
            self._records.pop(record.id, None)
            raise

    async def put(self, record: ProjectRecord) -> None:
        """Replace a project's row. What cannot be written is as it was; only a removal under way is never forgotten."""
        before = self._records.get(record.id)
        self._records[record.id] = record
        try:
            await self._store.update(record)
        except AimforgeError:
            if before is not None and not record.deleting and self._records.get(record.id) is record:
                self._records[record.id] = before
            raise

    def remember(self, record: ProjectRecord) -> None:
        """Replace a project in memory; whoever calls has it written down."""
        self._records[record.id] = record

    async def drop(self, project_id: str) -> None:
        """Remove a project's rows for good."""
        await self._store.delete(project_id)
        self._records.pop(project_id, None)
