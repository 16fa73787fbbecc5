"""The language servers' part of the agent's interface."""

from enum import StrEnum
from typing import TypeVar

from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.http import json_response, query_int
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.language import LanguageServerKind

from .language_servers import LanguageServers
from .server_log import MAX_LINES, Stream

Choice = TypeVar("Choice", bound=StrEnum)


def routes(servers: LanguageServers) -> list[BaseRoute]:
    """``/lsp/…``, as ``docs/agent-api.md`` says."""

    async def connect(websocket: WebSocket) -> None:
        await servers.serve(websocket, _kind(websocket))

    async def health(request: Request) -> Response:
        return json_response(servers.health())

    async def logs(request: Request) -> Response:
        return json_response(servers.log.last(query_int(request, "n", 50, most=MAX_LINES)))

    async def stdio(request: Request) -> Response:
        kind = _choice(LanguageServerKind, request.query_params.get("lsp_type", LanguageServerKind.PYRIGHT), "lsp_type")
        stream = _choice(Stream, request.query_params.get("stream", Stream.STDERR), "stream")
        return PlainTextResponse(servers.log.text(kind, stream))

    async def restart(request: Request) -> Response:
        return json_response(servers.restart(_kind(request)))

    return [
        Route("/lsp/health", health),
        Route("/lsp/logs", logs),
        Route("/lsp/stdio", stdio),
        Route("/lsp/{kind}/restart", restart, methods=["POST"]),
        WebSocketRoute("/lsp/{kind}", connect),
    ]


def _kind(connection: HTTPConnection) -> LanguageServerKind:
    try:
        return LanguageServerKind(connection.path_params["kind"])
    except ValueError:
        known = " and ".join(LanguageServerKind)
        raise AgentError(ErrorCode.NOT_FOUND, f"There is no such language server; there are {known}.") from None


def _choice(choices: type[Choice], value: str, name: str) -> Choice:
    try:
        return choices(value)
    except ValueError:
        raise AgentError(ErrorCode.INVALID, f"{name} must be one of {', '.join(choices)}.", field=name) from None
