"""What a client's message is about, as far as the relay needs to know it."""

import msgspec
from msgspec import UNSET, Raw, UnsetType

from . import envelope
from .envelope import Uri


class _Document(msgspec.Struct):
    uri: Uri


class _Request(msgspec.Struct):
    document: _Document | UnsetType = msgspec.field(name="textDocument", default=UNSET)
    item: _Document | UnsetType = UNSET


class _Notification(msgspec.Struct):
    document: _Document = msgspec.field(name="textDocument")


class _Cancellation(msgspec.Struct):
    id: Raw


class _Logged(msgspec.Struct):
    message: str


def file_asked_about(params: bytes) -> str:
    """The address of the file that a request is about; empty when it is about none.

    Raises:
        Malformed: the parameters are no object, or name a file in another way.
    """
    if not params:
        return ""
    request = envelope.parse(params, _Request)
    about = request.document or request.item
    return about.uri if about else ""


def file_told_of(params: bytes) -> str:
    """The address of the file that a notification is about.

    Raises:
        Malformed: it is about none.
    """
    return envelope.parse(params, _Notification).document.uri


def cancelled_id(params: bytes) -> bytes:
    """The encoded id of the request that a client no longer wants answered.

    Raises:
        Malformed: there is none.
    """
    return bytes(envelope.parse(params, _Cancellation).id)


def logged_text(params: bytes) -> str:
    """What a server says in ``window/logMessage``.

    Raises:
        Malformed: it says nothing.
    """
    return envelope.parse(params, _Logged).message
