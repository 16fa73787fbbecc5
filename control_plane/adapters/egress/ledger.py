"""What went through the gates: bytes and the latest decisions of each project, bounded, and kept while this process runs."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from control_plane.domain.egress import Decision, Traffic

MAX_DECISIONS: Final = 100
"""Of one project; of those that are the same only the last one's time and their number is kept."""
MAX_PROJECTS: Final = 10_000


@dataclass(slots=True)
class Account:
    """One project's. Bytes as its sandbox sent and received them."""

    sent: int = 0
    received: int = 0
    decisions: deque[Decision] = field(default_factory=lambda: deque[Decision](maxlen=MAX_DECISIONS))


class Ledger:
    """The accounts of all projects. They outlive gates: a sandbox that starts anew goes on in its own."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._accounts: OrderedDict[str, Account] = OrderedDict()
        self._forgotten = Traffic()

    def account(self, project_id: str) -> Account:
        """Return a project's account; the one that was opened least recently makes room."""
        account = self._accounts.setdefault(project_id, Account())
        self._accounts.move_to_end(project_id)
        if len(self._accounts) > MAX_PROJECTS:
            _, old = self._accounts.popitem(last=False)
            self._forgotten = Traffic(self._forgotten.sent + old.sent, self._forgotten.received + old.received)
        return account

    def note(self, project_id: str, host: str, port: int, *, allowed: bool, reason: str = "") -> Decision:
        """Write down a decision, and return it with how often it was made."""
        decisions = self.account(project_id).decisions
        fresh = Decision(at=self._clock(), host=host, port=port, allowed=allowed, reason=reason)
        for index, known in enumerate(decisions):
            if replace(known, at=fresh.at, times=1) == fresh:
                del decisions[index]
                fresh = replace(fresh, times=known.times + 1)
                break
        decisions.append(fresh)
        return fresh

    def recent(self, project_id: str) -> Sequence[Decision]:
        """Return a project's latest decisions, newest first."""
        account = self._accounts.get(project_id)
        return list(reversed(account.decisions)) if account is not None else []

    def traffic(self) -> Mapping[str, Traffic]:
        """Return the bytes of each project; those that were forgotten are together under the empty id."""
        found = {project_id: Traffic(each.sent, each.received) for project_id, each in self._accounts.items()}
        return found | ({"": self._forgotten} if self._forgotten != Traffic() else {})
