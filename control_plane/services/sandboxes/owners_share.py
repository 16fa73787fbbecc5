"""How many sandboxes one person may have at once, and which of theirs makes room for another."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from control_plane.domain.errors import TooMany
from control_plane.domain.sandbox import EndReason, SandboxState
from control_plane.services.sandboxes.grants import Grants
from control_plane.services.sandboxes.sandbox_entry import SandboxEntry

COUNTS: Final = frozenset(
    {
        SandboxState.QUEUED,
        SandboxState.STARTING,
        SandboxState.READY,
        SandboxState.PAUSING,
        SandboxState.PAUSED,
        SandboxState.RESUMING,
    }
)
"""States that count against what one person may have."""


class OwnersShare:
    """Sees to it that an owner has no more sandboxes than they may."""

    def __init__(
        self,
        entries: Callable[[], Iterable[SandboxEntry]],
        grants: Grants,
        stop: Callable[[SandboxEntry, EndReason], Awaitable[None]],
    ) -> None:
        self._entries = entries
        self._grants = grants
        self._stop = stop

    async def make_room(self, entry: SandboxEntry) -> None:
        """Stop the owner's paused sandbox that rests longest, if they have as many as they may. Raises ``TooMany``."""
        owner = self._owner(entry)
        while allowed := self._grants.at_once_of(entry.record.project_id):
            held = [
                other
                for other in self._entries()
                if other is not entry and other.state in COUNTS and self._owner(other) == owner
            ]
            if len(held) < allowed:
                return
            asleep = [other for other in held if other.state is SandboxState.PAUSED and other.flight is None]
            if not asleep:
                raise TooMany(
                    f"At most {allowed} of your sandboxes may run at once, and {len(held)} do. Stop one of your other "
                    "projects' sandboxes first.",
                    at_once=allowed,
                )
            await self._stop(min(asleep, key=lambda other: other.used_at), EndReason.EVICTED)

    def _owner(self, entry: SandboxEntry) -> str:
        return self._grants.place_of(entry.record.project_id).owner
