"""Sharing projects, by person and by link."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from control_plane.domain.access import Share
from control_plane.domain.courses import Look
from control_plane.domain.identity import Grant, Put, ShareLink
from control_plane.domain.people import Role
from control_plane.hosting import forget_gone_projects
from tests.fakes.hosted import Hosted, hosted


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[Hosted]:
    async with hosted(tmp_path) as running:
        yield running


async def accept(app: Hosted, headers: dict[str, str], url: str) -> tuple[int, str]:
    token = url.partition("#")[2]
    got = await app.served.call("POST", "/api/shares/accept", json={"token": token}, headers=headers)
    return got.status, got.json.get("share", "")


async def test_a_shared_project_is_in_the_list_with_its_owner_and_what_one_is_in_it(app: Hosted):
    ada, bob = await app.joined("ada"), await app.joined("bob")
    project_id = await app.make(ada)
    await app.make(bob, "Own")
    shares = f"/api/project/{project_id}/shares"
    assert await app.status("POST", shares, ada, {"login": "BOB", "share": "editor"}) == 201
    listed = (await app.served.call("GET", "/api/project/", headers=bob)).json
    assert sorted((p["name"], p["share"], p["owner_name"]) for p in listed) == [
        ("Own", "owner", ""),
        ("Weather", "editor", "Ada"),
    ]
    seen = (await app.served.call("GET", shares, headers=ada)).json
    assert [(p["login"], p["share"]) for p in seen["people"]] == [("bob", "editor")]
    assert await app.status("DELETE", f"/api/project/{project_id}/share", bob) == 204
    assert len((await app.served.call("GET", "/api/project/", headers=bob)).json) == 1
    assert await app.status("GET", f"/api/project/{project_id}/sandbox", bob) == 404


@pytest.mark.parametrize("share", ["owner", "none", "admin"])
async def test_nobody_is_made_an_owner(app: Hosted, share: str):
    ada = await app.joined("ada")
    await app.add("bob")
    shares = f"/api/project/{await app.make(ada)}/shares"
    assert await app.status("POST", shares, ada, {"login": "bob", "share": share}) == 422
    assert await app.status("POST", shares, ada, {"login": "ada", "share": "editor"}) == 422
    assert await app.status("POST", shares, ada, {"login": "nobody", "share": "editor"}) == 404
    assert await app.status("POST", shares, ada, {"login": "bob", "share": "editor"}) == 201


async def test_a_link_gives_a_share_until_it_ends_and_never_takes_a_greater_one(app: Hosted):
    ada, bob, cyd = await app.joined("ada"), await app.joined("bob"), await app.joined("cyd")
    project_id = await app.make(ada)
    links = f"/api/project/{project_id}/share-links"

    async def link(share: str) -> dict[str, str]:
        wanted = {"share": share, "expires_in_sec": 60}
        got = await app.served.call("POST", links, json=wanted, headers=ada)
        assert (got.status, got.json["url"][:11]) == (201, "/share#afl_")
        return got.json

    viewer, editor, taken = await link("viewer"), await link("editor"), await link("editor")
    assert await accept(app, {}, viewer["url"]) == (401, "")
    assert await accept(app, bob, viewer["url"]) == (200, "viewer")
    assert await accept(app, bob, editor["url"]) == (200, "editor")
    assert await accept(app, bob, viewer["url"]) == (200, "editor")
    assert await accept(app, ada, viewer["url"]) == (200, "owner")
    assert await app.status("POST", links, bob, {}) == 403
    assert await app.status("DELETE", f"{links}/{taken['id']}", ada) == 204
    assert await accept(app, cyd, taken["url"]) == (403, "")
    assert [
        entry["url"]
        for entry in (await app.served.call("GET", f"/api/project/{project_id}/shares", headers=ada)).json["links"]
    ] == ["", ""]
    await app.served.outside.clock.advance(61)
    assert await accept(app, cyd, editor["url"]) == (403, "")
    assert await app.status("GET", f"/api/project/{project_id}/sandbox", cyd) == 404
    assert await app.status("GET", f"/api/project/{project_id}/sandbox", bob) == 200


async def test_a_link_of_a_deleted_project_leads_nowhere(app: Hosted):
    ada, bob = await app.joined("ada"), await app.joined("bob")
    project_id = await app.make(ada)
    link = await app.served.call("POST", f"/api/project/{project_id}/share-links", json={}, headers=ada)
    assert await app.status("DELETE", f"/api/project/{project_id}", ada) == 200
    assert await accept(app, bob, link.json["url"]) == (403, "")


KEPT = (Grant, ShareLink, Look)


def kept(app: Hosted) -> dict[type[Grant | ShareLink | Look], list[str]]:
    """The projects that shares, links and looks are kept of."""
    identity = app.served.outside.identity.identity
    return {kind: [r.project_id for r in identity.all(kind).values()] for kind in KEPT}


async def test_what_people_have_to_do_with_a_project_is_kept_while_it_can_be_restored_and_goes_with_it(app: Hosted):
    ada, root = await app.joined("ada"), await app.joined("root", Role.ADMIN)
    bob = await app.joined("bob")
    made = [await app.make(ada) for _ in range(2)]
    for project_id in made:
        assert (
            await app.status("POST", f"/api/project/{project_id}/shares", ada, {"login": "bob", "share": "editor"})
            == 201
        )
        assert await app.status("POST", f"/api/project/{project_id}/share-links", ada, {"share": "viewer"}) == 201
        assert await app.status("POST", f"/api/project/{project_id}/look", root) == 200
    doomed, other = made
    assert await app.status("DELETE", f"/api/project/{doomed}", ada) == 200
    assert await app.status("GET", f"/api/project/{doomed}/sandbox", bob) == 404
    assert {kind: sorted(ids) for kind, ids in kept(app).items()} == {kind: sorted(made) for kind in KEPT}
    assert await app.status("POST", f"/api/project/{doomed}/restore", ada) == 200
    assert await app.status("GET", f"/api/project/{doomed}/sandbox", bob) == 200
    assert await app.status("DELETE", f"/api/project/{doomed}?now=true", ada) == 200
    assert kept(app) == {kind: [other] for kind in KEPT}
    assert await app.status("GET", f"/api/project/{other}/sandbox", bob) == 200


async def test_what_the_end_of_a_process_kept_from_being_forgotten_is_forgotten_later(app: Hosted):
    ada = await app.joined("ada")
    bob = await app.add("bob")
    project_id = await app.make(ada)
    left = Grant(id=f"gone:{bob}", project_id="gone", person_id=bob, share=Share.EDITOR, created_by="a", created_at=1.0)
    directory = app.services.shares._directory
    await directory.change(lambda _: ([Put(left)], None))
    assert kept(app)[Grant] == ["gone"]
    services = app.served.app.state.services
    await forget_gone_projects(services.deletions, services.registry, directory)
    assert kept(app)[Grant] == []
    assert await app.status("GET", f"/api/project/{project_id}/sandbox", ada) == 200
