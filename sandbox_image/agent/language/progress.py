"""Progress tokens of several clients on one server: each is prefixed with its client's number on the way in."""

import re
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Raw

from . import envelope

_TOKENS: Final = ("workDoneToken", "partialResultToken")
_MARKED: Final = re.compile(r"c(\d{1,9}):(.+)", re.DOTALL | re.ASCII)


class ProgressParams(msgspec.Struct):
    """Of ``$/progress``."""

    token: Raw
    value: Raw


def mark(number: int, params: bytes) -> bytes:
    """Make the tokens in a request's parameters the client's own.

    Raises:
        Malformed: the parameters are no object.
    """
    # A name may be written with escapes, which must not let one client speak for another.
    if b"oneToken" not in params and b"ultToken" not in params and b"\\u" not in params:
        return params
    return _marked(number, params, _TOKENS)


def cancellation(number: int, params: bytes) -> bytes:
    """A client's ``window/workDoneProgress/cancel`` with the token as the server knows it.

    Raises:
        Malformed: the parameters are no object.
    """
    return envelope.notification("window/workDoneProgress/cancel", _marked(number, params, ("token",)))


def _marked(number: int, params: bytes, names: Iterable[str]) -> bytes:
    fields = envelope.parse(params, dict[str, Raw])
    for name in names:
        token = fields.get(name)
        if token is not None:
            envelope.parse(token, object)
            fields[name] = Raw(envelope.encode(f"c{number}:{bytes(token).decode()}"))
    return envelope.encode(fields)


def owner(params: bytes) -> tuple[int, bytes] | None:
    """The client that a ``$/progress`` is for, and the parameters as that client knows them; None for the server's own.

    Raises:
        Malformed: the parameters have another shape.
    """
    progress = envelope.parse(params, ProgressParams)
    token = envelope.parse(progress.token, object)
    marked = _MARKED.fullmatch(token) if isinstance(token, str) else None
    if marked is None:
        return None
    envelope.parse(marked[2].encode(), object)
    return int(marked[1]), b'{"token":%b,"value":%b}' % (marked[2].encode(), progress.value)
