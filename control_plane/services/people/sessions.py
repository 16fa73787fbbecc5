"""Browser sessions: opened at sign-in under a new secret, listed, ended."""

from control_plane.domain.audit import AuditAction
from control_plane.domain.errors import NotFound
from control_plane.domain.identity import Account, Change, Drop, Identity, Put, Session, digest_of, new_id, new_secret
from control_plane.ports import Clock
from control_plane.services.audit import Actor, AuditLog
from control_plane.services.people.directory import Directory

MAX_SESSIONS = 50
"""Sessions of one person; the ones that were used longest ago end first."""


class Sessions:
    """Who is signed in where."""

    def __init__(self, directory: Directory, audit: AuditLog, clock: Clock, session_sec: int) -> None:
        self._directory = directory
        self._audit = audit
        self._clock = clock
        self._session_sec = session_sec

    async def open(self, account: Account, actor: Actor, agent: str, *, replacing: str = "", by: str = "") -> str:
        """Sign a person in; return the session's secret, which is new whatever the browser had before.

        ``replacing`` is the secret that it had: that session ends. ``by`` says how the person proved who they are.
        """
        secret = new_secret("afs_")
        now = self._clock.now()
        session = Session(
            id=new_id(),
            digest=digest_of(secret),
            person_id=account.id,
            created_at=now,
            seen_at=now,
            expires_at=now + self._session_sec,
            address=actor.address[:64],
            agent=agent[:200],
        )

        def make(identity: Identity) -> tuple[list[Change], None]:
            mine = sorted(self._of(identity, account.id), key=self._directory.session_seen_at)
            ended = mine[: max(0, len(mine) - MAX_SESSIONS + 1)]
            old = identity.with_secret(Session, replacing) if replacing else None
            if old is not None and old not in ended:
                ended.append(old)
            return [*(Drop(Session, s.id) for s in ended), Put(session)], None

        await self._directory.change(make)
        self._audit.record(AuditAction.SIGN_IN, Actor(account.id, actor.address), by=by, agent=session.agent)
        return secret

    def of(self, person_id: str) -> list[Session]:
        """Return a person's sessions, the last used one first."""
        mine = self._of(self._directory.identity, person_id)
        return sorted(mine, key=self._directory.session_seen_at, reverse=True)

    def people(self) -> set[str]:
        """Return the ids of all who are signed in with a browser."""
        now = self._clock.now()
        return {s.person_id for s in self._directory.identity.all(Session).values() if s.expires_at > now}

    def seen_at(self, session: Session) -> float:
        """Return when a session was last used."""
        return self._directory.session_seen_at(session)

    async def end(self, session_id: str, actor: Actor) -> None:
        """Sign out."""
        await self._directory.change(lambda _: ([Drop(Session, session_id)], None))
        self._audit.record(AuditAction.SIGN_OUT, actor)

    async def revoke(self, person_id: str, session_id: str, actor: Actor) -> None:
        """End one of a person's sessions. Raises ``NotFound``."""

        def make(identity: Identity) -> tuple[list[Change], None]:
            session = identity.get(Session, session_id)
            if session is None or session.person_id != person_id:
                raise NotFound(f"There is no session {session_id[:64]!r}.")
            return [Drop(Session, session_id)], None

        await self._directory.change(make)
        self._audit.record(AuditAction.SESSION_REVOKED, actor, person_id=person_id, sessions=1)

    async def revoke_all(self, person_id: str, actor: Actor, *, but: str = "") -> int:
        """End all of a person's sessions but one; return how many."""

        def make(identity: Identity) -> tuple[list[Change], int]:
            ended = [session for session in self._of(identity, person_id) if session.id != but]
            return [Drop(Session, session.id) for session in ended], len(ended)

        ended = await self._directory.change(make)
        self._audit.record(AuditAction.SESSION_REVOKED, actor, person_id=person_id, sessions=ended)
        return ended

    def _of(self, identity: Identity, person_id: str) -> list[Session]:
        now = self._clock.now()
        return [s for s in identity.all(Session).values() if s.person_id == person_id and s.expires_at > now]
