"""Signing in by an OpenID Connect provider that runs as a program of its own."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from control_plane.domain.people import Role
from sandbox_image.wire.closing import CloseCode
from tests.fakes.hosted import PASSWORD, Hosted, closed_with, hosted
from tests.fakes.served import Got

PROVIDER = Path(__file__).with_name("provider.py")


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    port_file = tmp_path_factory.mktemp("provider") / "issuer.json"
    with subprocess.Popen([sys.executable, str(PROVIDER), str(port_file)]) as process:
        try:
            end = time.monotonic() + 60
            while not port_file.exists():
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.02)
            yield json.loads(port_file.read_text())
        finally:
            process.kill()


@pytest.fixture
async def app(tmp_path: Path, issuer: str) -> AsyncGenerator[Hosted]:
    async with hosted(
        tmp_path,
        oidc_issuer=issuer,
        oidc_client_id="forge",
        oidc_client_secret="a-client-secret",
        oidc_allow=("@school.example",),
        oidc_roles=("groups=staff:teacher",),
    ) as running:
        yield running


async def begin(app: Hosted, next_path: str = "/") -> tuple[str, str]:
    """Begin to sign in; return the provider's page and the attempt's cookie."""
    got = await app.served.call("GET", f"/api/oidc/login?next={next_path}", headers={})
    assert got.status == 303, got.content
    set_cookie = got.headers["set-cookie"]
    assert "httponly" in set_cookie.lower()
    assert "samesite=lax" in set_cookie.lower()
    return got.headers["location"], set_cookie.partition(";")[0]


async def at_provider(app: Hosted, page: str, login: str) -> str:
    """Sign in at the provider; return the path that it leads back to."""
    async with app.served.session.get(f"{page}&login_as={login}", allow_redirects=False) as answer:
        back = urlsplit(answer.headers["location"])
        assert f"{back.scheme}://{back.netloc}" == app.served.url
        return f"{back.path}?{back.query}"


async def sign_in(app: Hosted, login: str, next_path: str = "/") -> Got:
    page, cookie = await begin(app, next_path)
    back = await at_provider(app, page, login)
    return await app.served.call("GET", back, headers={"cookie": cookie})


def session_of(app: Hosted, got: Got) -> dict[str, str]:
    assert got.headers["location"] == "/", got.headers
    return {"cookie": cookie_of(got), "origin": app.served.url}


def cookie_of(got: Got) -> str:
    """The session, of the several cookies that are set."""
    return next(c for c in got.all_cookies if c.startswith("aimforge_session="))


async def test_who_a_rule_lets_in_gets_an_account_with_the_role_of_their_claims(app: Hosted):
    ways = await app.served.call("GET", "/api/session", headers={})
    assert (ways.json["oidc"], ways.json["oidc_url"]) == ("Single sign-on", "/api/oidc/login")
    for login, email, role in (("ada", "ada@school.example", "teacher"), ("bob", "bob@school.example", "student")):
        session = session_of(app, await sign_in(app, login))
        me = (await app.served.call("GET", "/api/me", headers=session)).json
        assert (me["login"], me["role"], me["has_password"]) == (email, role, False)
        again = session_of(app, await sign_in(app, login))
        assert (await app.served.call("GET", "/api/me", headers=again)).json["id"] == me["id"]
    assert (await app.sign_in("ada@school.example", "")).status == 401


@pytest.mark.parametrize("login", ["eve", "mallory"])
async def test_an_unchecked_address_and_a_foreign_one_stay_out(app: Hosted, login: str):
    got = await sign_in(app, login)
    assert (got.headers["location"], got.all_cookies) == ("/sign-in?error=forbidden", ['aimforge_oidc=""'])
    assert app.services.accounts.all() == []


async def test_without_a_rule_nobody_is_let_in(tmp_path: Path, issuer: str):
    settings = {"oidc_issuer": issuer, "oidc_client_id": "forge", "oidc_client_secret": "a-client-secret"}
    async with hosted(tmp_path, **settings) as app:
        assert (await sign_in(app, "ada")).headers["location"] == "/sign-in?error=forbidden"


@pytest.mark.parametrize("fault", ["issuer", "audience", "expired", "nonce", "key"])
async def test_a_token_that_is_not_for_us_here_and_now_opens_nothing(app: Hosted, issuer: str, fault: str):
    try:
        async with app.served.session.get(f"{issuer}/behave?fault={fault}"):
            pass
        assert (await sign_in(app, "ada")).headers["location"] == "/sign-in?error=unauthenticated"
    finally:
        async with app.served.session.get(f"{issuer}/behave?fault="):
            pass
    assert session_of(app, await sign_in(app, "ada"))


async def test_an_answer_is_taken_only_from_the_browser_that_asked_and_only_once(app: Hosted):
    page, cookie = await begin(app)
    _, foreign = await begin(app)
    back = await at_provider(app, page, "ada")
    for wrong in ({}, {"cookie": foreign}, {"cookie": cookie + "x"}, {"cookie": "aimforge_oidc=e30=.00"}):
        got = await app.served.call("GET", back, headers=wrong)
        assert got.headers["location"] == "/sign-in?error=bad_request"
    assert (await app.served.call("GET", back, headers={"cookie": cookie})).headers["location"] == "/"
    again = await app.served.call("GET", back, headers={"cookie": cookie})
    assert again.headers["location"] == "/sign-in?error=unauthenticated"
    late_page, late = await begin(app)
    late_back = await at_provider(app, late_page, "ada")
    app.served.outside.clock._now += 601
    assert (
        (await app.served.call("GET", late_back, headers={"cookie": late})).headers["location"].endswith("bad_request")
    )


@pytest.mark.parametrize(
    "next_path",
    ["https://evil.example", "//evil.example", "/%5Cevil.example", "%2F%2Fevil.example", "javascript:1", "/%0D%0Ax"],
)
async def test_it_never_leads_to_another_site(app: Hosted, next_path: str):
    assert (await sign_in(app, "ada", next_path)).headers["location"] == "/"


async def test_it_leads_back_to_where_somebody_was(app: Hosted):
    assert (await sign_in(app, "ada", "/project/p1%3Fnode%3Dn")).headers["location"] == "/project/p1?node=n"


async def test_an_account_with_a_password_is_not_taken_over_but_one_that_waits_is(app: Hosted):
    await app.services.accounts.create("ada@school.example", "Ada", Role.ADMIN, password=PASSWORD)
    assert (await sign_in(app, "ada")).headers["location"] == "/sign-in?error=conflict"
    waiting = await app.services.accounts.create("bob@school.example", "Bob", Role.ADMIN)
    session = session_of(app, await sign_in(app, "bob"))
    me = (await app.served.call("GET", "/api/me", headers=session)).json
    assert (me["id"], me["role"]) == (waiting.id, "admin")
    await app.services.accounts.create("root", "Root", Role.ADMIN)
    await app.services.accounts.change(waiting.id, disabled=True)
    assert (await sign_in(app, "bob")).headers["location"] == "/sign-in?error=unauthenticated"


async def test_a_group_at_the_provider_makes_people_students_of_the_courses_that_name_it(app: Hosted):
    ada = session_of(app, await sign_in(app, "ada"))
    for claim in ("class 7", "class 8", ""):
        made = await app.served.call("POST", "/api/courses", json={"title": f"Of {claim}"}, headers=ada)
        path = f"/api/courses/{made.json['id']}"
        assert (await app.served.call("PATCH", path, json={"claim": claim}, headers=ada)).status == 200
    assert session_of(app, await sign_in(app, "bob"))
    bob = session_of(app, await sign_in(app, "bob"))
    listed = (await app.served.call("GET", "/api/courses", headers=bob)).json
    assert [(course["title"], course["role"]) for course in listed] == [("Of class 7", "student")]
    member = f"/api/courses/{listed[0]['id']}/members"
    assert [m["role"] for m in (await app.served.call("GET", member, headers=ada)).json] == ["teacher", "student"]
    assert await app.status("DELETE", f"{member}/bob@school.example", ada) == 204
    assert (await app.served.call("GET", "/api/courses", headers=bob)).json == []
    await app.served.app.state.services.audit.flush()
    joined = [e.detail["by"] for e in app.served.outside.audit.entries if e.action == "member.joined"]
    assert joined == ["claim"]


async def test_what_a_group_gave_is_taken_back_when_it_is_gone_and_what_a_teacher_gave_stays(app: Hosted):
    ada = session_of(app, await sign_in(app, "ada"))
    paths: dict[str, str] = {}
    for title in ("by claim", "by hand", "by list", "claim no more"):
        made = await app.served.call("POST", "/api/courses", json={"title": title}, headers=ada)
        paths[title] = f"/api/courses/{made.json['id']}"
        assert await app.status("PATCH", paths[title], ada, {"claim": "class 7"}) == 200
    bob = session_of(app, await sign_in(app, "bob"))

    async def courses_of_bob() -> list[str]:
        return sorted(course["title"] for course in (await app.served.call("GET", "/api/courses", headers=bob)).json)

    assert await courses_of_bob() == sorted(paths)
    members = (await app.served.call("GET", f"{paths['by claim']}/members", headers=ada)).json
    assert [(m["name"], m["by_claim"]) for m in members] == [("Ada", False), ("Bob", True)]
    assert await app.status("PUT", f"{paths['by hand']}/members/bob@school.example", ada, {}) == 200
    csv = {**ada, "content-type": "text/csv"}
    listed = await app.served.call("POST", f"{paths['by list']}/members", data=b"bob@school.example,Bob", headers=csv)
    assert (listed.status, listed.json["changed"]) == (200, 1)
    assert await app.status("PATCH", paths["claim no more"], ada, {"claim": ""}) == 200
    assert session_of(app, await sign_in(app, "bob"))
    assert await courses_of_bob() == sorted(paths)  # the control: the group is still there
    bob = session_of(app, await sign_in(app, "bob, who left"))
    assert await courses_of_bob() == ["by hand", "by list", "claim no more"]
    assert await app.status("GET", paths["by claim"], bob) == 404
    bob = session_of(app, await sign_in(app, "bob"))
    assert await courses_of_bob() == sorted(paths)
    await app.served.app.state.services.audit.flush()
    left = [e.detail["by"] for e in app.served.outside.audit.entries if e.action == "member.left"]
    assert left == ["claim"]


async def role_of(app: Hosted, session: dict[str, str]) -> str:
    return str((await app.served.call("GET", "/api/me", headers=session)).json["role"])


async def test_who_is_refused_now_and_was_let_in_before_has_no_way_in_and_nothing_that_claims_gave(app: Hosted):
    ada = session_of(app, await sign_in(app, "ada"))
    paths: dict[str, str] = {}
    for title in ("by claim", "by hand"):
        made = await app.served.call("POST", "/api/courses", json={"title": title}, headers=ada)
        paths[title] = f"/api/courses/{made.json['id']}"
        assert await app.status("PATCH", paths[title], ada, {"claim": "class 7"}) == 200
    bob, elsewhere = [session_of(app, await sign_in(app, "bob")) for _ in range(2)]
    assert await app.status("PUT", f"{paths['by hand']}/members/bob@school.example", ada, {}) == 200
    token = await app.token(bob, "read")
    project_id = await app.make(bob)
    for way in (bob, elsewhere, token):
        assert await app.status("GET", "/api/me", way) == 200
    async with app.connect(f"/api/project/{project_id}/events", bob) as socket:
        refused = await sign_in(app, "bob, expelled")
        assert (refused.headers["location"], refused.all_cookies) == ("/sign-in?error=forbidden", ['aimforge_oidc=""'])
        async with asyncio.timeout(60):
            assert await closed_with(socket) == CloseCode.REVOKED
    for way in (bob, elsewhere, token):
        assert await app.status("GET", "/api/me", way) == 401
    assert await app.status("GET", "/api/me", ada) == 200  # nobody else's
    left = {title: (await app.served.call("GET", f"{path}/members", headers=ada)).json for title, path in paths.items()}
    assert {title: [m["login"] for m in members] for title, members in left.items()} == {
        "by claim": ["ada@school.example"],
        "by hand": ["ada@school.example", "bob@school.example"],
    }
    again = session_of(app, await sign_in(app, "bob"))
    assert await app.status("GET", f"/api/project/{project_id}/sandbox", again) == 200
    courses = (await app.served.call("GET", "/api/courses", headers=again)).json
    assert sorted(course["title"] for course in courses) == ["by claim", "by hand"]
    await app.served.app.state.services.audit.flush()
    ended = [e.detail for e in app.served.outside.audit.entries if e.action == "session.revoked"]
    assert [(e["sessions"], e["tokens"], e["why"]) for e in ended] == [(2, 1, "no rule lets them in")]


async def test_a_role_that_a_claim_gave_goes_with_it_and_one_that_an_administrator_gave_stays(app: Hosted):
    assert await role_of(app, session_of(app, await sign_in(app, "ada"))) == "teacher"
    assert await role_of(app, session_of(app, await sign_in(app, "ada, a student again"))) == "student"
    (ada,) = app.services.accounts.all()
    await app.services.accounts.change(ada.id, role=Role.TEACHER)
    assert await role_of(app, session_of(app, await sign_in(app, "ada, a student again"))) == "teacher"
    assert await role_of(app, session_of(app, await sign_in(app, "ada"))) == "teacher"
    assert await role_of(app, session_of(app, await sign_in(app, "ada, a student again"))) == "student"


async def test_the_last_administrator_stays_one_whatever_the_claims_say(tmp_path: Path, issuer: str):
    client = {"oidc_issuer": issuer, "oidc_client_id": "forge", "oidc_client_secret": "a-client-secret"}
    rules = {"oidc_allow": ("@school.example",), "oidc_roles": ("groups=staff:admin",)}
    async with hosted(tmp_path, **client, **rules) as app:
        for login in ("ada", "ada, a student again"):
            assert await role_of(app, session_of(app, await sign_in(app, login))) == "admin"
        await app.add("root", Role.ADMIN)
        assert await role_of(app, session_of(app, await sign_in(app, "ada, a student again"))) == "student"


async def test_only_an_administrator_gives_a_password_to_who_signs_in_by_the_provider(app: Hosted):
    new = {"old_password": "", "new_password": PASSWORD}
    bob = session_of(app, await sign_in(app, "bob"))
    refused = await app.served.call("POST", "/api/password", json=new, headers=bob)
    assert (refused.status, "administrator" in refused.json["message"]) == (403, True)
    account = app.services.accounts.find("bob@school.example")
    await app.services.accounts.set_password(account.id, PASSWORD)
    bob = await app.session("bob@school.example")
    change = {"old_password": PASSWORD, "new_password": "another good one"}
    assert await app.status("POST", "/api/password", bob, change) == 204


async def test_a_provider_that_does_not_answer_is_said_so(tmp_path: Path):
    async with hosted(tmp_path, oidc_issuer="http://127.0.0.1:1", oidc_client_id="forge") as app:
        got = await app.served.call("GET", "/api/oidc/login", headers={})
        assert (got.status, got.json["error"]) == (503, "unavailable")


async def test_the_address_to_come_back_to_is_the_public_one(tmp_path: Path, issuer: str):
    settings = {"oidc_issuer": issuer, "oidc_client_id": "forge", "public_url": "https://forge.example"}
    async with hosted(tmp_path, **settings) as app:
        got = await app.served.call("GET", "/api/oidc/login", headers={})
        query = parse_qs(urlsplit(got.headers["location"]).query)
        assert query["redirect_uri"] == ["https://forge.example/api/oidc/callback"]
        assert got.headers["set-cookie"].startswith("__Host-aimforge_oidc=")
        assert "secure" in got.headers["set-cookie"].lower()
