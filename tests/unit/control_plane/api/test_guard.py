"""Nobody gets in who may not: every route, HTTP and WebSocket, with each kind of wrong credential."""

import asyncio
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from starlette.routing import WebSocketRoute

from control_plane.api.guard import SESSION_COOKIE, GuardedWebSocketRoute
from control_plane.api.operation import OperationRoute
from control_plane.domain.access import Policy
from tests.fakes.served import BEARER, TOKEN, Served, served

PUBLIC = {
    "get_health",
    "head_health",
    "login",
    "get_openapi",
    "front_end",
    "head_front_end",
    "get_sign_in_ways",
    "sign_in",
    "register_account",
    "begin_oidc",
    "finish_oidc",
}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[Served]:
    async with served(tmp_path) as running:
        yield running


def filled(path: str, project_id: str = "p") -> str:
    path = re.sub(r"{([\w:]+)}", lambda found: project_id if found[1] == "project_id" else "pyright", path)
    return path + ("" if project_id in path else f"?project_id={project_id}")


def http_routes(app: Served) -> list[OperationRoute]:
    return [route for route in app.app.routes if isinstance(route, OperationRoute)]


def socket_paths(app: Served) -> list[str]:
    """All but the one that refuses what is nowhere, to anybody."""
    routes = [route for route in app.app.routes if isinstance(route, WebSocketRoute)]
    guarded = [route for route in routes if isinstance(route, GuardedWebSocketRoute)]
    assert guarded == routes
    public = [route.path for route in guarded if route.policy is Policy.PUBLIC]
    assert public == ["/{path:path}"]
    return [route.path for route in guarded if route.path not in public]


async def handshake(app: Served, path: str, headers: dict[str, str]) -> int:
    """Try to open a socket; return the status of the refusal, 101 when it opened."""
    try:
        async with app.session.ws_connect(app.url.replace("http", "ws") + path, headers=headers):
            return 101
    except aiohttp.WSServerHandshakeError as refused:
        return refused.status


async def session_of(app: Served) -> str:
    got = await app.call("GET", f"/login?token={TOKEN}", headers={})
    return got.headers["set-cookie"].partition(";")[0]


async def test_without_credentials_only_what_is_public_answers(app: Served):
    for route in http_routes(app):
        got = await app.call(route.operation.method, filled(route.path), headers={})
        public = route.operation.policy is Policy.PUBLIC
        assert public is (route.operation.id in PUBLIC), route.operation.id
        if not public:
            assert (got.status, got.json["error"]) == (401, "unauthenticated"), route.operation.id
    for path in socket_paths(app):
        assert await handshake(app, filled(path), {}) == 401, path


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": f"Basic {TOKEN}"}, 401),
        ({"authorization": TOKEN}, 401),
        ({"cookie": f"{SESSION_COOKIE}=made.up.session"}, 401),
        (BEARER | {"origin": "http://evil.example"}, 403),
        (BEARER | {"origin": "null"}, 403),
        (BEARER | {"origin": "http://["}, 403),
        (BEARER | {"origin": "http://[::1]x"}, 403),
        (BEARER | {"host": "evil.example"}, 403),
        (BEARER | {"host": "127.0.0.1.evil.example"}, 403),
    ],
)
async def test_wrong_credentials_and_foreign_pages_are_refused_everywhere(
    app: Served, headers: dict[str, str], status: int
):
    project_id = await app.make()
    for route in http_routes(app):
        if route.operation.policy is not Policy.PUBLIC:
            got = await app.call(route.operation.method, filled(route.path, project_id), headers=headers)
            assert got.status == status, route.operation.id
    for path in socket_paths(app):
        assert await handshake(app, filled(path, project_id), headers) == status, path
    assert await handshake(app, f"/api/project/{project_id}/events", BEARER) == 101


async def test_projects_that_are_not_there_are_not_found_on_every_route(app: Served):
    for route in http_routes(app):
        if route.operation.policy in (Policy.VIEW, Policy.EDIT, Policy.OWN) and not route.operation.project_in_body:
            got = await app.call(route.operation.method, filled(route.path, "nope"))
            assert (got.status, got.json["error"]) == (404, "not_found"), route.operation.id
    for path in socket_paths(app):
        assert await handshake(app, filled(path, "nope"), BEARER) == 404, path


async def test_a_session_reads_but_needs_its_own_origin_to_write(app: Served):
    cookie = {"cookie": await session_of(app)}
    assert (await app.call("GET", "/api/project/", headers=cookie)).status == 200
    body = {"name": "By session"}
    assert (await app.call("POST", "/api/project/make", json=body, headers=cookie)).status == 403
    evil = cookie | {"origin": "http://evil.example"}
    assert (await app.call("POST", "/api/project/make", json=body, headers=evil)).status == 403
    ours = cookie | {"origin": app.url}
    made = await app.call("POST", "/api/project/make", json=body, headers=ours)
    assert made.status == 201
    events = f"/api/project/{made.json['id']}/events"
    assert await handshake(app, events, cookie) == 403
    assert await handshake(app, events, ours) == 101


async def test_signing_in_sets_a_session_and_takes_the_token_out_of_the_address(app: Served):
    got = await app.call("GET", f"/login?token={TOKEN}", headers={})
    assert (got.status, got.headers["location"]) == (303, "/")
    cookie = got.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert TOKEN not in cookie
    assert (await app.call("GET", "/login?token=old", headers={})).status == 401


async def test_names_in_the_settings_are_answered_to(tmp_path: Path):
    settings: dict[str, Any] = {"allowed_hosts": ("forge.school",), "allowed_origins": ("http://localhost:5173",)}
    async with served(tmp_path, **settings) as app:
        assert (await app.call("GET", "/api/me", headers=BEARER | {"host": "forge.school:80"})).status == 200
        assert (await app.call("GET", "/api/me", headers=BEARER | {"host": "other.school"})).status == 403
        assert (await app.call("GET", "/api/me", headers=BEARER | {"origin": "http://localhost:5173"})).status == 200
        assert (await app.call("GET", "/api/me", headers=BEARER | {"origin": "http://localhost:5174"})).status == 403


async def test_a_refused_socket_is_told_why_before_it_opens(app: Served):
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    writer.write(
        f"GET /api/project/p/events HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    async with asyncio.timeout(60):
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readuntil(b"}")
    writer.close()
    assert b" 401 " in head.partition(b"\r\n")[0]
    assert b"Sign in first" in body
