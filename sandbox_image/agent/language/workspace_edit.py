"""Edits that a shared server proposes, in the version numbers and the shape of the client that gets them."""

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import unquote

import msgspec

from . import envelope
from .envelope import Malformed, RpcCode

VersionOf = Callable[[str, int | None], int | None]
"""Address of a file and the server's version of it, if it tells one → the client's version. Raises ``Malformed``."""


def for_client(encoded: bytes, version_of: VersionOf, *, document_changes: bool) -> bytes:
    """Translate every workspace edit in a result.

    Versions become the client's own, since a client refuses edits of a version that it does not know; ``version_of`` is
    asked for each file. A client that does not know ``documentChanges`` gets the same edits as ``changes``.

    Raises:
        Malformed: the result is no JSON, or nested too deeply, or ``version_of`` refuses.
    """
    if not any(name in encoded for name in (b'"documentChanges"', b'"changes"')):
        return encoded
    value = envelope.parse(encoded, object)
    try:
        translated = _translate(value, version_of, document_changes)
    except RecursionError:
        raise Malformed(RpcCode.INVALID_PARAMS, "The edit is nested too deeply.") from None
    return envelope.encode(translated)


def files_of(encoded: bytes) -> set[str]:
    """The addresses, unescaped, of the files that the parameters of ``workspace/applyEdit`` change.

    Raises:
        Malformed: they have another shape.
    """
    edit = envelope.parse(encoded, _ApplyParams).edit
    return {unquote(uri) for uri in (*edit.changes, *_by_address(edit.document_changes))}


class _Edit(msgspec.Struct):
    changes: dict[str, list[Any]] = {}
    document_changes: list[Any] = msgspec.field(name="documentChanges", default_factory=list[Any])


class _ApplyParams(msgspec.Struct):
    edit: _Edit


def _translate(value: Any, version_of: VersionOf, document_changes: bool) -> Any:
    if isinstance(value, list):
        return [_translate(item, version_of, document_changes) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    changes = fields.get("documentChanges")
    if not isinstance(changes, list):
        by_address = fields.get("changes")
        for uri in cast("dict[str, Any]", by_address) if isinstance(by_address, dict) else ():
            version_of(uri, None)
        return {name: _translate(item, version_of, document_changes) for name, item in fields.items()}
    edits = [_renumber(change, version_of) for change in cast("list[Any]", changes)]
    if document_changes:
        return {**fields, "documentChanges": edits}
    rest = {name: item for name, item in fields.items() if name != "documentChanges"}
    return {**rest, "changes": _by_address(edits)}


def _renumber(change: Any, version_of: VersionOf) -> Any:
    if not isinstance(change, dict):
        return cast("object", change)
    fields = cast("dict[str, Any]", change)
    document = fields.get("textDocument")
    if not isinstance(document, dict):
        return fields
    uri, version = cast("dict[str, Any]", document).get("uri"), cast("dict[str, Any]", document).get("version")
    if not isinstance(uri, str) or not (version is None or isinstance(version, int)):
        return fields
    return {**fields, "textDocument": {"uri": uri, "version": version_of(uri, version)}}


def _by_address(edits: list[Any]) -> dict[str, list[Any]]:
    changes: dict[str, list[Any]] = {}
    for edit in edits:
        match edit:
            case {"textDocument": {"uri": str(uri)}, "edits": [*parts]}:
                changes.setdefault(uri, []).extend(parts)
            case _:  # files made, renamed or deleted have no place in the older shape
                pass
    return changes
