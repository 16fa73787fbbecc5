"""Signing in and making accounts in hosted mode, over HTTP."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from control_plane.domain.audit import AuditAction
from control_plane.domain.identity import Account, Put
from control_plane.domain.people import Registration, Role
from control_plane.services.people.accounts import BY_ACCOUNT, BY_ADDRESS
from tests.fakes.hosted import PASSWORD, Hosted, hosted
from tests.fakes.served import BEARER, TOKEN


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[Hosted]:
    async with hosted(tmp_path, registration=Registration.INVITE) as running:
        yield running


async def test_the_right_password_opens_a_session_and_a_wrong_one_does_not(app: Hosted):
    await app.add("ada@school.example")
    wrong = await app.sign_in("ada@school.example", "another password")
    unknown = await app.sign_in("nobody@school.example")
    assert (
        (wrong.status, wrong.json["message"])
        == (unknown.status, unknown.json["message"])
        == (401, wrong.json["message"])
    )
    assert wrong.all_cookies == unknown.all_cookies == []
    right = await app.sign_in(" Ada@School.EXAMPLE ")
    assert (right.status, right.json["login"], right.json["mode"]) == (200, "ada@school.example", "hosted")
    cookie = right.headers["set-cookie"].lower()
    assert cookie.startswith("aimforge_session=")
    for part in ("httponly", "samesite=strict", "path=/"):
        assert part in cookie
    assert "domain" not in cookie


async def test_what_another_process_did_to_an_account_counts_at_the_next_sign_in(app: Hosted):
    await app.add("ada")
    store = app.served.outside.identity
    (ada,) = store.identity.all(Account).values()
    bob = replace(ada, id="bob", login="bob")
    await store.write([Put(bob)], store.identity.revision)
    assert (await app.sign_in("bob")).status == 200
    await store.write([Put(replace(ada, disabled=True))], store.identity.revision)
    assert (await app.sign_in("ada")).status == 401
    assert (await app.sign_in("bob")).status == 200


async def test_the_printed_token_of_local_mode_is_worth_nothing(app: Hosted):
    assert (await app.served.call("GET", "/api/me", headers=BEARER)).status == 401
    assert (await app.served.call("GET", f"/login?token={TOKEN}", headers={})).status == 404


async def test_over_tls_the_cookie_is_bound_to_the_host(tmp_path: Path):
    async with hosted(tmp_path, public_url="https://forge.example") as app:
        await app.add("ada")
        got = await app.sign_in("ada", origin="https://forge.example", host="forge.example")
        cookie = got.headers["set-cookie"]
        assert cookie.startswith("__Host-aimforge_session=")
        assert "; secure" in cookie.lower()
        value = cookie.partition(";")[0]
        headers = {"cookie": value, "host": "forge.example"}
        assert (await app.served.call("GET", "/api/me", headers=headers)).status == 200
        plain = {"cookie": value.removeprefix("__Host-"), "host": "forge.example"}
        assert (await app.served.call("GET", "/api/me", headers=plain)).status == 401


async def test_a_session_that_was_planted_is_not_the_one_that_signing_in_opens(app: Hosted):
    await app.add("ada")
    eve = await app.joined("eve")
    got = await app.sign_in("ada", cookie=eve["cookie"])
    mine = got.headers["set-cookie"].partition(";")[0]
    assert mine != eve["cookie"]
    assert (await app.served.call("GET", "/api/me", headers={"cookie": mine})).json["login"] == "ada"
    assert (await app.served.call("GET", "/api/me", headers={"cookie": eve["cookie"]})).status == 401


async def test_another_sites_page_signs_nobody_in_or_out(app: Hosted):
    ada = await app.joined("ada")
    assert (await app.sign_in("ada", origin="https://evil.example")).status == 403
    assert await app.status("POST", "/api/logout", ada | {"origin": "https://evil.example"}) == 403
    assert await app.status("POST", "/api/logout", {"cookie": ada["cookie"]}) == 403
    assert await app.status("POST", "/api/logout", ada) == 204
    assert await app.status("GET", "/api/me", ada) == 401


async def test_guessing_is_slowed_down_for_that_account_alone_and_ends_by_itself(app: Hosted):
    await app.add("ada")
    await app.add("bob")
    for _ in range(BY_ACCOUNT.burst):
        assert (await app.sign_in("ada", "a wrong password")).status == 401
    slowed = await app.sign_in("ada")
    assert (slowed.status, slowed.json["error"], slowed.headers["retry-after"]) == (429, "too_many", "30")
    assert (await app.sign_in("bob")).status == 200
    await app.served.outside.clock.advance(31)
    assert (await app.sign_in("ada")).status == 200


async def test_a_class_behind_one_address_signs_in_at_once(app: Hosted):
    logins = [f"student{number}" for number in range(BY_ADDRESS.burst + 20)]
    for login in logins:
        await app.add(login)
    answers = await asyncio.gather(*(app.sign_in(login) for login in logins))
    assert {got.status for got in answers} == {200}
    assert len({got.all_cookies[0] for got in answers}) == len(logins)


async def test_giant_names_and_passwords_are_refused_and_not_written_down(app: Hosted):
    assert (await app.sign_in("a" * 255)).status == 422
    assert (await app.sign_in("ada", "x" * 1025)).status == 422
    assert (await app.sign_in("a" * 20_000)).status == 413
    assert (await app.sign_in("a b")).status == 422
    assert (await app.sign_in("ﬀ\x00")).status == 422
    assert (await app.sign_in("a" * 254)).status == 401
    await app.served.app.state.services.audit.flush()
    written = [entry.detail["login"] for entry in app.served.outside.audit.entries]
    assert written == ["a" * 80]


async def test_passwords_are_changed_by_who_knows_the_old_one_and_other_sessions_end(app: Hosted):
    ada = await app.joined("ada")
    other = await app.session("ada")
    body = {"old_password": "wrong", "new_password": "another good one"}
    assert await app.status("POST", "/api/password", ada, body) == 403
    assert await app.status("POST", "/api/password", ada, body | {"old_password": PASSWORD, "new_password": "x"}) == 422
    assert await app.status("POST", "/api/password", ada, body | {"old_password": PASSWORD}) == 204
    assert await app.status("GET", "/api/me", ada) == 200
    assert await app.status("GET", "/api/me", other) == 401
    assert (await app.sign_in("ada")).status == 401
    assert (await app.sign_in("ada", "another good one")).status == 200


async def test_sessions_are_listed_with_where_they_are_and_revoked_one_by_one(app: Hosted):
    await app.add("ada")
    here = {"cookie": (await app.sign_in("ada", **{"user-agent": "Fox"})).all_cookies[0], "origin": app.served.url}
    await app.session("ada")
    listed = (await app.served.call("GET", "/api/sessions", headers=here)).json
    assert sorted((s["agent"] == "Fox", s["current"], s["address"]) for s in listed) == [
        (False, False, "127.0.0.1"),
        (True, True, "127.0.0.1"),
    ]
    eve = await app.joined("eve")
    (other,) = [s["id"] for s in listed if not s["current"]]
    assert await app.status("DELETE", f"/api/sessions/{other}", eve) == 404
    assert await app.status("DELETE", f"/api/sessions/{other}", here) == 204
    assert len((await app.served.call("GET", "/api/sessions", headers=here)).json) == 1


async def register(app: Hosted, login: str, invitation: str = "") -> int:
    body = {"login": login, "password": PASSWORD, "invitation": invitation}
    return await app.status("POST", "/api/registration", {}, body)


async def test_an_invitation_makes_as_many_accounts_as_it_says_until_it_ends(app: Hosted):
    root = await app.joined("root", Role.ADMIN)
    joined: list[tuple[str, str]] = []

    async def note(person_id: str, course_id: str) -> None:
        joined.append((app.services.accounts.get(person_id).login, course_id))

    app.services.invitations.joined = note
    wanted = {"role": "teacher", "course_id": "c1", "max_uses": 2, "expires_in_sec": 60}
    invited = await app.served.call("POST", "/api/invitations", json=wanted, headers=root)
    assert invited.json["url"].startswith("/join#afi_")
    secret = invited.json["url"].partition("#")[2]
    assert await register(app, "ada", secret) == 201
    assert await register(app, "ada", secret) == 409
    assert await register(app, "bob", secret) == 201
    assert await register(app, "cyd", secret) == 403
    assert await register(app, "cyd", "afi_made_up") == 403
    assert await register(app, "cyd") == 403
    assert joined == [("ada", "c1"), ("bob", "c1")]
    assert app.services.accounts.find("ada").role is Role.TEACHER
    late = (await app.served.call("POST", "/api/invitations", json=wanted, headers=root)).json
    taken = (await app.served.call("POST", "/api/invitations", json=wanted, headers=root)).json
    assert await app.status("DELETE", f"/api/invitations/{taken['id']}", root) == 204
    assert await register(app, "cyd", taken["url"].partition("#")[2]) == 403
    await app.served.outside.clock.advance(61)
    assert await register(app, "cyd", late["url"].partition("#")[2]) == 403
    assert (await app.served.call("GET", "/api/invitations", headers=root)).json == []


@pytest.mark.parametrize(("registration", "status"), [(Registration.CLOSED, 403), (Registration.OPEN, 201)])
async def test_registration_is_closed_unless_it_was_opened(tmp_path: Path, registration: Registration, status: int):
    async with hosted(tmp_path, registration=registration) as app:
        assert await register(app, "ada") == status
        if status == 201:
            assert app.services.accounts.find("ada").role is Role.STUDENT


async def test_the_last_administrator_stays_and_owners_of_projects_are_not_removed(app: Hosted):
    root, ada = await app.joined("root", Role.ADMIN), await app.joined("ada")
    await app.make(ada)
    ids = {p["login"]: p["id"] for p in (await app.served.call("GET", "/api/people", headers=root)).json}
    for patch in ({"role": "student"}, {"disabled": True}):
        assert await app.status("PATCH", f"/api/people/{ids['root']}", root, patch) == 409
    assert await app.status("DELETE", f"/api/people/{ids['root']}", root) == 409
    assert await app.status("DELETE", f"/api/people/{ids['ada']}", root) == 409
    assert await app.status("PATCH", f"/api/people/{ids['ada']}", root, {"role": "admin"}) == 200
    assert await app.status("PATCH", f"/api/people/{ids['root']}", root, {"role": "student"}) == 200


async def test_what_was_done_is_in_the_audit_log_without_secrets_and_as_csv(app: Hosted):
    root = await app.joined("root", Role.ADMIN)
    await app.sign_in("root", "a wrong password")
    token = await app.token(root, "read")
    made = await app.served.call("POST", "/api/people", json={"login": "=cmd", "password": PASSWORD}, headers=root)
    assert made.status == 201
    page = (await app.served.call("GET", "/api/audit?limit=3", headers=root)).json
    assert [entry["action"] for entry in page["entries"]] == [
        AuditAction.PERSON_CREATED,
        AuditAction.TOKEN_CREATED,
        AuditAction.SIGN_IN_FAILED,
    ]
    assert page["entries"][0]["actor_name"] == "Root"
    rest = (await app.served.call("GET", f"/api/audit?before={page['next_before']}", headers=root)).json
    assert [entry["action"] for entry in rest["entries"]] == [AuditAction.SIGN_IN, AuditAction.PERSON_CREATED]
    export = await app.served.call("GET", "/api/audit/export?action=person.", headers=root)
    assert export.headers["content-type"].startswith("text/csv")
    assert len(export.content.decode().splitlines()) == 3
    everything = (await app.served.call("GET", "/api/audit", headers=root)).content + export.content
    for secret in (PASSWORD, token["authorization"].removeprefix("Bearer "), root["cookie"].partition("=")[2]):
        assert secret.encode() not in everything


async def test_metrics_are_for_administrators_and_for_the_token_of_the_settings(tmp_path: Path):
    async with hosted(tmp_path, metrics_token="a-metrics-token-of-length") as app:
        ada = await app.joined("ada")
        await app.make(ada)
        assert await app.status("GET", "/metrics", {}) == 401
        assert await app.status("GET", "/metrics", ada) == 403
        assert await app.status("GET", "/metrics", {"authorization": "Bearer a-metrics-token-of-lengtx"}) == 401
        got = await app.served.call("GET", "/metrics", headers={"authorization": "Bearer a-metrics-token-of-length"})
        assert got.status == 200
        text = got.content.decode()
        assert 'aimforge_requests_total{class="2xx"}' in text
        assert "aimforge_sandbox_start_seconds_count" in text
        assert "ada" not in text
