"""Who may see a preview: signed words that need no store.

A *ticket* carries a person from the main origin to the preview's, once, within a minute; it is exchanged there for a *pass*,
a cookie of that origin. Neither is of any use on the main origin.
Which tickets were used is remembered by this process alone, so that it alone takes them: those of an earlier one were perhaps
used there. A pass is good in each process that has the secret.
"""

import hashlib
import hmac
import secrets
from typing import Final

from control_plane.ports import Clock

TICKET_SEC: Final = 60
PASS_SEC: Final = 12 * 3600


class PreviewTickets:
    """Signs and checks tickets and passes."""

    def __init__(self, secret: bytes, clock: Clock) -> None:
        pass_key = hashlib.sha256(b"aimforge preview key\0" + secret).digest()
        self._keys = {"pass": pass_key, "ticket": secrets.token_bytes(32)}
        self._clock = clock
        self._used: dict[str, float] = {}
        """Numbers of the tickets that were exchanged, and when they have ended anyway."""

    def ticket(self, project_id: str, person_id: str, via: str = "") -> str:
        """A word that lets its bearer open the project's previews as this person, once and soon.

        ``via`` is the session or token that the person came by, so that a pass can end with it.
        """
        number = secrets.token_hex(8)  # none is like another, so that each can be used up by itself
        return self._sign("ticket", project_id, f"{number}\0{person_id}\0{via}", TICKET_SEC)

    def exchange(self, ticket: str, project_id: str) -> str | None:
        """The pass for a ticket that is good for this project, and was not exchanged before."""
        granted = self._check("ticket", ticket, project_id)
        if granted is None:
            return None
        number, _, holder = granted.partition("\0")
        return self._sign("pass", project_id, holder, PASS_SEC) if self._use_up(number) else None

    def holder_of(self, given: str, project_id: str) -> tuple[str, str] | None:
        """Whose pass this is, if it is good for this project, and what they came by."""
        holder = self._check("pass", given, project_id)
        if holder is None:
            return None
        person_id, _, via = holder.partition("\0")
        return person_id, via

    def _use_up(self, number: str) -> bool:
        """Note that a ticket is exchanged; false when it was before."""
        now = self._clock.now()
        self._used = {used: ends for used, ends in self._used.items() if ends > now}
        if number in self._used:
            return False
        self._used[number] = now + TICKET_SEC
        return True

    def _sign(self, kind: str, project_id: str, holder: str, seconds: int) -> str:
        claim = f"{int(self._clock.now()) + seconds}.{holder.encode().hex()}"
        return f"{claim}.{self._signature(kind, project_id, claim)}"

    def _check(self, kind: str, word: str, project_id: str) -> str | None:
        claim, _, signature = word.rpartition(".")
        expected = self._signature(kind, project_id, claim)
        if not hmac.compare_digest(signature.encode("utf-8", "surrogateescape"), expected.encode()):
            return None
        expires, _, holder = claim.partition(".")
        return bytes.fromhex(holder).decode() if int(expires) > self._clock.now() else None

    def _signature(self, kind: str, project_id: str, claim: str) -> str:
        text = "\0".join((kind, project_id, claim))
        return hmac.digest(self._keys[kind], text.encode("utf-8", "surrogateescape"), "sha256").hex()
