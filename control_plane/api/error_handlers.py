"""Errors become answers in one place: the code decides the status, the body is always an ``ErrorBody``."""

from typing import Any, Final

import msgspec
import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response

from control_plane.domain.errors import AimforgeError
from control_plane.services.agent_answers import AgentRefused
from sandbox_image.wire.errors import STATUS, ErrorBody, ErrorCode

log = structlog.stdlib.get_logger()

EVERYTHING_ELSE: Final = "/{path:path}"
"""Path of the route that takes what no other does, so that a method which it does not know is of nothing that there is."""
CODE_OF_STATUS = {404: ErrorCode.NOT_FOUND, 405: ErrorCode.BAD_REQUEST, 413: ErrorCode.TOO_LARGE}


def install(app: FastAPI) -> None:
    """Teach an app how errors are told."""
    app.add_exception_handler(AimforgeError, tell)
    app.add_exception_handler(HTTPException, tell_http)
    app.add_exception_handler(Exception, tell_fault)


def code_of(error: AimforgeError) -> ErrorCode:
    """Return an error's code; one that an agent sent has the agent's."""
    return error.error if isinstance(error, AgentRefused) else error.code


async def tell(_: HTTPConnection, error: Exception) -> Response:
    """Answer with an error that people are told; on a socket, refuse it before it opens."""
    assert isinstance(error, AimforgeError)
    code = code_of(error)
    headers = {"www-authenticate": "Bearer"} if code is ErrorCode.UNAUTHENTICATED else {}
    if code in (ErrorCode.UNAVAILABLE, ErrorCode.TOO_MANY):
        headers["retry-after"] = str(error.detail.get("retry_after", 5))
    return error_response(code, error.message, error.detail, headers=headers)


async def tell_http(connection: HTTPConnection, error: Exception) -> Response:
    """Answer with what the framework refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405 and getattr(connection.scope.get("route"), "path", "") == EVERYTHING_ELSE:
        return error_response(ErrorCode.NOT_FOUND, f"There is nothing at {connection.scope['path'][:200]}.", {})
    code = CODE_OF_STATUS.get(error.status_code, ErrorCode.BAD_REQUEST)
    return error_response(code, f"{error.detail}.", {}, status=error.status_code, headers=dict(error.headers or {}))


async def tell_fault(connection: HTTPConnection, error: Exception) -> Response:
    """Answer with a fault of ours, without its details; the log has them."""
    log.error("fault", route=getattr(connection.scope.get("route"), "path", ""), exc_info=error)
    return error_response(ErrorCode.INTERNAL, "Something went wrong here; the server's log has the details.", {})


def error_response(
    code: ErrorCode,
    message: str,
    detail: dict[str, Any],
    *,
    status: int | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Build an error's answer."""
    body = msgspec.json.encode(ErrorBody(error=code.value, message=message, detail=detail))
    return Response(body, status or STATUS[code], headers, "application/json")
