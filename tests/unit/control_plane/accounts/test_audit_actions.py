"""Who did what is written down: each action, once; and it can be looked through, taken out, and never changed."""

import ast
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from control_plane.api.operation import OperationRoute
from control_plane.domain.audit import AuditAction
from control_plane.domain.errors import EngineUnavailable
from control_plane.domain.people import Registration, Role
from control_plane.ports import AuditStore
from sandbox_image.wire import events
from tests.fakes.hosted import PASSWORD, Hosted, hosted

ROOT = Path(__file__).parents[4]


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[Hosted]:
    async with hosted(tmp_path, registration=Registration.INVITE) as running:
        yield running


async def written(app: Hosted) -> list[tuple[str, str, dict[str, Any]]]:
    """What is in the log: action, who did it, and how."""
    await app.served.app.state.services.audit.flush()
    return [(e.action.value, e.actor, dict(e.detail)) for e in app.served.outside.audit.entries]


async def since(app: Hosted, before: int) -> list[str]:
    return [action for action, _, _ in (await written(app))[before:]]


async def test_signing_in_and_out_sessions_tokens_and_passwords(app: Hosted):
    await app.add("ada")
    before = len(await written(app))
    await app.sign_in("ada", "a wrong password")
    ada, other = await app.session("ada"), await app.session("ada")
    assert await app.status("POST", "/api/logout", other) == 204
    await app.session("ada")
    assert await app.status("DELETE", "/api/sessions", ada) == 200
    token = await app.served.call("POST", "/api/tokens", json={"name": "CI", "scope": "read"}, headers=ada)
    assert await app.status("DELETE", f"/api/tokens/{token.json['id']}", ada) == 204
    change = {"old_password": PASSWORD, "new_password": "another good one"}
    assert await app.status("POST", "/api/password", ada, change) == 204
    assert await since(app, before) == [
        AuditAction.SIGN_IN_FAILED,
        *[AuditAction.SIGN_IN] * 2,
        AuditAction.SIGN_OUT,
        AuditAction.SIGN_IN,
        AuditAction.SESSION_REVOKED,
        AuditAction.TOKEN_CREATED,
        AuditAction.TOKEN_REVOKED,
        AuditAction.PASSWORD_CHANGED,
    ]


async def test_people_roles_and_invitations(app: Hosted):
    root = await app.joined("root", Role.ADMIN)
    me = (await app.served.call("GET", "/api/me", headers=root)).json["id"]
    before = len(await written(app))
    bob = (
        await app.served.call("POST", "/api/people", json={"login": "bob", "password": PASSWORD}, headers=root)
    ).json["id"]
    for patch in ({"role": "teacher"}, {"disabled": True}, {"disabled": False}):
        assert await app.status("PATCH", f"/api/people/{bob}", root, patch) == 200
    assert await app.status("DELETE", f"/api/people/{bob}", root) == 204
    wanted = {"role": "student", "max_uses": 1, "expires_in_sec": 60}
    invitation = (await app.served.call("POST", "/api/invitations", json=wanted, headers=root)).json["id"]
    assert await app.status("DELETE", f"/api/invitations/{invitation}", root) == 204
    entries = (await written(app))[before:]
    assert [action for action, _, _ in entries] == [
        AuditAction.PERSON_CREATED,
        AuditAction.ROLE_CHANGED,
        AuditAction.PERSON_DISABLED,
        AuditAction.PERSON_ENABLED,
        AuditAction.PERSON_DELETED,
        AuditAction.INVITATION_CREATED,
        AuditAction.INVITATION_REVOKED,
    ]
    assert {actor for _, actor, _ in entries} == {me}
    assert (entries[1][2]["before"], entries[1][2]["after"]) == ("student", "teacher")


async def test_shares_exports_deletions_and_what_administrators_do_to_sandboxes(app: Hosted):
    root, ada, bob = await app.joined("root", Role.ADMIN), await app.joined("ada"), await app.joined("bob")
    project_id = await app.make(ada)
    project, shares = f"/api/project/{project_id}", f"/api/project/{project_id}/shares"
    assert await app.status("POST", f"{project}/sandbox/start?wait=true", ada) == 200
    before = len(await written(app))
    assert await app.status("POST", shares, ada, {"login": "bob", "share": "viewer"}) == 201
    people = (await app.served.call("GET", shares, headers=ada)).json["people"]
    assert await app.status("DELETE", f"{shares}/{people[0]['person_id']}", ada) == 204
    link = (await app.served.call("POST", f"{project}/share-links", json={}, headers=ada)).json
    accept = {"token": link["url"].partition("#")[2]}
    assert await app.status("POST", "/api/shares/accept", bob, accept) == 200
    assert await app.status("DELETE", f"{project}/share-links/{link['id']}", ada) == 204
    app.served.agent(project_id).answer("GET", "/project/export", b"PK", content_type="application/zip")
    assert await app.status("GET", f"{project}/export", ada) == 200
    limits = {"memory": 2 * 1024**3}
    assert await app.status("PATCH", f"/api/admin/sandboxes/{project_id}/limits", root, limits) == 200
    assert await app.status("POST", f"/api/admin/sandboxes/{project_id}/stop", root) == 200
    assert await app.status("DELETE", project, ada) == 200
    assert await app.status("POST", f"{project}/restore", ada) == 200
    assert await app.status("GET", "/api/audit/export", root) == 200
    assert await since(app, before) == [
        AuditAction.SHARE_CHANGED,
        AuditAction.SHARE_REMOVED,
        AuditAction.SHARE_LINK_CREATED,
        AuditAction.SHARE_LINK_ACCEPTED,
        AuditAction.SHARE_LINK_REVOKED,
        AuditAction.PROJECT_EXPORTED,
        AuditAction.SANDBOX_LIMITS_CHANGED,
        AuditAction.SANDBOX_ENDED,
        AuditAction.SANDBOX_STOPPED_BY_ADMIN,
        AuditAction.PROJECT_DELETED,
        AuditAction.PROJECT_RESTORED,
        AuditAction.AUDIT_EXPORTED,
    ]


async def test_a_deletion_that_goes_on_later_is_written_down_when_it_was_asked_for(app: Hosted):
    """The engine was away: the project is hidden, and gone once the engine is back."""
    ada = await app.joined("ada")
    runtime = app.served.outside.runtime
    delete = runtime.delete_workspace

    async def gone(project_id: str) -> None:
        raise EngineUnavailable("The container engine does not answer.")

    project_id = await app.make(ada)
    runtime.delete_workspace = gone
    before = len(await written(app))
    path = f"/api/project/{project_id}"
    assert await app.status("DELETE", f"{path}?now=true", ada) == 503
    assert await app.status("GET", path, ada) == 404
    assert (await since(app, before)).count(AuditAction.PROJECT_DELETED) == 1
    runtime.delete_workspace = delete
    # The control: one that was refused is still there, and nothing of it is written down.
    kept = await app.make(ada)
    app.served.outside.database.down = True
    before = len(app.served.outside.audit.entries)
    assert await app.status("DELETE", f"/api/project/{kept}", ada) == 503
    app.served.outside.database.down = False
    assert AuditAction.PROJECT_DELETED not in await since(app, before)
    assert await app.status("GET", f"/api/project/{kept}/sandbox", ada) == 200


async def test_starts_stops_with_their_reasons_and_refused_connections(app: Hosted):
    ada = await app.joined("ada")
    before = len(await written(app))
    project_id = await app.make(ada)
    project = f"/api/project/{project_id}/sandbox"
    assert await app.status("POST", f"{project}/start?wait=true", ada) == 200
    assert await app.status("POST", f"{project}/stop", ada) == 200
    sink = app.served.outside.egress.sink
    assert sink is not None
    denied = events.EgressDenied(host="evil.example", port=443, reason="not_allowed")
    sink.publish(project_id, denied)  # as the egress proxy does it
    entries = (await written(app))[before:]
    assert [action for action, _, _ in entries] == [
        AuditAction.SANDBOX_STARTED,
        AuditAction.SANDBOX_ENDED,
        AuditAction.EGRESS_DENIED,
    ]
    assert entries[1][2]["reason"] == "by_user"
    assert entries[2][2]["host"] == "evil.example"
    assert app.served.app.state.services.metrics.egress_denied == 1


async def test_the_log_is_filtered_by_who_what_where_and_when(app: Hosted):
    root, ada = await app.joined("root", Role.ADMIN), await app.joined("ada")
    ada_id = (await app.served.call("GET", "/api/me", headers=ada)).json["id"]
    project_id = await app.make(ada)
    await app.served.outside.clock.advance(100)
    later = app.served.outside.clock.now()
    token = await app.token(ada, "admin")
    assert await app.status("POST", f"/api/project/{project_id}/sandbox/stop", token) == 200

    async def found(query: str) -> list[str]:
        page = (await app.served.call("GET", f"/api/audit?{query}", headers=root)).json
        return [entry["action"] for entry in page["entries"]]

    assert await found("action=token.") == [AuditAction.TOKEN_CREATED]
    assert await found(f"actor={ada_id}") == [AuditAction.TOKEN_CREATED, AuditAction.SIGN_IN]
    assert await found(f"project_id={project_id}") == [AuditAction.SANDBOX_ENDED, AuditAction.SANDBOX_STARTED]
    assert await found(f"since={later}&action=session.") == []
    assert len(await found(f"until={later}&action=session.")) == 2
    refused = await app.served.call("GET", "/api/audit?since=yesterday", headers=root)
    assert (refused.status, refused.json["detail"]) == (422, {"field": "since"})


def test_nothing_changes_or_removes_an_entry_but_its_age(tmp_path: Path):
    from control_plane.app import create_app
    from control_plane.settings import Settings

    routes = [r for r in create_app(Settings(data_dir=tmp_path)).routes if isinstance(r, OperationRoute)]
    about = {(route.operation.method, route.path) for route in routes if "audit" in route.path}
    assert about == {("GET", "/api/audit"), ("GET", "/api/audit/export")}
    assert {name for name in vars(AuditStore) if not name.startswith("_")} == {"append", "read", "prune"}


def test_each_action_is_recorded_somewhere():
    named = {
        node.attr
        for path in (ROOT / "control_plane").rglob("*.py")
        if path != ROOT / "control_plane/domain/audit.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "AuditAction"
    }
    assert set(AuditAction.__members__) <= named
