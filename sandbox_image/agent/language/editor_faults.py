"""Servers that are one editor's own and end by themselves: when that editor is to come back, and when it is not.

What an editor says may be what ends its server, again and again. So ends are counted for each person, and nobody is turned away
for what another one's editor does.
"""

import time
from collections.abc import Callable
from typing import Final

from sandbox_image.wire.closing import CloseCode

from .restart_policy import LONGEST_DELAY, RestartPolicy

MAX_PEOPLE: Final = 100
"""Of whom ends are remembered; the one longest ago is forgotten first."""


class EditorFaults:
    """Counts the ends of servers by person."""

    def __init__(self, limit: int, window: float, clock: Callable[[], float] = time.monotonic) -> None:
        """After ``limit`` ends without a server that ran for ``window`` seconds, a person's editors are turned away for a while."""
        self._limit = limit
        self._window = window
        self._clock = clock
        self._policies: dict[str, RestartPolicy] = {}
        self._gave_up_at: dict[str, float] = {}

    def turns_away(self, user: str) -> bool:
        """True while no server is started for this person's editors."""
        gave_up_at = self._gave_up_at.get(user)
        return gave_up_at is not None and self._clock() - gave_up_at <= LONGEST_DELAY

    def ended(self, user: str, served_for: float) -> CloseCode:
        """A server ended after so many seconds: what its editor is told."""
        policy = self._policies.pop(user, None) or RestartPolicy(self._limit, self._window)
        while len(self._policies) >= MAX_PEOPLE:
            self._forget(next(iter(self._policies)))
        self._policies[user] = policy
        if policy.crashed(served_for) is not None:
            return CloseCode.LANGUAGE_SERVER_RESTARTED
        self._gave_up_at[user] = self._clock()
        return CloseCode.LANGUAGE_SERVER_GAVE_UP

    def forgive(self) -> None:
        """Somebody restarted the servers by hand: count anew."""
        self._policies.clear()
        self._gave_up_at.clear()

    def _forget(self, user: str) -> None:
        del self._policies[user]
        self._gave_up_at.pop(user, None)
