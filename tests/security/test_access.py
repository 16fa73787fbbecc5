"""Every route, HTTP and WebSocket, refuses each kind of caller who may not: before accept, with a positive control beside it."""

import asyncio
import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from starlette.routing import WebSocketRoute

from control_plane.api.guard import GuardedWebSocketRoute
from control_plane.api.operation import OperationRoute
from control_plane.domain.access import COURSE_POLICIES, PROJECT_POLICIES, Policy
from control_plane.domain.courses import Assignment
from control_plane.domain.identity import Put
from control_plane.domain.people import Role
from sandbox_image.wire.closing import CloseCode
from tests.fakes.agent_link import Asked, Peer
from tests.fakes.hosted import Hosted, closed_with, hosted

ABOUT_PROJECTS = PROJECT_POLICIES
NEEDS_EDIT = {Policy.EDIT, Policy.OWN}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[Hosted]:
    async with hosted(tmp_path, session_sec=120) as running:
        yield running


def filled(path: str, project_id: str = "p", course_id: str = "c") -> str:
    """Fill in a path; the assignment that ``a_course`` makes is called after its course."""
    known = {"project_id": project_id, "course_id": course_id, "assignment_id": f"{course_id}-1"}
    path = re.sub(r"{([\w:]+)}", lambda found: known.get(found[1], "pyright"), path)
    return path + ("" if project_id in path else f"?project_id={project_id}")


async def a_course(app: Hosted, teacher: dict[str, str]) -> str:
    """Make a course with an assignment; return its id."""
    got = await app.served.call("POST", "/api/courses", json={"title": "Weather"}, headers=teacher)
    assert got.status == 201, got.content
    course_id = str(got.json["id"])
    assignment = Assignment(
        id=f"{course_id}-1", course_id=course_id, title="Rain", text="", project_id="p", created_by="", created_at=1
    )
    store = app.served.outside.identity
    await store.write([Put(assignment)], await store.revision())
    await app.served.outside.clock.advance(1)
    return course_id


def of_courses(app: Hosted, *policies: Policy) -> list[OperationRoute]:
    routes = [route for route in operations(app) if route.policy in policies]
    assert routes
    return routes


def operations(app: Hosted) -> list[OperationRoute]:
    return [route for route in app.served.app.routes if isinstance(route, OperationRoute)]


def sockets(app: Hosted) -> list[GuardedWebSocketRoute]:
    routes = [route for route in app.served.app.routes if isinstance(route, WebSocketRoute)]
    assert all(isinstance(route, GuardedWebSocketRoute) for route in routes)
    return [route for route in routes if isinstance(route, GuardedWebSocketRoute)]


async def refused_everywhere(app: Hosted, headers: dict[str, str], project_id: str, status: int) -> None:
    """Check that each route that is not public refuses these headers, whatever else is wrong with the request."""
    for route in operations(app):
        if route.policy is not Policy.PUBLIC:
            path = filled(route.path, project_id)
            assert await app.status(route.operation.method, path, headers) == status, route.operation.id
    for route in sockets(app):
        if route.policy is not Policy.PUBLIC:
            assert await app.handshake(filled(route.path, project_id), headers) == status, route.path


async def let_in(app: Hosted, headers: dict[str, str], project_id: str) -> None:
    """The positive control."""
    assert await app.status("GET", "/api/me", headers) == 200
    assert await app.status("GET", f"/api/project/{project_id}/sandbox", headers) == 200
    assert await app.handshake(f"/api/project/{project_id}/events", headers) == 101


async def test_nobody_and_who_has_the_token_of_local_mode_or_a_wrong_origin(app: Hosted):
    ada = await app.joined("ada")
    project_id = await app.make(ada)
    token = await app.token(ada, "admin")
    await let_in(app, ada, project_id)
    await let_in(app, token, project_id)
    await refused_everywhere(app, {}, project_id, 401)
    await refused_everywhere(app, {"authorization": "Bearer a-token-of-some-length"}, project_id, 401)
    await refused_everywhere(app, ada | {"origin": "https://evil.example"}, project_id, 403)
    await refused_everywhere(app, token | {"origin": "https://evil.example"}, project_id, 403)


async def test_another_tenant_is_told_that_it_is_not_there(app: Hosted):
    ada, eve = await app.joined("ada"), await app.joined("eve", Role.ADMIN)
    project_id = await app.make(ada)
    for route in operations(app):
        if route.policy in ABOUT_PROJECTS and not route.operation.project_in_body:
            path = filled(route.path, project_id)
            assert await app.status(route.operation.method, path, eve) == 404, route.operation.id
    for route in sockets(app):
        assert await app.handshake(filled(route.path, project_id), eve) == 404, route.path
    body = {"project_id": project_id, "node_id": "n"}
    assert await app.status("POST", "/api/code/execute-node", eve, body) == 404
    assert await app.status("POST", "/api/project/execute-flow", eve, body) == 404
    await let_in(app, ada, project_id)


async def test_a_course_is_there_for_its_members_and_changed_by_its_teachers(app: Hosted):
    ada, zoe, root = (
        await app.joined("ada", Role.TEACHER),
        await app.joined("zoe", Role.TEACHER),
        await app.joined("root", Role.ADMIN),
    )
    bob = await app.joined("bob")
    course_id = await a_course(app, ada)
    course = f"/api/courses/{course_id}"
    for outsider in (zoe, bob):
        for route in of_courses(app, *COURSE_POLICIES):
            path = filled(route.path, course_id=course_id)
            assert await app.status(route.operation.method, path, outsider) == 404, route.operation.id
    assert await app.status("PUT", f"{course}/members/bob", ada, {"name": "Bob"}) == 200
    for route in of_courses(app, Policy.COURSE_TEACHER):
        path = filled(route.path, course_id=course_id)
        assert await app.status(route.operation.method, path, bob) == 403, route.operation.id
    for route in of_courses(app, Policy.TEACHER):
        assert await app.status(route.operation.method, filled(route.path), bob) == 403, route.operation.id
    for member in (ada, bob, root):
        assert await app.status("GET", course, member) == 200
        assert await app.status("GET", f"{course}/exams", member) == 200
    for teacher in (ada, root):
        assert await app.status("GET", f"{course}/members", teacher) == 200
        assert await app.status("PATCH", course, teacher, {"title": "Rain"}) == 200
    assert await app.status("DELETE", f"{course}/members/bob", ada) == 204
    assert await app.status("GET", course, bob) == 404


async def test_a_token_carries_into_a_course_no_more_than_its_scope(app: Hosted):
    ada, root = await app.joined("ada", Role.TEACHER), await app.joined("root", Role.ADMIN)
    course_id = await a_course(app, ada)
    read, edit, full = [await app.token(ada, scope) for scope in ("read", "edit", "admin")]
    for token in (read, edit):
        for route in of_courses(app, Policy.TEACHER, Policy.COURSE_TEACHER, Policy.LOOK):
            path = filled(route.path, course_id=course_id)
            assert await app.status(route.operation.method, path, token) == 403, route.operation.id
    for route in operations(app):
        if route.policy is Policy.COURSE and route.operation.method != "GET":
            path = filled(route.path, course_id=course_id)
            assert await app.status(route.operation.method, path, read) == 403, route.operation.id
    course = f"/api/courses/{course_id}"
    assert await app.status("GET", course, read) == 200
    assert await app.status("PATCH", course, full, {"title": "Rain"}) == 200
    assert await app.status("GET", course, await app.token(root, "read")) == 404
    assert await app.status("GET", course, await app.token(root, "admin")) == 200


@pytest.mark.parametrize("as_token", [False, True])
async def test_a_viewer_and_a_read_token_only_look(app: Hosted, as_token: bool):
    ada = await app.joined("ada")
    project_id = await app.make(ada)
    if as_token:
        viewer = await app.token(ada, "read")
    else:
        viewer = await app.joined("bob")
        shared = await app.served.call(
            "POST", f"/api/project/{project_id}/shares", json={"login": "bob", "share": "viewer"}, headers=ada
        )
        assert shared.status == 201
    for route in operations(app):
        if route.policy in NEEDS_EDIT and not route.operation.project_in_body:
            path = filled(route.path, project_id)
            assert await app.status(route.operation.method, path, viewer) == 403, route.operation.id
    body = {"project_id": project_id, "node_id": "n"}
    assert await app.status("POST", "/api/code/execute-node", viewer, body) == 403
    await let_in(app, viewer, project_id)
    attached: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def terminal(peer: Peer, asked: Asked) -> None:
        attached.set_result(asked.view_only)
        await peer.receive()

    app.served.agent(project_id).on_socket("/terminals/t/attach", terminal)
    async with app.connect(f"/api/terminal/{project_id}/t", viewer), asyncio.timeout(60):
        assert await attached is True


@pytest.mark.parametrize("role", [Role.STUDENT, Role.TEACHER])
async def test_who_is_no_administrator_administers_nothing(app: Hosted, role: Role):
    root, ada = await app.joined("root", Role.ADMIN), await app.joined("ada", role)
    token = await app.token(root, "edit")
    project_id = await app.make(ada)
    administered = [route for route in operations(app) if route.policy in (Policy.ADMIN, Policy.METRICS)]
    assert len(administered) > 10
    for route in administered:
        path = filled(route.path, project_id)
        assert await app.status(route.operation.method, path, ada) == 403, route.operation.id
        assert await app.status(route.operation.method, path, token) == 403, route.operation.id
    for path in (
        "/api/people",
        "/api/audit",
        "/api/audit/export",
        "/api/invitations",
        "/api/admin/sandboxes",
        "/metrics",
    ):
        assert await app.status("GET", path, root) == 200, path
    assert await app.status("POST", f"/api/admin/sandboxes/{project_id}/stop", root) == 200


async def test_a_token_of_smaller_scope_makes_no_larger_one_and_shares_nothing(app: Hosted):
    ada = await app.joined("ada")
    project_id = await app.make(ada)
    edit = await app.token(ada, "edit")
    for route in operations(app):
        if route.policy in (Policy.ACCOUNT, Policy.OWN, Policy.TEACHER):
            path = filled(route.path, project_id)
            assert await app.status(route.operation.method, path, edit) == 403, route.operation.id
    assert await app.status("POST", f"/api/project/{project_id}/sandbox/keep-awake", edit, {"seconds": 1}) == 200
    read = await app.token(ada, "read")
    assert await app.status("POST", "/api/project/make", read, {"name": "x"}) == 403
    assert await app.status("POST", "/api/project/make", edit, {"name": "x"}) == 201


async def test_what_was_revoked_or_has_expired_opens_nothing(app: Hosted):
    ada = await app.joined("ada")
    project_id = await app.make(ada)
    old, short, other = (
        await app.token(ada, "admin"),
        await app.token(ada, "admin", expires_in_sec=60),
        await app.session("ada"),
    )
    for good in (old, short, other):
        await let_in(app, good, project_id)
    listed = await app.served.call("GET", "/api/tokens", headers=ada)
    assert [token["token"] for token in listed.json] == ["", ""]
    for token in listed.json:
        if token["expires_at"] - token["created_at"] > 60:
            assert await app.status("DELETE", f"/api/tokens/{token['id']}", ada) == 204
    assert (await app.served.call("DELETE", "/api/sessions", headers=ada)).json == {"sessions": 1}
    await app.served.outside.clock.advance(61)
    for bad in (old, short, other):
        await refused_everywhere(app, bad, project_id, 401)
    await let_in(app, ada, project_id)
    await app.served.outside.clock.advance(60)
    assert await app.status("GET", "/api/me", ada) == 401


async def test_revocation_closes_sockets_of_that_session_person_and_share_only(app: Hosted):
    ada, bob, root = await app.joined("ada"), await app.joined("bob"), await app.joined("root", Role.ADMIN)
    project_id = await app.make(ada)
    people = {p["login"]: p["id"] for p in (await app.served.call("GET", "/api/people", headers=root)).json}
    shares, events = f"/api/project/{project_id}/shares", f"/api/project/{project_id}/events"
    assert await app.status("POST", shares, ada, {"login": "bob", "share": "editor"}) == 201
    second = await app.session("ada")
    async with app.connect(events, ada) as stays, app.connect(events, second) as ends, app.connect(events, bob) as bobs:
        assert await app.status("POST", "/api/logout", second) == 204
        assert await closed_with(ends) == CloseCode.REVOKED
        await app.served.outside.clock.advance(1)  # somebody looks who is there, and as what
        assert await app.status("PATCH", f"{shares}/{people['bob']}", ada, {"share": "viewer"}) == 200
        assert await closed_with(bobs) == CloseCode.RELOAD
        async with app.connect(events, bob) as again:
            assert await app.status("DELETE", f"{shares}/{people['bob']}", ada) == 204
            assert await closed_with(again) == CloseCode.REVOKED
        assert await app.handshake(events, bob) == 404
        assert not stays.closed
        assert await app.status("PATCH", f"/api/people/{people['ada']}", root, {"disabled": True}) == 200
        assert await closed_with(stays) == CloseCode.REVOKED
    assert await app.handshake(events, ada) == 401


async def test_a_role_that_changes_while_a_socket_is_open_leaves_what_it_still_allows(app: Hosted):
    root, ada = await app.joined("root", Role.ADMIN), await app.joined("ada", Role.ADMIN)
    project_id = await app.make(ada)
    ada_id = (await app.served.call("GET", "/api/me", headers=ada)).json["id"]
    async with app.connect(f"/api/project/{project_id}/events", ada) as own:
        assert await app.status("PATCH", f"/api/people/{ada_id}", root, {"role": "student"}) == 200
        await app.served.outside.clock.advance(3)
        assert await app.status("GET", "/api/audit", ada) == 403
        assert not own.closed
        assert await app.handshake(f"/api/project/{project_id}/events", ada) == 101
        assert await app.status("PATCH", f"/api/people/{ada_id}", root, {"disabled": True}) == 200
        assert await closed_with(own) == CloseCode.REVOKED


async def test_a_role_that_changed_counts_at_once_and_a_deleted_persons_token_is_dead(app: Hosted):
    root, ada = await app.joined("root", Role.ADMIN), await app.joined("ada", Role.ADMIN)
    token = await app.token(ada, "admin")
    ada_id = (await app.served.call("GET", "/api/me", headers=ada)).json["id"]
    assert await app.status("GET", "/api/people", token) == 200
    assert await app.status("PATCH", f"/api/people/{ada_id}", root, {"role": "student"}) == 200
    assert await app.status("GET", "/api/people", token) == 403
    assert await app.status("GET", "/api/me", token) == 200
    assert await app.status("DELETE", f"/api/people/{ada_id}", root) == 204
    assert await app.status("GET", "/api/me", token) == 401
    assert await app.status("GET", "/api/me", ada) == 401
