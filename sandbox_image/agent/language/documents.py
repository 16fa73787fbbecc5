"""Which text a shared server holds of each open file, and which text each of its clients sees.

Each client's edits are applied to that client's own shadow text. The server sees one of these texts at a time, under
version numbers of the relay. A client whose text equals the server's has its edits passed on; one that diverged gets
the server switched to its text before its question is asked. Pure: methods return the messages to send.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Final
from urllib.parse import unquote

import msgspec
from msgspec import Raw, Struct, field

from . import envelope
from .envelope import Malformed, RpcCode, Uri
from .text import ContentChange, apply_changes

MAX_DOCUMENTS: Final = 500
"""Files that one client holds open."""
MAX_SHADOW: Final = 32 * 1024 * 1024
"""Characters of all texts that one client holds open."""
REMEMBERED_VERSIONS: Final = 64
OTHER_TEXT: Final = -1
"""In place of a client's version: it has another text than the server."""

Saved = Callable[[str], str | None]
"""Address of a file → its text on disk: empty where there is no file, None where it cannot be read."""


class TextDocument(msgspec.Struct):
    """What ``didOpen`` tells of a file."""

    uri: Uri
    text: str
    version: int = 0
    language_id: Annotated[str, msgspec.Meta(max_length=100)] = msgspec.field(name="languageId", default="python")


class OpenParams(msgspec.Struct):
    """Of ``textDocument/didOpen``."""

    document: TextDocument = msgspec.field(name="textDocument")


class VersionedDocument(msgspec.Struct):
    """A file and the client's number of its text."""

    uri: str
    version: int | None = None


class ChangeParams(msgspec.Struct):
    """Of ``textDocument/didChange``; the encoded changes are kept, to be passed on."""

    document: VersionedDocument = msgspec.field(name="textDocument")
    changes: Raw = msgspec.field(name="contentChanges")


class DiagnosticsParams(msgspec.Struct):
    """Of ``textDocument/publishDiagnostics``."""

    uri: str
    diagnostics: Raw
    version: int | None = None


class Holder(Struct):
    """One client's view."""

    uri: str
    """As this client spells it: some compare addresses letter by letter."""
    text: str
    version: int
    told: tuple[int, int] | None = None
    """Version of the diagnostics that this client got last, and of its text then."""


class Diagnostics(Struct):
    """The last findings of the server; ``serial`` counts them, ``digest`` is that of the text they speak of."""

    serial: int
    digest: int
    encoded: bytes


class Document(Struct):
    """A file that at least one client holds open. ``text`` and ``version`` are what the server was sent last."""

    uri: str
    language_id: str
    text: str
    version: int
    holders: dict[int, Holder] = field(default_factory=dict[int, Holder])
    digests: dict[int, int] = field(default_factory=dict[int, int])
    """Digests of the texts of the last versions."""
    diagnostics: Diagnostics | None = None


class Seen(Struct, frozen=True):
    """A file as the server saw it when it was asked. ``own`` is the asker's number of that text, None if not its file."""

    version: int
    digest: int
    own: int | None


class Documents:
    """All files that the clients of one server hold open. Clients are known by their number."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        # One counter for all files, never reset: a file that is closed and opened again continues.
        self._version = 0
        self._serial = 0

    def open(self, client: int, params: bytes) -> list[bytes]:
        """A client opened a file, or opened it again with another text.

        Raises:
            Malformed: the parameters have another shape, or the client holds too much open.
        """
        opened = envelope.parse(params, OpenParams).document
        key = key_of(opened.uri)
        self._check_room(client, key, len(opened.text))
        document = self._documents.get(key)
        if document is None:
            document = Document(opened.uri, opened.language_id, opened.text, 0)
            self._documents[key] = document
            messages = [self._did_open(document)]
        else:
            messages = []
        holder = document.holders.setdefault(client, Holder(opened.uri, opened.text, opened.version))
        holder.told = None
        holder.text, holder.version = opened.text, opened.version
        return messages + self._settle(document)

    def change(self, client: int, params: bytes) -> list[bytes]:
        """A client edited a file; edits of one that it does not hold open are ignored.

        Raises:
            Malformed: the edits cannot be read, so that the client's text is no longer known.
        """
        change = envelope.parse(params, ChangeParams)
        document, holder = self._held(client, change.document.uri)
        if document is None or holder is None:
            return []
        before = holder.text
        edited = apply_changes(before, envelope.parse(change.changes, list[ContentChange]))
        self._check_room(client, key_of(document.uri), len(edited.text))
        holder.text = edited.text
        holder.version = holder.version + 1 if change.document.version is None else change.document.version
        if before == document.text and edited.text != before:
            return [self._did_change(document, edited.text, bytes(change.changes) if edited.exact else None)]
        return self._settle(document)

    def show(self, client: int, uri: str) -> list[bytes]:
        """Make the server hold this client's text of a file, before it is asked about it."""
        document, holder = self._held(client, uri)
        if document is None or holder is None or holder.text == document.text:
            return []
        return [self._did_change(document, holder.text, None)]

    def show_project(self, client: int, saved: Saved) -> list[bytes]:
        """Make the server hold of each open file what this client sees of it: its own text, or the saved one."""
        messages: list[bytes] = []
        for document in self._documents.values():
            holder = document.holders.get(client)
            text = saved(document.uri) if holder is None else holder.text
            if text is not None and text != document.text:
                messages.append(self._did_change(document, text, None))
        return messages

    def settle(self) -> list[bytes]:
        """Make the server hold a text of a holder of each file again, after it was shown what others see."""
        return [message for document in self._documents.values() for message in self._settle(document)]

    def seen_by(self, client: int) -> dict[str, Seen]:
        """What an answer of the server to this client will speak of, by key of the file."""
        seen: dict[str, Seen] = {}
        for key, document in self._documents.items():
            holder = document.holders.get(client)
            own = None if holder is None else holder.version if holder.text == document.text else OTHER_TEXT
            seen[key] = Seen(document.version, hash(document.text), own)
        return seen

    def close(self, client: int, uri: str) -> list[bytes]:
        """A client closed a file."""
        document = self._documents.get(key_of(uri))
        if document is None or document.holders.pop(client, None) is None:
            return []
        if document.holders:
            return self._settle(document)
        del self._documents[key_of(uri)]
        return [
            envelope.notification("textDocument/didClose", envelope.encode({"textDocument": {"uri": document.uri}}))
        ]

    def drop(self, client: int) -> list[bytes]:
        """A client is gone: all of its files are closed."""
        held = [document.uri for document in self._documents.values() if client in document.holders]
        return [message for uri in held for message in self.close(client, uri)]

    def reopen(self) -> list[bytes]:
        """Tell a new server process of all files."""
        self.settle()
        return [self._did_open(document) for document in self._documents.values()]

    def publish(self, params: bytes) -> Document | None:
        """The server sent findings: they are kept for those who hold, or come to hold, the text they speak of.

        Raises:
            Malformed: they have another shape.
        """
        published = envelope.parse(params, DiagnosticsParams)
        document = self._documents.get(key_of(published.uri))
        if document is None:
            return None
        version = document.version if published.version is None else published.version
        digest = document.digests.get(version)
        if digest is None:
            return None
        self._serial += 1
        document.diagnostics = Diagnostics(self._serial, digest, bytes(published.diagnostics))
        return document

    def find(self, uri: str) -> Document | None:
        """The open file of that address."""
        return self._documents.get(key_of(uri))

    def findings(self, client: int, document: Document) -> bytes | None:
        """The notification with the findings about this client's text that it was not told yet, if there is any."""
        holder, diagnostics = document.holders.get(client), document.diagnostics
        if holder is None or diagnostics is None or hash(holder.text) != diagnostics.digest:
            return None
        news = (diagnostics.serial, holder.version)
        if holder.told == news:
            return None
        holder.told = news
        return _publish(holder.uri, holder.version, diagnostics.encoded)

    def version_of(self, client: int, uri: str) -> int | None:
        """A client's number of the text that it holds of a file now."""
        _, holder = self._held(client, uri)
        return holder and holder.version

    def _held(self, client: int, uri: str) -> tuple[Document | None, Holder | None]:
        document = self._documents.get(key_of(uri))
        return document, document and document.holders.get(client)

    def _texts_of(self, client: int) -> Iterator[tuple[str, Holder]]:
        for key, document in self._documents.items():
            holder = document.holders.get(client)
            if holder is not None:
                yield key, holder

    def _check_room(self, client: int, key: str, size: int) -> None:
        others = [len(holder.text) for held, holder in self._texts_of(client) if held != key]
        if len(others) >= MAX_DOCUMENTS or sum(others) + size > MAX_SHADOW:
            raise Malformed(
                RpcCode.INVALID_PARAMS,
                f"At most {MAX_DOCUMENTS} files and {MAX_SHADOW} characters can be open: close some.",
            )

    def _settle(self, document: Document) -> list[bytes]:
        """When nobody holds the text that the server sees, show it that of the client who joined last."""
        if any(holder.text == document.text for holder in document.holders.values()):
            return []
        *_, latest = document.holders.values()
        return [self._did_change(document, latest.text, None)]

    def _next_version(self, document: Document, text: str) -> int:
        self._version += 1
        document.text, document.version = text, self._version
        document.digests[self._version] = hash(text)
        _forget_oldest(document.digests)
        return self._version

    def _did_open(self, document: Document) -> bytes:
        version = self._next_version(document, document.text)
        opened = {
            "uri": document.uri,
            "languageId": document.language_id,
            "version": version,
            "text": document.text,
        }
        return envelope.notification("textDocument/didOpen", envelope.encode({"textDocument": opened}))

    def _did_change(self, document: Document, text: str, changes: bytes | None) -> bytes:
        """``changes`` are the encoded edits that lead there from the server's text; without them all is sent."""
        version = self._next_version(document, text)
        identity = envelope.encode({"uri": document.uri, "version": version})
        encoded = envelope.encode([{"text": text}]) if changes is None else changes
        params = b'{"textDocument":%b,"contentChanges":%b}' % (identity, encoded)
        return envelope.notification("textDocument/didChange", params)


def no_findings(uri: str) -> bytes:
    """The notification that clears a file's findings at a client that closed it."""
    return envelope.notification("textDocument/publishDiagnostics", envelope.encode({"uri": uri, "diagnostics": []}))


def _publish(uri: str, version: int, diagnostics: bytes) -> bytes:
    params = b'{"uri":%b,"version":%d,"diagnostics":%b}' % (envelope.encode(uri), version, diagnostics)
    return envelope.notification("textDocument/publishDiagnostics", params)


def key_of(uri: str) -> str:
    """What files are told apart by: clients and servers escape different characters of one address."""
    # Names that are no UTF-8 stay different ones.
    return unquote(uri, errors="surrogateescape") if "%" in uri else uri


def _forget_oldest(remembered: dict[int, int]) -> None:
    if len(remembered) > REMEMBERED_VERSIONS:
        del remembered[next(iter(remembered))]
