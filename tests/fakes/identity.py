"""People and the audit log, in memory; and passwords that cost nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from control_plane.domain.audit import AuditEntry, AuditFilter
from control_plane.domain.errors import Conflict, Stale
from control_plane.domain.identity import Account, ApiToken, Change, Identity, Put, Session
from tests.fakes.stores import FakeDatabase


class FakeIdentityStore:
    """``ports.IdentityStore``."""

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self.identity = Identity.of(0, [])

    async def load(self) -> Identity:
        """Return all records."""
        self._database.check()
        return self.identity

    async def revision(self) -> int:
        """Return how often anything was changed."""
        self._database.check()
        return self.identity.revision

    async def write(self, changes: Sequence[Change], seen: int) -> int:
        """Make changes, all or none."""
        self._database.check()
        if seen != self.identity.revision:
            raise Stale("Somebody else changed people meanwhile.")
        after = self.identity.changed(seen + 1, changes)
        accounts = after.all(Account).values()
        subjects = [account.subject for account in accounts if account.subject]
        if len(after.by_login) < len(accounts) or len(set(subjects)) < len(subjects):
            raise Conflict("This login is taken.")
        self.identity = after
        return after.revision

    async def touch(self, sessions: Mapping[str, float], tokens: Mapping[str, float]) -> None:
        """Note uses."""
        self._database.check()
        found = self.identity
        changes: list[Change] = [
            Put(replace(s, seen_at=at)) for id_, at in sessions.items() if (s := found.get(Session, id_))
        ]
        changes += [Put(replace(t, used_at=at)) for id_, at in tokens.items() if (t := found.get(ApiToken, id_))]
        self.identity = found.changed(found.revision, changes)


class FakeAuditStore:
    """``ports.AuditStore``."""

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self.entries: list[AuditEntry] = []
        self.transactions = 0

    async def append(self, entries: Sequence[AuditEntry]) -> None:
        """Add entries."""
        self._database.check()
        self.transactions += 1
        for entry in entries:
            self.entries.append(replace(entry, id=len(self.entries) + 1))

    async def read(self, wanted: AuditFilter, limit: int) -> Sequence[AuditEntry]:
        """Return entries, newest first."""
        self._database.check()

        def fits(entry: AuditEntry) -> bool:
            action = wanted.action
            return (
                wanted.actor in ("", entry.actor)
                and wanted.project_id in ("", entry.project_id)
                and (entry.action.startswith(action) if action.endswith(".") else action in ("", entry.action))
                and (wanted.since is None or entry.at >= wanted.since)
                and (wanted.until is None or entry.at < wanted.until)
                and (wanted.before_id is None or entry.id < wanted.before_id)
            )

        return [entry for entry in reversed(self.entries) if fits(entry)][:limit]

    async def prune(self, before: float) -> int:
        """Remove what is older."""
        kept = [entry for entry in self.entries if entry.at >= before]
        gone = len(self.entries) - len(kept)
        self.entries = kept
        return gone
