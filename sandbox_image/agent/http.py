"""HTTP as every part speaks it: bodies decoded and bounded, answers encoded, who asks and what they may."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_JSON_BODY, MAX_UPLOAD

T = TypeVar("T")


def user_of(connection: HTTPConnection) -> str:
    """Who asks, as the control plane says; empty when it does not say."""
    return connection.scope.get("state", {}).get("user", "")


def view_only(connection: HTTPConnection) -> bool:
    """True when who asks may look and nothing else. HTTP requests that write were refused before they got here."""
    return connection.scope.get("state", {}).get("view_only", False)


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer of a struct or of plain values."""
    return Response(msgspec.json.encode(value), status, headers, "application/json")


async def body_chunks(request: Request, limit: int = MAX_UPLOAD) -> AsyncIterator[bytes]:
    """The body piece by piece. Raises TOO_LARGE as soon as more than ``limit`` bytes are announced or have come."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise too_large(limit)
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limit:
            raise too_large(limit)
        if chunk:
            yield chunk


async def read_body(request: Request, limit: int = MAX_JSON_BODY) -> bytes:
    """The whole body, at most ``limit`` bytes."""
    return b"".join([chunk async for chunk in body_chunks(request, limit)])


async def read_json(request: Request, as_type: type[T], limit: int = MAX_JSON_BODY) -> T:
    """The body as a value of ``as_type``. Raises INVALID naming the field that does not fit, BAD_REQUEST for no JSON."""
    return decode(await read_body(request, limit), as_type)


def decode(data: bytes, as_type: type[T]) -> T:
    """``data`` as a value of ``as_type``; errors as in ``read_json``."""
    try:
        return msgspec.json.decode(data, type=as_type)
    except msgspec.ValidationError as error:
        raise AgentError(ErrorCode.INVALID, f"The body does not fit: {error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AgentError(ErrorCode.BAD_REQUEST, f"The body is no valid JSON: {error}.") from error


def query_int(request: HTTPConnection, name: str, default: int, least: int = 0, most: int = 2**53) -> int:
    """A whole number from the query. Raises INVALID naming it."""
    text = request.query_params.get(name)
    if text is None or text == "":
        return default
    try:
        value = int(text) if len(text) <= 20 else None
    except ValueError:
        value = None
    if value is None or not least <= value <= most:
        raise AgentError(ErrorCode.INVALID, f"{name} must be a whole number from {least} to {most}.", field=name)
    return value


def too_large(limit: int) -> AgentError:
    """The refusal of a body with more than ``limit`` bytes."""
    return AgentError(ErrorCode.TOO_LARGE, f"The body is larger than {limit} bytes, the limit here.", limit=limit)
