"""The database, a store for each kind of record."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Protocol

from control_plane.domain.allowance import AllowanceRecord
from control_plane.domain.archives import Archive
from control_plane.domain.audit import AuditEntry, AuditFilter
from control_plane.domain.hidden_tests import TestRow
from control_plane.domain.identity import Change, Identity
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import SandboxRecord


class ProjectStore(Protocol):
    """Projects and their owners. Raises ``NotFound``, ``StoreUnavailable``."""

    async def add(self, project: ProjectRecord, sandbox: SandboxRecord) -> None: ...
    async def get(self, project_id: str) -> ProjectRecord: ...
    async def list(self, owner: str | None = None) -> Sequence[ProjectRecord]: ...
    async def update(self, project: ProjectRecord) -> None: ...
    async def note_opened(self, opened: Mapping[str, float]) -> None:
        """Set when projects were last opened, seconds since 1970 by id, in one transaction. Projects that are gone are no error."""
        ...

    async def delete(self, project_id: str) -> None:
        """Remove the project and its sandbox row."""
        ...


class SandboxStore(Protocol):
    """Rows of sandboxes. ``save`` raises ``Stale`` when the stored generation is newer."""

    async def get(self, project_id: str) -> SandboxRecord: ...
    async def list(self) -> Sequence[SandboxRecord]: ...
    async def save(self, record: SandboxRecord) -> None: ...


class IdentityStore(Protocol):
    """Accounts, sessions, tokens, invitations and shares. Several processes may write. Raises ``StoreUnavailable``."""

    async def load(self) -> Identity:
        """Return all records."""
        ...

    async def revision(self) -> int: ...
    async def write(self, changes: Sequence[Change], seen: int) -> int:
        """Make changes, all or none; return the new revision.

        Raises ``Stale`` when the revision is no longer ``seen``, ``Conflict`` when a login or an identity is taken.
        """
        ...

    async def touch(self, sessions: Mapping[str, float], tokens: Mapping[str, float]) -> None:
        """Note when sessions and tokens were last used; this is no new revision."""
        ...


class AllowanceStore(Protocol):
    """What is said of each subject. Raises ``StoreUnavailable``."""

    async def list(self) -> Sequence[AllowanceRecord]: ...
    async def put(self, record: AllowanceRecord) -> None:
        """Add a record, or replace the subject's."""
        ...

    async def delete(self, subject: str) -> None: ...


class AuditStore(Protocol):
    """The audit log: entries are added and, once they are old, removed; never changed."""

    async def append(self, entries: Sequence[AuditEntry]) -> None: ...
    async def read(self, wanted: AuditFilter, limit: int) -> Sequence[AuditEntry]:
        """Return entries, newest first."""
        ...

    async def prune(self, before: float) -> int:
        """Remove what is older; return how many."""
        ...


class ArchiveStore(Protocol):
    """Archives as opaque bytes. Raises ``StoreUnavailable``."""

    async def put(self, chunks: AsyncIterator[bytes], max_bytes: int) -> Archive:
        """Store an archive. Raises ``TooLarge``, and whatever ``chunks`` raise; nothing is left of it then."""
        ...

    async def find(self, archive_id: str) -> Archive | None: ...
    def read(self, archive_id: str) -> AsyncGenerator[bytes]:
        """Yield an archive's bytes, at most 1 MiB at a time. Raises ``NotFound``; breaks off when it is damaged."""
        ...

    async def delete(self, archive_ids: Sequence[str]) -> None:
        """Remove archives; what is gone already is no error."""
        ...

    async def ids(self) -> Sequence[str]:
        """Return the ids of all archives, also of unfinished ones, the oldest first."""
        ...


class HiddenTestStore(Protocol):
    """What hidden tests said of submissions. Raises ``StoreUnavailable``."""

    async def of(self, assignment_id: str) -> Sequence[TestRow]:
        """Return an assignment's rows by login."""
        ...

    async def unfinished(self) -> Sequence[TestRow]:
        """Return the rows, of all assignments, whose tests are not over."""
        ...

    async def save(self, saved: Sequence[TestRow]) -> None:
        """Insert or replace rows, all or none; those of an assignment that is gone are dropped."""
        ...
