"""Requests of clients that came while their server was starting, and wait for it."""

from typing import Final

from .envelope import Envelope
from .member import Member

MAX_HELD: Final = 200
"""Requests of all clients."""
MAX_HELD_SIZE: Final = 64 * 1024
"""Bytes of the parameters of one of them."""


class HeldRequests:
    """Who asked what, oldest first."""

    def __init__(self) -> None:
        self._held: list[tuple[Member, Envelope]] = []

    def keep(self, member: Member, message: Envelope) -> bool:
        """Hold a request; false when there is no room for it."""
        if len(self._held) >= MAX_HELD or len(message.params) > MAX_HELD_SIZE:
            return False
        self._held.append((member, message))
        return True

    def take_all(self) -> list[tuple[Member, Envelope]]:
        """All of them, which wait no longer."""
        held, self._held = self._held, []
        return held

    def take(self, member: Member, identity: bytes) -> bool:
        """Forget one of a client's requests by its encoded id; false when it does not wait."""
        for held in self._held:
            if held[0] is member and bytes(held[1].id) == identity:
                self._held.remove(held)
                return True
        return False

    def drop(self, member: Member) -> None:
        """Forget what a client asked that is gone."""
        self._held = [held for held in self._held if held[0] is not member]
