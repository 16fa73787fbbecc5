"""Serves previews: an ASGI application in front of the main one, which takes the requests for the preview host.

The two never mix: a preview's origin has no routes of the main application, and the main origin has no previews, so a page
from a sandbox cannot reach anything with its viewer's session.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, Protocol

import msgspec
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from control_plane.api.middleware import ENDING
from control_plane.api.preview.target import Target, parse_target
from control_plane.api.sockets.relay import Lifecycle, Relay, Rules, close, code_of
from control_plane.domain.errors import AimforgeError, Unauthenticated
from control_plane.domain.headers import into_sandbox
from control_plane.domain.people import Person
from control_plane.ports import AgentLink
from control_plane.services.open_sockets import OpenSockets
from control_plane.services.preview_tickets import PASS_SEC, PreviewTickets
from sandbox_image.sockets.serving import served_socket
from sandbox_image.wire.errors import STATUS, ErrorBody
from sandbox_image.wire.limits import MIB

COOKIE: Final = "aimforge_preview"
TICKET: Final = "aimforge_ticket"
RULES: Final = Rules(max_message=16 * MIB)
SILENCE_SEC: Final = 3600
"""A server in a sandbox may stream events, and say nothing for long."""
OPEN_IT: Final = "Open the preview from the project's page: this address alone does not say who you are."


class Services(Protocol):
    """What previews need."""

    @property
    def guard(self) -> "Viewers": ...
    @property
    def sandboxes(self) -> Lifecycle: ...
    @property
    def link(self) -> AgentLink: ...
    @property
    def open_sockets(self) -> OpenSockets: ...
    @property
    def previews(self) -> PreviewTickets: ...


class Viewers(Protocol):
    """The guard's look at somebody who came earlier, from memory."""

    def viewer(self, project_id: str, person_id: str, via: str) -> Person: ...


class PreviewApp:
    """Middleware that takes requests whose host ends with ``suffix`` (such as ``.preview.localhost``); hands on all others."""

    def __init__(self, app: ASGIApp, suffix: str, *, over_tls: bool = False) -> None:
        """``over_tls``: browsers come by https, whatever the proxy in front of us speaks to us."""
        self._app = app
        self._suffix = suffix
        self._over_tls = over_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI says."""
        host = _host(scope) if scope["type"] in ("http", "websocket") else ""
        if not (self._suffix and host.endswith(self._suffix)):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(Request(scope, receive), host, send)
        else:
            await self._websocket(WebSocket(scope, receive, send), host)

    async def _http(self, request: Request, host: str, send: Send) -> None:
        services: Services = request.app.state.services
        started = False
        try:
            target = parse_target(host, self._suffix, _raw_path(request))
            ticket = request.query_params.get(TICKET)
            if ticket is not None:
                await _enter(services, request, target, ticket, over_tls=self._over_tls)(
                    request.scope, request.receive, send
                )
                return
            person = viewer_of(services, request, target)
            address = await services.sandboxes.ensure_ready(target.project_id)
            async with services.link.stream(
                address,
                request.method,
                f"/preview/{target.port}{target.path}",
                query=request.url.query,
                body=_body(request),
                headers=dict(_inward(request)),
                user=person.id,
                idle_timeout_sec=SILENCE_SEC,
            ) as answer:
                headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
                headers.append((b"cross-origin-resource-policy", b"same-origin"))
                started = True
                await send({"type": "http.response.start", "status": answer.status, "headers": headers})
                await _pass_on(answer.body(), request, send)
        except AimforgeError as error:
            if started:
                raise  # the server then breaks the connection off, which is the only way left to say so
            await _error(error)(request.scope, request.receive, send)
        except asyncio.CancelledError:  # the server ends, as in Edge
            if not started:
                await ENDING(request.scope, request.receive, send)

    async def _websocket(self, websocket: WebSocket, host: str) -> None:
        services: Services = websocket.app.state.services
        try:
            target = parse_target(host, self._suffix, _raw_path(websocket))
            person = viewer_of(services, websocket, target)
            if websocket.headers.get("origin", "").partition("://")[2] != websocket.headers.get("host", ""):
                raise Unauthenticated("Only the preview's own pages may open its sockets.")
        except AimforgeError as error:
            await websocket.send_denial_response(_error(error))
            return
        offered = [str(name) for name in websocket.scope.get("subprotocols", [])]
        accepted = False
        try:
            with services.open_sockets.register(person.id, target.project_id, "preview", person.via) as registered:
                address = await services.sandboxes.ensure_ready(target.project_id)
                async with services.link.connect(
                    address,
                    f"/preview/{target.port}{target.path}",
                    query=websocket.url.query,
                    headers=_inward(websocket),
                    user=person.id,
                    max_message=RULES.max_message,
                    subprotocols=offered,
                ) as agent:
                    await websocket.accept(agent.subprotocol)
                    accepted = True
                    code = await Relay(served_socket(websocket.scope), agent, address, services.sandboxes, RULES).run(
                        registered.closing
                    )
        except AimforgeError as error:
            if accepted:
                await close(websocket, code_of(error), error.message)
            else:
                await websocket.send_denial_response(_error(error))
        except (WebSocketDisconnect, asyncio.CancelledError):
            return
        else:
            await close(websocket, code)


def _enter(services: Services, request: Request, target: Target, ticket: str, *, over_tls: bool) -> Response:
    """Exchange a ticket for the cookie of this origin, and take it out of the address."""
    granted = services.previews.exchange(ticket, target.project_id)
    response = RedirectResponse(f"/preview/{target.project_id}/{target.port}{target.path}", 303)
    response.headers["referrer-policy"] = "no-referrer"
    if granted is not None:
        response.set_cookie(
            COOKIE, granted, max_age=PASS_SEC, path="/preview/", httponly=True, samesite="lax", secure=over_tls
        )
    elif not _has_pass(services, request, target):
        raise Unauthenticated("This way in has expired, or was used before. " + OPEN_IT)
    return response


def _has_pass(services: Services, request: Request, target: Target) -> bool:
    """Whether this browser came in before: one that asks for an address twice needs no second ticket."""
    given = request.cookies.get(COOKIE, "")
    return bool(given) and services.previews.holder_of(given, target.project_id) is not None


def viewer_of(services: Services, connection: HTTPConnection, target: Target) -> Person:
    """Whose pass this is; they must still be allowed to see the project."""
    given = connection.cookies.get(COOKIE, "")
    holder = services.previews.holder_of(given, target.project_id) if given else None
    if holder is None:
        raise Unauthenticated(OPEN_IT)
    return services.guard.viewer(target.project_id, *holder)


def _host(scope: Scope) -> str:
    """The host that was asked for, without its port."""
    for name, value in scope["headers"]:
        if name == b"host":
            return str(value.decode("latin-1")).lower().partition(":")[0].rstrip(".")
    return ""


def _raw_path(connection: HTTPConnection) -> str:
    raw = connection.scope.get("raw_path") or connection.scope["path"].encode()
    return str(raw.decode("latin-1"))


def _inward(connection: HTTPConnection) -> list[tuple[str, str]]:
    """The request's headers for the server in the sandbox, one value a name; ``Host`` is told as it was asked for."""
    headers = dict(into_sandbox(connection.headers.items()))
    for name in ("sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions"):
        headers.pop(name, None)
    if (length := connection.headers.get("content-length")) is not None and connection.scope["type"] == "http":
        headers["content-length"] = length
    return list(headers.items())


def _body(request: Request) -> AsyncIterator[bytes] | bytes:
    if "content-length" not in request.headers and "transfer-encoding" not in request.headers:
        return b""

    async def pieces() -> AsyncIterator[bytes]:
        try:
            async for piece in request.stream():
                yield piece
        except ClientDisconnect as error:
            raise ConnectionAbortedError("the viewer left") from error

    return pieces()


async def _pass_on(pieces: AsyncIterator[bytes], request: Request, send: Send) -> None:
    """Send a body to its end, or until the viewer has left: what nobody reads may have no end."""

    async def sending() -> None:
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def leaving() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    tasks = [asyncio.ensure_future(sending()), asyncio.ensure_future(leaving())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    if not tasks[0].cancelled():
        tasks[0].result()


def _error(error: AimforgeError) -> Response:
    body = ErrorBody(error=error.code.value, message=error.message, detail=error.detail)
    return Response(msgspec.json.encode(body), STATUS[error.code], media_type="application/json")
