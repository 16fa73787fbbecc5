"""``/terminals``."""

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.http import json_response, read_json
from sandbox_image.wire.closing import CLOSINGS, CloseCode
from sandbox_image.wire.terminals import NewTerminal, TerminalPatch

from .terminals import Terminals
from .viewing import attach


def routes(part: Terminals) -> list[BaseRoute]:
    """Routes of the terminals, as in ``docs/agent-api.md``."""

    async def list_all(_: Request) -> Response:
        return json_response(part.describe())

    async def open_one(request: Request) -> Response:
        terminal = part.open(await read_json(request, NewTerminal))
        return json_response(terminal.describe(), 201)

    async def rename(request: Request) -> Response:
        patch = await read_json(request, TerminalPatch)
        return json_response(part.rename(request.path_params["id"], patch.name).describe())

    async def close(request: Request) -> Response:
        part.close(request.path_params["id"])
        return Response(status_code=204)

    return [
        Route("/terminals", list_all, methods=["GET"]),
        Route("/terminals", open_one, methods=["POST"]),
        Route("/terminals/{id}", rename, methods=["PATCH"]),
        Route("/terminals/{id}", close, methods=["DELETE"]),
        WebSocketRoute("/terminals/{id}/attach", _Attach(part)),
    ]


class _Attach:
    """The attach socket as plain ASGI: Starlette would wrap each message once more."""

    def __init__(self, part: Terminals) -> None:
        self._part = part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        since = QueryParams(scope["query_string"]).get("from")
        try:
            terminal = self._part.get(scope["path_params"]["id"])
        except AgentError:
            await _refuse(receive, send, CloseCode.NOT_FOUND)
            return
        if since is not None and not (since.isdecimal() and len(since) < 20):
            await _refuse(receive, send, CloseCode.BAD_FRAME)
            return
        await attach(terminal, scope, receive, send, None if since is None else int(since))


async def _refuse(receive: Receive, send: Send, code: CloseCode) -> None:
    # Accepted first: a client learns the code of a close, but not that of a refused handshake.
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": code, "reason": CLOSINGS[code].sentence})
