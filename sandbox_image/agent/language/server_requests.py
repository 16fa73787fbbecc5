"""What a shared server asks of its client. Each request is answered: a server may wait for ever for one that is not."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from . import envelope, profile
from .envelope import Envelope, Malformed, RpcCode
from .member import Member, MemberState

WATCHED_FILES: Final = "workspace/didChangeWatchedFiles"
MAX_REGISTRATIONS: Final = 1000
_CONSTANT_ANSWERS: Final = {
    "workspace/workspaceFolders": envelope.NULL,
    "window/workDoneProgress/create": envelope.NULL,
    "window/showDocument": b'{"success":false}',
}
_NOT_APPLIED: Final = b'{"applied":false,"failureReason":"No editor is waiting for this edit."}'


class Registration(msgspec.Struct):
    """One capability that a server registers while it runs."""

    id: str
    method: str
    options: Raw = msgspec.field(name="registerOptions", default=Raw(b"null"))


class _Registrations(msgspec.Struct):
    registrations: list[Registration]


class _Unregistration(msgspec.Struct):
    id: str


class _Unregistrations(msgspec.Struct):
    # The protocol's own spelling.
    gone: list[_Unregistration] = msgspec.field(name="unregisterations")


class ServerRequests:
    """Answers a server's requests, at once or by way of the client whose doing they are."""

    def __init__(
        self,
        members: Mapping[int, Member],
        settings: Callable[[], dict[str, Any]],
        on_watchers: Callable[[list[Registration]], None],
    ) -> None:
        """``on_watchers`` gets the current registrations for watched files whenever they change."""
        self._members = members
        self._settings = settings
        self._on_watchers = on_watchers
        self._registrations: dict[str, Registration] = {}
        self._numbers = itertools.count(1)
        self._routed: dict[bytes, tuple[Member, bytes]] = {}

    def answer(self, message: Envelope, asker: Member | None) -> bytes | None:
        """The answer for the server, or None when ``asker``, whose request is in flight, was asked."""
        identity = bytes(message.id)
        try:
            match message.method:
                case "workspace/configuration":
                    return envelope.result(identity, profile.configuration(self._settings(), message.params))
                case "client/registerCapability":
                    return self._register(identity, message)
                case "client/unregisterCapability":
                    return self._unregister(identity, message)
                case "workspace/applyEdit":
                    return self._apply_edit(identity, message, asker)
                case method:
                    return self._at_once(identity, method, message)
        except Malformed as error:
            return envelope.failure(identity, error.code, str(error))

    def _at_once(self, identity: bytes, method: str, message: Envelope) -> bytes:
        if method in _CONSTANT_ANSWERS:
            return envelope.result(identity, _CONSTANT_ANSWERS[method])
        if method == "window/showMessageRequest":
            # Nobody is waited for: the question becomes a statement.
            self.broadcast(envelope.notification("window/showMessage", message.params))
        elif method.startswith("workspace/") and method.endswith("/refresh"):
            self._ask_all(method, b"")
        else:
            return envelope.failure(identity, RpcCode.METHOD_NOT_FOUND, f"Nobody here answers {method}.")
        return envelope.result(identity, envelope.NULL)

    def answered(self, member: Member, message: Envelope) -> bytes | None:
        """The server's answer made of a client's, or None when nobody waits for it or another client was asked."""
        asked = self._routed.get(bytes(message.id))
        if asked is None or asked[0] is not member:
            return None
        del self._routed[bytes(message.id)]
        return envelope.answer(asked[1], message)

    def left(self, member: Member) -> list[bytes]:
        """A client is gone: the server gets the answers that it owes."""
        owed = [number for number, (asked, _) in self._routed.items() if asked is member]
        return [envelope.result(self._routed.pop(number)[1], _NOT_APPLIED) for number in owed]

    def joined(self, member: Member) -> None:
        """Tell a client that initialized now what was registered before."""
        registrations = [item for item in self._registrations.values() if item.method != WATCHED_FILES]
        if registrations:
            params = envelope.encode({"registrations": registrations})
            member.deliver(envelope.request(self._number(), "client/registerCapability", params))

    def forget(self) -> None:
        """The server is gone with all that it asked and registered."""
        self._routed.clear()
        if self._registrations:
            # Its successor registers anew, and clients would have each twice.
            self._take_back(list(self._registrations.values()))
            self._registrations.clear()
            self._on_watchers([])

    def broadcast(self, message: bytes) -> None:
        """Tell all clients."""
        for member in self._initialized():
            member.deliver(message)

    def _register(self, identity: bytes, message: Envelope) -> bytes:
        new = envelope.parse(message.params, _Registrations).registrations
        if len(self._registrations) + len(new) > MAX_REGISTRATIONS:
            raise Malformed(RpcCode.INVALID_PARAMS, f"At most {MAX_REGISTRATIONS} registrations are kept.")
        for item in new:
            self._registrations[item.id] = item
        if any(item.method == WATCHED_FILES for item in new):
            self._tell_watchers()
        # Watching files is the relay's own work; the rest concerns the editors.
        theirs = [item for item in new if item.method != WATCHED_FILES]
        if theirs:
            self._ask_all("client/registerCapability", envelope.encode({"registrations": theirs}))
        return envelope.result(identity, envelope.NULL)

    def _unregister(self, identity: bytes, message: Envelope) -> bytes:
        gone = [
            self._registrations.pop(item.id)
            for item in envelope.parse(message.params, _Unregistrations).gone
            if item.id in self._registrations
        ]
        if any(item.method == WATCHED_FILES for item in gone):
            self._tell_watchers()
        self._take_back(gone)
        return envelope.result(identity, envelope.NULL)

    def _take_back(self, gone: list[Registration]) -> None:
        theirs = [{"id": item.id, "method": item.method} for item in gone if item.method != WATCHED_FILES]
        if theirs:
            self._ask_all("client/unregisterCapability", envelope.encode({"unregisterations": theirs}))

    def _tell_watchers(self) -> None:
        self._on_watchers([item for item in self._registrations.values() if item.method == WATCHED_FILES])

    def _apply_edit(self, identity: bytes, message: Envelope, asker: Member | None) -> bytes | None:
        if asker is None:
            return envelope.result(identity, _NOT_APPLIED)
        number = self._number()
        self._routed[number] = (asker, identity)
        asker.deliver(envelope.request(number, message.method, message.params))
        return None

    def _ask_all(self, method: str, params: bytes) -> None:
        """Ask every client, each under a number of its own; their answers are not waited for."""
        for member in self._initialized():
            member.deliver(envelope.request(self._number(), method, params))

    def _initialized(self) -> list[Member]:
        return [member for member in self._members.values() if member.state is MemberState.INITIALIZED]

    def _number(self) -> bytes:
        # Strings, so that they can never be taken for a number that a client chose for its own requests.
        return b'"aimforge-%d"' % next(self._numbers)
