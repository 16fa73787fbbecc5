"""The agent's application: its parts, behind the gate, with every error in the one shape."""

import asyncio
import errno
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from sandbox_image.agent.activity import Activity
from sandbox_image.agent.errors import AgentError, from_os_error
from sandbox_image.agent.executor.zygote import Zygote
from sandbox_image.agent.gate import Gate
from sandbox_image.agent.http import json_response
from sandbox_image.agent.parts import start_parts
from sandbox_image.agent.settings import AgentSettings
from sandbox_image.wire.errors import STATUS, ErrorCode

logger = logging.getLogger(__name__)


@asynccontextmanager
async def running_agent(
    settings: AgentSettings, token: str, first: asyncio.Task[Zygote | None] | None = None
) -> AsyncGenerator[tuple[ASGIApp, Callable[[], None]]]:
    """The agent's application, with its parts running until the context ends. ``first`` is a zygote on its way.

    With it comes what ends the runs, to be called when no more requests are taken, while those that are open can be answered.

    A part that fails while it runs ends the agent, and with it the sandbox: the control plane starts it anew and says so.
    """
    activity = Activity()
    async with AsyncExitStack() as stack:
        routes, end_runs = await start_parts(stack, settings, activity, first)
        yield Gate(application(routes), token, activity), end_runs


def application(routes: list[BaseRoute]) -> Starlette:
    """The routes, with every error answered as ``ErrorBody``, or as a close code where a WebSocket is open."""
    return Starlette(
        routes=routes,
        exception_handlers={
            AgentError: _answer_agent_error,
            HTTPException: _answer_routing_error,
            OSError: _answer_os_error,
            Exception: _answer_unexpected,
        },
    )


async def _answer_agent_error(connection: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, AgentError)
    return await _answer(connection, error)


async def _answer_routing_error(connection: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = next((code for code, status in STATUS.items() if status == error.status_code), ErrorCode.BAD_REQUEST)
    message = f"There is no {connection.url.path} here." if code is ErrorCode.NOT_FOUND else f"{error.detail}."
    answer = await _answer(connection, AgentError(code, message))
    answer.status_code = error.status_code
    return answer


async def _answer_os_error(connection: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, OSError)
    if isinstance(connection, WebSocket):
        from uvicorn.protocols.utils import ClientDisconnected  # an error may wait for it, the start need not

        if isinstance(error, ClientDisconnected):
            raise error  # gone before it was answered: the server knows it for what it is, and there is nobody to tell
    known = from_os_error(error)
    if known is None:
        return await _answer_unexpected(connection, error)
    return await _answer(connection, known)


async def _answer_unexpected(connection: HTTPConnection, error: Exception) -> Response:
    logger.error("unexpected error at %s", connection.url.path, exc_info=error)
    name = errno.errorcode.get(error.errno or 0, "") if isinstance(error, OSError) else type(error).__name__
    return await _answer(connection, AgentError(ErrorCode.INTERNAL, f"The sandbox failed at this ({name}). Try again."))


async def _answer(connection: HTTPConnection, error: AgentError) -> Response:
    if isinstance(connection, WebSocket):
        await connection.close(error.close_code, error.message.encode()[:120].decode(errors="ignore"))
    return json_response(error.body(), error.status)
