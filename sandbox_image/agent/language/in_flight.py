"""Requests that a shared server works on: whose they are, and under which number."""

import itertools
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import unquote

from msgspec import Struct, field

from .documents import Seen
from .member import Member

# Asked anew with each key: the answer about an older text is of no use.
_PER_KEY: Final = frozenset({"textDocument/completion", "textDocument/hover", "textDocument/signatureHelp"})
_COMMAND: Final = "workspace/executeCommand"
MAX_COMMAND: Final = 64 * 1024
"""Bytes of a command that are kept, to tell what it is about."""


class Pending(Struct, frozen=True):
    """A client's request. ``version`` is the client's number of the text that it asked about."""

    member: Member
    client_id: bytes
    method: str
    uri: str
    version: int | None
    command: bytes = b""
    """The parameters, encoded, of a command."""
    seen: Mapping[str, Seen] = field(default_factory=dict[str, Seen])
    """The texts that the server knew when it was asked for edits."""


class InFlight:
    """The requests of all clients, by the number that the server knows them under."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._pending: dict[int, Pending] = {}

    def next_number(self) -> int:
        """A number that was never used on this server or one before it."""
        return next(self._numbers)

    def add(self, request: Pending) -> int:
        """Keep a request until it is answered; returns its number."""
        number = self.next_number()
        self._pending[number] = request
        request.member.requests[request.client_id] = number
        if request.method in _PER_KEY:
            request.member.latest[request.method] = number
        return number

    def take(self, number: int) -> Pending | None:
        """The request of that number, which is over now; None when it is over already."""
        request = self._pending.pop(number, None)
        if request is not None:
            request.member.requests.pop(request.client_id, None)
        return request

    def take_all(self) -> list[Pending]:
        """All requests, which are over now."""
        return [request for number in list(self._pending) if (request := self.take(number))]

    def take_all_of(self, member: Member) -> list[int]:
        """The numbers of a client's requests, which are over now."""
        numbers = list(member.requests.values())
        for number in numbers:
            self.take(number)
        return numbers

    def superseded(self, request: Pending) -> tuple[int, Pending] | None:
        """The same client's older question of that kind, if its text has changed since; it is not taken."""
        number = request.member.latest.get(request.method, 0)
        older = self._pending.get(number)
        if older is None or older.uri != request.uri or older.version == request.version:
            return None
        return number, older

    def editor(self, uris: Collection[str]) -> Pending | None:
        """The command, of one client, that leads to an edit of these files that the server applies by itself.

        The protocol does not tell. None when it can be several clients': in the wrong one an edit would hit another text.
        """
        running = [request for request in self._pending.values() if request.method == _COMMAND]
        if len({request.member.number for request in running}) > 1:
            running = [request for request in running if any(uri in unquote(request.command.decode()) for uri in uris)]
        members = {request.member.number for request in running}
        return running[-1] if len(members) == 1 else None


def noted(method: str, params: bytes) -> bytes:
    """What is kept of a request's parameters to find out later what it is about."""
    return params if method == _COMMAND and len(params) <= MAX_COMMAND else b""
