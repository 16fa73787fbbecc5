"""What is stored about people: accounts, sessions, tokens, invitations, shares, courses. Secrets are stored as digests only.

All of it is small and read on every request, so it is held in memory as one immutable ``Identity``; the store counts its
revisions, and a change is refused (``Stale``) when somebody else changed something since.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar, cast

from control_plane.domain.access import Share
from control_plane.domain.courses import Assignment, Course, Exam, Look, Member, Submission
from control_plane.domain.people import Role, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who may sign in. ``login`` is canonical; ``password`` is a hash, empty when there is none.

    ``subject`` ties the account to an identity of the OIDC provider: its issuer and its ``sub``. ``role_by_claim``: the role is
    one that the provider's claims gave, and goes with them.
    """

    id: str
    login: str
    name: str
    role: Role
    created_at: float
    password: str = ""
    subject: str = ""
    disabled: bool = False
    role_by_claim: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is signed in. ``digest`` is that of the cookie's value."""

    id: str
    digest: str
    person_id: str
    created_at: float
    seen_at: float
    expires_at: float
    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A credential for programs. ``expires_at`` None: never."""

    id: str
    digest: str
    person_id: str
    name: str
    scope: Scope
    created_at: float
    expires_at: float | None = None
    used_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A link by which people make their own account. ``max_uses`` 0: any number."""

    id: str
    digest: str
    role: Role
    created_by: str
    created_at: float
    expires_at: float
    course_id: str = ""
    max_uses: int = 1
    uses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A person's share in somebody else's project. ``id`` is ``grant_id`` of both."""

    id: str
    project_id: str
    person_id: str
    share: Share
    created_by: str
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLink:
    """A link that gives whoever is signed in and opens it a share in a project."""

    id: str
    digest: str
    project_id: str
    share: Share
    created_by: str
    created_at: float
    expires_at: float


Record = (
    Account
    | Session
    | ApiToken
    | Invitation
    | Grant
    | ShareLink
    | Course
    | Member
    | Assignment
    | Submission
    | Exam
    | Look
)
KINDS: Final[tuple[type[Record], ...]] = (
    Account,
    Session,
    ApiToken,
    Invitation,
    Grant,
    ShareLink,
    Course,
    Member,
    Assignment,
    Submission,
    Exam,
    Look,
)
"""Each kind; what others refer to comes first."""
T = TypeVar("T", bound=Record)
WITH_DIGEST: Final = (Session, ApiToken, Invitation, ShareLink)


@dataclass(frozen=True, slots=True)
class Put:
    """Insert a record, or replace the one with its id."""

    record: Record


@dataclass(frozen=True, slots=True)
class Drop:
    """Remove a record; what is gone already is no error."""

    kind: type[Record]
    id: str


Change = Put | Drop


@dataclass(frozen=True, slots=True)
class Identity:
    """All records at one revision, by kind and id, with the look-ups that requests need."""

    revision: int = 0
    rows: Mapping[type[Record], Mapping[str, Record]] = field(default_factory=dict[type[Record], Mapping[str, Record]])
    by_digest: Mapping[str, Record] = field(default_factory=dict[str, Record], repr=False)
    by_login: Mapping[str, Account] = field(default_factory=dict[str, Account], repr=False)

    @classmethod
    def of(cls, revision: int, records: Iterable[Record]) -> "Identity":
        """Build from the rows of a store."""
        rows: dict[type[Record], dict[str, Record]] = {kind: {} for kind in KINDS}
        for record in records:
            rows[type(record)][record.id] = record
        return cls._indexed(revision, rows)

    @classmethod
    def _indexed(cls, revision: int, rows: Mapping[type[Record], Mapping[str, Record]]) -> "Identity":
        by_digest = {
            record.digest: record
            for kind in WITH_DIGEST
            for record in rows.get(kind, {}).values()
            if isinstance(record, WITH_DIGEST)
        }
        accounts = cast("Mapping[str, Account]", rows.get(Account, {}))
        return cls(revision, rows, by_digest, {account.login: account for account in accounts.values()})

    def all(self, kind: type[T]) -> Mapping[str, T]:
        """Return the records of a kind by id."""
        return cast("Mapping[str, T]", self.rows.get(kind, {}))

    def get(self, kind: type[T], id_: str) -> T | None:
        """Return a record, if there is one."""
        return self.all(kind).get(id_)

    def with_secret(self, kind: type[T], secret: str) -> T | None:
        """Return the record whose secret this is."""
        record = self.by_digest.get(digest_of(secret))
        return record if isinstance(record, kind) else None

    def changed(self, revision: int, changes: Iterable[Change]) -> "Identity":
        """Return this with changes made. The table of a kind that did not change stays the same object."""
        rows = dict(self.rows)
        copied: set[type[Record]] = set()
        for change in changes:
            kind = type(change.record) if isinstance(change, Put) else change.kind
            if kind not in copied:
                rows[kind] = dict(rows.get(kind, {}))
                copied.add(kind)
            table = cast("dict[str, Record]", rows[kind])
            if isinstance(change, Put):
                table[change.record.id] = change.record
            else:
                table.pop(change.id, None)
        if copied.isdisjoint((Account, *WITH_DIGEST)):
            return Identity(revision, rows, self.by_digest, self.by_login)
        return self._indexed(revision, rows)


def grant_id(project_id: str, person_id: str) -> str:
    """Return the id of a person's share in a project: there is one at most."""
    return f"{project_id}:{person_id}"


def new_id() -> str:
    """Return an id for a record."""
    return secrets.token_hex(8)


def new_secret(prefix: str) -> str:
    """Return a secret of 256 bits; the prefix tells people and secret scanners what it is."""
    return prefix + secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """Return what is stored of a secret. Secrets are long and random, so one fast hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
