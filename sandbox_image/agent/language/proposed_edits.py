"""Edits that a shared server proposes: computed from what their asker sees of the project, or not given out.

A server knows one text of each open file, also one that somebody else has not saved yet. An edit computed from that and
applied to the saved text would hit other words. So a rename is asked with the server shown the asker's own texts and the
saved ones of everybody else; and what comes back is checked against them again, since people go on typing meanwhile.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Raw

from . import workspace_edit
from .documents import OTHER_TEXT, Documents, Saved, Seen, key_of
from .envelope import Malformed, RpcCode
from .member import Member

RESULTS: Final = frozenset(
    {"textDocument/rename", "textDocument/codeAction", "codeAction/resolve", "workspace/willRenameFiles"}
)
"""Requests whose results hold workspace edits."""
_COMMAND: Final = "workspace/executeCommand"
_ACROSS_FILES: Final = frozenset({"textDocument/rename", "workspace/willRenameFiles", _COMMAND})


class ProposedEdits:
    """Sees to the edits that clients ask the server for."""

    def __init__(self, documents: Documents, saved: Saved) -> None:
        self._documents = documents
        self._saved = saved

    def show_first(self, member: Member, method: str) -> list[bytes]:
        """What the server is told before it is asked for edits of several files."""
        return self._documents.show_project(member.number, self._saved) if method in _ACROSS_FILES else []

    def show_again(self, method: str) -> list[bytes]:
        """What the server is told once it has answered."""
        return self._documents.settle() if method in _ACROSS_FILES else []

    def seen(self, member: Member, method: str) -> Mapping[str, Seen]:
        """The texts that the answer to a request will speak of, as far as it holds edits."""
        return self._documents.seen_by(member.number) if method in RESULTS or method == _COMMAND else {}

    def for_member(self, member: Member, seen: Mapping[str, Seen], encoded: bytes) -> Raw:
        """The edits in a result or in parameters, in the shape and the versions of the client that asked.

        Raises:
            Malformed: they speak of a text that is not the client's, or not the saved one, or cannot be read.
        """

        def version_of(uri: str, version: int | None) -> int | None:
            return self._version(member, uri, seen.get(key_of(uri)), version)

        changes = member.takes_document_changes
        return Raw(workspace_edit.for_client(bytes(encoded), version_of, document_changes=changes))

    def _version(self, member: Member, uri: str, seen: Seen | None, version: int | None) -> int | None:
        """The client's number of the text that an edit was computed from; None where it is the saved one."""
        if seen is None:
            return None
        if seen.own is None:
            document = self._documents.find(uri)
            text = self._saved(uri)
            same = document is not None and document.version == seen.version
            if not same or text is None or hash(text) != seen.digest:
                raise _stale(uri, "is being changed by somebody else, and not saved yet")
        elif seen.own == OTHER_TEXT or self._documents.version_of(member.number, uri) != seen.own:
            raise _stale(uri, "has changed meanwhile")
        if version is not None and version != seen.version:
            raise _stale(uri, "has changed meanwhile")
        return seen.own


def _stale(uri: str, why: str) -> Malformed:
    name = key_of(uri).rpartition("/")[2][:100]
    return Malformed(RpcCode.CONTENT_MODIFIED, f"{name} {why}: ask again.")
