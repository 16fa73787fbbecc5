"""Closes open sockets of people who may no longer have them, within a second or two of whatever changed."""

from collections.abc import Callable
from typing import Protocol

from control_plane.domain.access import Share
from control_plane.domain.people import Person
from control_plane.services.open_sockets import OpenSocket, OpenSockets
from control_plane.services.people.people import People
from sandbox_image.wire.closing import CloseCode


class ShareLookup(Protocol):
    """What somebody is in a project; ``api.guard.Guard`` fulfils it."""

    def share_of(self, person: Person, project_id: str) -> Share: ...


class AccessWatch:
    """Asks of each open socket what the guard would say if it were opened now."""

    def __init__(
        self, people: People, shares: ShareLookup, sockets: OpenSockets, exists: Callable[[str], bool]
    ) -> None:
        """``exists`` tells of a project's id; a deletion closes its sockets itself, and says so."""
        self._exists = exists
        self._people = people
        self._shares = shares
        self._sockets = sockets

    def sweep(self) -> None:
        """Close what is no longer allowed; let those reconnect whose share became another one. Never waits."""
        self._sockets.close_where(self._code_for)

    def _code_for(self, socket: OpenSocket) -> CloseCode | None:
        person = self._people.current(socket.person_id, socket.via)
        if person is None:
            return CloseCode.REVOKED
        share = self._shares.share_of(person, socket.project_id)
        if share is Share.NONE:
            return CloseCode.REVOKED if self._exists(socket.project_id) else None
        before, socket.share = socket.share, share
        return CloseCode.RELOAD if before not in (None, share) else None
