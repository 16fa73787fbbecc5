"""Several clients on one language server that believes to have one.

A bare relay would give answers to whoever uses the same number and let the first client that leaves shut the server
down for all. Here ids are the relay's own on the server's side; ``initialize``, ``shutdown`` and ``exit`` end here; what
a client asks about a file is asked about that client's text of it. Nothing in this module waits: messages come in by a
call and go out by a call.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import Any, Final

from sandbox_image.wire.closing import CloseCode

from . import envelope, profile, progress, proposed_edits, subject, workspace_edit
from .documents import Document, Documents, Saved, no_findings
from .envelope import Envelope, Malformed, RpcCode
from .held_requests import HeldRequests
from .in_flight import InFlight, Pending, noted
from .member import Client, Member, MemberState
from .own_requests import OwnRequests
from .proposed_edits import ProposedEdits
from .server_requests import Registration, ServerRequests

MAX_GARBLED: Final = 20
"""Messages in a row that are not understood, after which a client is cut off."""
MAX_REQUESTS: Final = 500
"""Requests of one client that are in flight."""


class Link(Enum):
    """What becomes of requests: they are refused, held for a server that is starting, or sent."""

    DOWN = auto()
    HOLDING = auto()
    UP = auto()


class Multiplexer:
    """The clients of one server, and the server as far as one is running."""

    def __init__(
        self,
        settings: Callable[[], dict[str, Any]],
        *,
        saved: Saved = lambda _: None,
        on_watchers: Callable[[list[Registration]], None] = lambda _: None,
        on_edit: Callable[[], None] = lambda: None,
        on_log: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``settings`` answers ``workspace/configuration``; ``saved`` reads a file from disk; ``on_edit`` is called for an edit while no server is up;
        ``on_log`` takes what the server says about its work.
        """
        self.members: dict[int, Member] = {}
        self._documents = Documents()
        self._edits = ProposedEdits(self._documents, saved)
        self._requests = ServerRequests(self.members, settings, on_watchers)
        self._on_edit = on_edit
        self._on_log = on_log
        self._link = Link.DOWN
        self._send: Callable[[bytes], None] | None = None
        self._initialized = b""
        self._status = b""
        self._member_numbers = itertools.count(1)
        self._in_flight = InFlight()
        self._own = OwnRequests()
        self._held = HeldRequests()

    # The server's life

    @property
    def was_initialized(self) -> bool:
        """True when clients can be answered ``initialize`` without a server."""
        return bool(self._initialized)

    def connect(self, send: Callable[[bytes], None]) -> None:
        """A server process started; only the relay itself talks to it until ``ready``."""
        self._send = send

    def ready(self, initialize_result: bytes) -> None:
        """The server is initialized: it gets all open files, and clients get what they waited for.

        Raises:
            Malformed: the result is not one of ``initialize``.
        """
        initialized = profile.result_for_clients(initialize_result)
        if self._initialized and initialized != self._initialized:
            # It can do other things than its clients were told: they must start over.
            for member in list(self.members.values()):
                if member.state is MemberState.INITIALIZED:
                    member.client.close(CloseCode.LANGUAGE_SERVER_RESTARTED)
        self._initialized = initialized
        self._link = Link.UP
        self._to_server(self._documents.reopen())
        for member in self.members.values():
            if member.state is MemberState.WAITING:
                self._welcome(member)
        for member, message in self._held.take_all():
            self._guarded(member, message)

    def lost(self) -> None:
        """The server process is gone: who waits for it is told."""
        self._send = None
        self._link = Link.DOWN
        for request in self._in_flight.take_all():
            request.member.deliver(_restarting(request.client_id))
        self._own.lost()
        self._requests.forget()

    def hold(self) -> None:
        """Keep requests for a server that is about to run."""
        if self._link is Link.DOWN:
            self._link = Link.HOLDING

    def refuse(self) -> None:
        """Answer requests that are held, and those that come, with an error that clients pass over."""
        if self._link is Link.HOLDING:
            self._link = Link.DOWN
        for member, message in self._held.take_all():
            member.deliver(_restarting(bytes(message.id)))

    def turn_away(self) -> None:
        """No server will run: clients that cannot be told what one can do are cut off."""
        for member in list(self.members.values()):
            if not self._initialized:
                member.client.close(CloseCode.LANGUAGE_SERVER_GAVE_UP)

    def call(self, method: str, params: bytes) -> asyncio.Future[Envelope]:
        """Ask the server something for the relay itself; the future fails with ``ServerLost`` when it ends."""
        number = self._in_flight.next_number()
        answer = self._own.expect(number)
        if self._send is None:
            self._own.lost()
        else:
            self._send(envelope.request(number, method, params))
        return answer

    def notify(self, method: str, params: bytes) -> None:
        """Tell the server something for the relay itself; nothing happens when it is not running."""
        self._to_server([envelope.notification(method, params)])

    # Clients

    def join(self, client: Client) -> Member:
        """A client connected."""
        member = Member(next(self._member_numbers), client)
        self.members[member.number] = member
        return member

    def leave(self, member: Member) -> None:
        """A client is gone: its requests are cancelled and its files closed, for the server and for nobody else."""
        if self.members.pop(member.number, None) is None:
            return
        self._pass_on([_cancel(number) for number in self._in_flight.take_all_of(member)])
        self._held.drop(member)
        self._to_server(self._requests.left(member))
        self._pass_on(self._documents.drop(member.number))
        self._pass_on(self._documents.settle())

    def announce(self, message: bytes) -> None:
        """Send a notification of the relay to the clients that asked for such, and to those who will."""
        self._status = message
        for member in self.members.values():
            if member.wants_status:
                member.deliver(message)

    def receive(self, member: Member, data: bytes) -> None:
        """A client sent a message. Whatever it holds, nothing is raised: the client is told, or cut off."""
        try:
            message = envelope.decode(data)
        except Malformed as error:
            member.garbled += 1
            member.deliver(envelope.failure(envelope.NULL, error.code, str(error)))
            if member.garbled >= MAX_GARBLED:
                member.client.close(CloseCode.BAD_FRAME)
            return
        member.garbled = 0
        if message.is_request:
            self._guarded(member, message)
        elif message.is_response:
            answer = self._requests.answered(member, message)
            self._to_server([answer] if answer else [])
        else:
            try:
                self._notification(member, message)
            except Malformed:
                # Without this edit the client's text is no longer known, and every later answer would be wrong.
                member.client.close(CloseCode.BAD_FRAME)

    def _guarded(self, member: Member, message: Envelope) -> None:
        try:
            self._request(member, message)
        except Malformed as error:
            member.deliver(envelope.failure(bytes(message.id), error.code, str(error)))

    def _request(self, member: Member, message: Envelope) -> None:
        identity = bytes(message.id)
        match message.method:
            case "initialize":
                self._initialize(member, message)
            case _ if member.state is MemberState.SHUT_DOWN:
                raise Malformed(RpcCode.INVALID_REQUEST, "This client has shut down.")
            case _ if member.state is not MemberState.INITIALIZED:
                raise Malformed(RpcCode.SERVER_NOT_INITIALIZED, "Send initialize first.")
            case "shutdown":
                member.state = MemberState.SHUT_DOWN
                member.deliver(envelope.result(identity, envelope.NULL))
            case "workspace/executeCommand" if member.client.view_only:
                raise Malformed(RpcCode.REQUEST_FAILED, "You may read this project; commands are for its editors.")
            case _:
                self._forward(member, message)

    def _initialize(self, member: Member, message: Envelope) -> None:
        if member.state is not MemberState.CONNECTED:
            raise Malformed(RpcCode.INVALID_REQUEST, "initialize may be sent once.")
        member.introduce(message.params)
        member.initialize_id = bytes(message.id)
        member.state = MemberState.WAITING
        if member.wants_status and self._status:
            member.deliver(self._status)
        if self._initialized:
            self._welcome(member)

    def _welcome(self, member: Member) -> None:
        member.state = MemberState.INITIALIZED
        member.deliver(envelope.result(member.initialize_id, self._initialized))
        self._requests.joined(member)

    def _notification(self, member: Member, message: Envelope) -> None:
        if message.method == "exit":
            member.client.close(CloseCode.NORMAL)
            return
        if member.state is not MemberState.INITIALIZED:
            return
        match message.method:
            case "textDocument/didOpen":
                self._pass_on(self._documents.open(member.number, message.params))
                self._edited(member, subject.file_told_of(message.params))
            case "textDocument/didChange":
                self._pass_on(self._documents.change(member.number, message.params))
                self._edited(member, subject.file_told_of(message.params))
            case "textDocument/didClose":
                uri = subject.file_told_of(message.params)
                self._pass_on(self._documents.close(member.number, uri))
                member.deliver(no_findings(uri))
            case "$/cancelRequest":
                self._cancel(member, subject.cancelled_id(message.params))
            case "window/workDoneProgress/cancel":
                self._pass_on([progress.cancellation(member.number, message.params)])
            case _:
                # initialized, settings, folders, watched files, saves, traces: the relay's own business, or nobody's.
                pass

    def _edited(self, member: Member, uri: str) -> None:
        if self._link is not Link.UP:
            self._on_edit()
        document = self._documents.find(uri)
        if document is not None:
            self._tell_findings(document, [member])

    def _forward(self, member: Member, message: Envelope) -> None:
        identity = bytes(message.id)
        if self._link is not Link.UP:
            if self._link is not Link.HOLDING or not self._held.keep(member, message):
                member.deliver(_restarting(identity))
            return
        if identity in member.requests:
            raise Malformed(RpcCode.INVALID_REQUEST, "A request with this id is still being worked on.")
        if len(member.requests) >= MAX_REQUESTS:
            raise Malformed(RpcCode.REQUEST_FAILED, f"At most {MAX_REQUESTS} requests can be in flight.")
        uri = subject.file_asked_about(message.params)
        params = progress.mark(member.number, bytes(message.params))
        version = self._documents.version_of(member.number, uri) if uri else None
        if uri:
            self._to_server(self._documents.show(member.number, uri))
        self._to_server(self._edits.show_first(member, message.method))
        seen = self._edits.seen(member, message.method)
        request = Pending(member, identity, message.method, uri, version, noted(message.method, params), seen)
        if superseded := self._in_flight.superseded(request):
            self._supersede(*superseded)
        self._to_server([envelope.request(self._in_flight.add(request), message.method, params)])

    def _supersede(self, number: int, older: Pending) -> None:
        """Spare the server the question that a client asked before its text changed."""
        self._in_flight.take(number)
        self._to_server([_cancel(number)])
        older.member.deliver(envelope.failure(older.client_id, RpcCode.CONTENT_MODIFIED, "The text changed since."))

    def _cancel(self, member: Member, identity: bytes) -> None:
        number = member.requests.get(identity)
        if number is not None:
            self._to_server([_cancel(number)])
        elif self._held.take(member, identity):
            member.deliver(envelope.failure(identity, RpcCode.REQUEST_CANCELLED, "Cancelled."))

    # What the server sends

    def receive_from_server(self, data: bytes) -> None:
        """The server sent a message.

        Raises:
            Malformed: it is not understood.
        """
        message = envelope.decode(data)
        if message.is_response:
            self._response(message)
        elif message.is_request:
            self._server_request(message)
        elif message.method == "textDocument/publishDiagnostics":
            document = self._documents.publish(message.params)
            if document is not None:
                self._tell_findings(document, list(self.members.values()))
        elif message.method == "$/progress":
            owner = progress.owner(message.params)
            member = self.members.get(owner[0]) if owner else None
            if owner and member:
                member.deliver(envelope.notification(message.method, owner[1]))
        elif message.method == "window/logMessage":
            self._on_log(subject.logged_text(message.params))
        elif message.method == "window/showMessage":
            self._requests.broadcast(data)

    def _response(self, message: Envelope) -> None:
        encoded = bytes(message.id)
        number = int(encoded) if encoded.isdigit() else 0
        if self._own.answered(number, message):
            return
        request = self._in_flight.take(number)
        if request is None:
            return
        try:
            if request.method in proposed_edits.RESULTS and message.result:
                message.result = self._edits.for_member(request.member, request.seen, message.result)
            answer = envelope.answer(request.client_id, message)
        except Malformed as error:
            answer = envelope.failure(request.client_id, error.code, str(error))
        request.member.deliver(answer)
        self._to_server(self._edits.show_again(request.method))

    def _server_request(self, message: Envelope) -> None:
        asker = None
        try:
            if message.method == "workspace/applyEdit":
                command = self._in_flight.editor(workspace_edit.files_of(message.params))
                if command is not None:
                    asker = command.member
                    message.params = self._edits.for_member(asker, command.seen, message.params)
            answer = self._requests.answer(message, asker)
        except Malformed as error:
            answer = envelope.failure(bytes(message.id), error.code, str(error))
        self._to_server([answer] if answer else [])

    def _tell_findings(self, document: Document, members: Iterable[Member]) -> None:
        for member in members:
            findings = self._documents.findings(member.number, document)
            if findings is not None:
                member.deliver(findings)

    def _pass_on(self, messages: Iterable[bytes]) -> None:
        """Tell the server what a client did; one that is not initialized yet gets the outcome when it is."""
        if self._link is Link.UP:
            self._to_server(messages)

    def _to_server(self, messages: Iterable[bytes]) -> None:
        if self._send is not None:
            for message in messages:
                self._send(message)


def _cancel(number: int) -> bytes:
    return envelope.notification("$/cancelRequest", b'{"id":%d}' % number)


def _restarting(identity: bytes) -> bytes:
    return envelope.failure(identity, RpcCode.CONTENT_MODIFIED, "The language server is starting: ask again soon.")
