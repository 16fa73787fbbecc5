"""All people, sessions, tokens and shares, in memory in front of the store: read on every request, written rarely.

The store counts revisions. A change carries the revision that it was made from; when another process or the command line
was faster, everything is read anew and the change is made again. Once a second the count is looked at, so that what others
change is seen here as well.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from control_plane.domain.errors import Stale, StoreUnavailable
from control_plane.domain.identity import ApiToken, Change, Drop, Identity, Put, Session
from control_plane.ports import Clock, IdentityStore

R = TypeVar("R")
LOOK_EVERY_SEC: Final = 1.0
NOTE_USES_EVERY_SEC: Final = 60.0
ATTEMPTS: Final = 20
"""How often a change is made anew because somebody else was faster."""


class Directory:
    """Look-ups never wait (``identity``); changes are durable when they return. Raises ``StoreUnavailable``."""

    def __init__(self, store: IdentityStore, clock: Clock) -> None:
        self.identity = Identity()
        self._store = store
        self._clock = clock
        self._changing = asyncio.Lock()
        self._on_change: list[Callable[[], None]] = []
        self._sessions_used: dict[str, float] = {}
        self._tokens_used: dict[str, float] = {}
        self._noted_at = clock.monotonic()

    def on_look(self, callback: Callable[[], None]) -> None:
        """Have something called after every change, whoever made it, and about once a second."""
        self._on_change.append(callback)

    async def load(self) -> None:
        """Read everything."""
        self.identity = await self._store.load()

    async def change(self, make: Callable[[Identity], tuple[Sequence[Change], R]]) -> R:
        """Make the changes that ``make`` derives from what is stored, and return its result.

        ``make`` may be called again, with what somebody else changed meanwhile; what it raises leaves all as it was.
        """
        async with self._changing:
            for _ in range(ATTEMPTS):
                changes, result = make(self.identity)
                if not changes:
                    return result
                try:
                    revision = await self._store.write(changes, self.identity.revision)
                except Stale:
                    self.identity = await self._store.load()
                    continue
                self.identity = self.identity.changed(revision, changes)
                self._tell()
                return result
        raise StoreUnavailable("Too much is changed about people at the moment: try again.")

    async def look(self) -> None:
        """See what others changed; let the callbacks see what time changed."""
        await self._read()
        self._tell()

    async def catch_up(self) -> None:
        """See what others changed until now, for who must not be told what was true a second ago."""
        if await self._read():
            self._tell()

    async def _read(self) -> bool:
        """Read everything anew if anything changed; tell whether that was so."""
        async with self._changing:
            if await self._store.revision() == self.identity.revision:
                return False
            self.identity = await self._store.load()
            return True

    async def follow(self) -> None:
        """Look once a second, and write down uses once a minute; ends only when cancelled."""
        while True:
            await self._clock.sleep(LOOK_EVERY_SEC)
            try:
                await self.look()
                if self._clock.monotonic() - self._noted_at >= NOTE_USES_EVERY_SEC:
                    await self.note_uses()
            except StoreUnavailable:
                self._tell()  # what is known still ends by time

    async def note_uses(self) -> None:
        """Write down when sessions and tokens were last used, and forget sessions that are over."""
        self._noted_at = self._clock.monotonic()
        sessions, self._sessions_used = self._sessions_used, {}
        tokens, self._tokens_used = self._tokens_used, {}
        if sessions or tokens:
            try:
                await self._store.touch(sessions, tokens)
            except StoreUnavailable:
                self._sessions_used = sessions | self._sessions_used
                self._tokens_used = tokens | self._tokens_used
                raise
            async with self._changing:
                self._take_over(sessions, tokens)
        now = self._clock.now()
        await self.change(
            lambda identity: (
                [Drop(Session, s.id) for s in identity.all(Session).values() if s.expires_at <= now],
                None,
            )
        )

    def used_session(self, session_id: str) -> None:
        """Note a use; never waits."""
        self._sessions_used[session_id] = self._clock.now()

    def used_token(self, token_id: str) -> None:
        """Note a use; never waits."""
        self._tokens_used[token_id] = self._clock.now()

    def _take_over(self, sessions: Mapping[str, float], tokens: Mapping[str, float]) -> None:
        """Know the uses that were written down, which are no change that anybody is told of by the revision."""
        now = self.identity
        noted: list[Change] = [
            *(Put(replace(s, seen_at=at)) for id_, at in sessions.items() if (s := now.get(Session, id_))),
            *(Put(replace(t, used_at=at)) for id_, at in tokens.items() if (t := now.get(ApiToken, id_))),
        ]
        self.identity = now.changed(now.revision, noted)

    def session_seen_at(self, session: Session) -> float:
        """Return when a session was last used."""
        return self._sessions_used.get(session.id, session.seen_at)

    def token_used_at(self, token: ApiToken) -> float | None:
        """Return when a token was last used; None: never."""
        return self._tokens_used.get(token.id, token.used_at)

    def _tell(self) -> None:
        for callback in self._on_change:
            callback()
