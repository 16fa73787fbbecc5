"""``/preview``."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from sandbox_image.agent.http import json_response

from .preview import Preview


class _Http:
    """Plain ASGI: any method, and both bodies as they come."""

    def __init__(self, part: Preview) -> None:
        self._part = part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._part.serve_http(scope, receive, send)


class _WebSocket:
    def __init__(self, part: Preview) -> None:
        self._part = part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._part.serve_websocket(scope, receive, send)


def routes(part: Preview) -> list[BaseRoute]:
    """Routes of the preview, as in ``docs/agent-api.md``."""

    async def ports(request: Request) -> Response:
        from .ports import listening_ports

        return json_response(await asyncio.to_thread(listening_ports, part.refused))

    return [
        Route("/ports", ports, methods=["GET"]),
        Route("/preview/{port}/{path:path}", _Http(part)),
        WebSocketRoute("/preview/{port}/{path:path}", _WebSocket(part)),
    ]
