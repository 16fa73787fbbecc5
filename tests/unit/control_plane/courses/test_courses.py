"""Courses and their members, over HTTP."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from control_plane.domain.people import Registration, Role
from tests.fakes.hosted import PASSWORD, Hosted, hosted
from tests.fakes.served import Got

Headers = dict[str, str]


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[Hosted]:
    async with hosted(tmp_path, registration=Registration.INVITE) as running:
        yield running


async def make_course(app: Hosted, teacher: Headers, title: str = "Weather") -> str:
    got = await app.served.call("POST", "/api/courses", json={"title": title}, headers=teacher)
    assert got.status == 201, got.content
    return f"/api/courses/{got.json['id']}"


async def read(app: Hosted, path: str, headers: Headers) -> Any:
    got = await app.served.call("GET", path, headers=headers)
    assert got.status == 200, got.content
    return got.json


async def bring_in(app: Hosted, course: str, teacher: Headers, text: str) -> Got:
    headers = teacher | {"content-type": "text/csv"}
    return await app.served.call("POST", f"{course}/members", data=text.encode(), headers=headers)


async def members(app: Hosted, course: str, teacher: Headers) -> dict[str, str]:
    return {m["login"]: m["role"] for m in await read(app, f"{course}/members", teacher)}


async def actions(app: Hosted) -> list[str]:
    await app.served.app.state.services.audit.flush()
    return [entry.action.value for entry in app.served.outside.audit.entries]


async def test_a_course_is_made_renamed_listed_and_deleted_with_all_in_it(app: Hosted):
    ada, bob, root = (
        await app.joined("ada", Role.TEACHER),
        await app.joined("bob"),
        await app.joined("root", Role.ADMIN),
    )
    course = await make_course(app, ada)
    assert (await app.served.call("POST", "/api/courses", json={"title": " "}, headers=ada)).status == 422
    assert (await app.served.call("POST", "/api/courses", json={"title": "x"}, headers=bob)).status == 403
    assert await app.status("PUT", f"{course}/members/bob", ada, {"name": "Bob"}) == 200
    changed = await app.served.call("PATCH", course, json={"title": "Rain", "claim": "class 7"}, headers=ada)
    assert (changed.json["title"], changed.json["claim"], changed.json["role"]) == ("Rain", "class 7", "teacher")
    assert [(c["title"], c["role"], c["students"]) for c in await read(app, "/api/courses", bob)] == [
        ("Rain", "student", 1)
    ]
    seen = await read(app, course, bob)
    assert (seen["role"], seen["claim"], seen["exam"]) == ("student", "", None)
    assert [c["role"] for c in await read(app, "/api/courses", root)] == ["teacher"]
    assert await app.status("DELETE", course, ada) == 204
    for person in (ada, bob, root):
        assert await app.status("GET", course, person) == 404
        assert await read(app, "/api/courses", person) == []
    assert [a for a in await actions(app) if a.startswith(("course.", "member."))] == [
        "course.created",
        "member.changed",
        "course.changed",
        "course.deleted",
    ]


async def test_a_list_adds_and_changes_members_tells_who_has_no_account_and_removes_nobody(app: Hosted):
    ada = await app.joined("ada", Role.TEACHER)
    await app.joined("bob")
    course = await make_course(app, ada)
    got = await bring_in(app, course, ada, "login;name\nBOB;Bob B.\ncyd@school.example;Cyd\nno body;x\n")
    assert (got.status, got.json["added"], got.json["changed"]) == (200, 2, 0)
    assert got.json["unknown"] == ["cyd@school.example"]
    assert [(p["line"], p["text"]) for p in got.json["problems"]] == [(4, "no body;x")]
    again = await bring_in(app, course, ada, "bob,Robert\nada,Ada,teacher\n")
    assert (again.json["added"], again.json["changed"]) == (0, 1)
    listed = await read(app, f"{course}/members", ada)
    assert [(m["login"], m["name"], m["role"], bool(m["person_id"]), m["signed_in"]) for m in listed] == [
        ("ada", "Ada", "teacher", True, True),
        ("bob", "Robert", "student", True, True),
        ("cyd@school.example", "Cyd", "student", False, False),
    ]
    assert (await bring_in(app, course, ada, "a" * (1024 * 1024 + 1))).status == 413
    assert (await bring_in(app, course, ada, "a\n" * 5001)).status == 422


async def test_who_signs_in_with_a_listed_login_is_a_member_from_then_on(app: Hosted):
    ada = await app.joined("ada", Role.TEACHER)
    course = await make_course(app, ada)
    await bring_in(app, course, ada, "bob,Bob")
    bob, eve = await app.joined("Bob"), await app.joined("eve")
    assert await app.status("GET", course, bob) == 200
    assert await app.status("GET", course, eve) == 404


async def test_who_takes_the_login_of_a_removed_account_is_in_none_of_its_courses(app: Hosted):
    ada, bob = await app.joined("ada", Role.TEACHER), await app.joined("bob")
    course = await make_course(app, ada)
    await bring_in(app, course, ada, "bob,Bob")
    assert await app.status("GET", course, bob) == 200
    await app.services.accounts.remove(app.services.accounts.find("bob").id)
    assert await members(app, course, ada) == {"ada": "teacher"}
    assert await app.status("GET", course, await app.joined("bob")) == 404


async def test_a_course_keeps_a_teacher(app: Hosted):
    ada, bob = await app.joined("ada", Role.TEACHER), await app.joined("bob")
    course = await make_course(app, ada)
    assert await app.status("DELETE", f"{course}/members/ada", ada) == 409
    assert await app.status("PUT", f"{course}/members/ada", ada, {"name": "Ada", "role": "student"}) == 409
    demoted = await bring_in(app, course, ada, "ada,Ada,student")
    assert "last teacher" in demoted.json["problems"][0]["problem"]
    same = await bring_in(app, course, ada, "ada,Ada Lovelace\nbob")
    assert (same.json["changed"], same.json["problems"]) == (1, [])
    assert await app.status("PUT", f"{course}/members/ada", ada, {}) == 200
    assert [(m["name"], m["role"]) for m in await read(app, f"{course}/members", ada)] == [
        ("Ada Lovelace", "teacher"),
        ("bob", "student"),
    ]
    assert await app.status("PUT", f"{course}/members/bob", ada, {"name": "Bob", "role": "teacher"}) == 200
    assert await app.status("DELETE", f"{course}/members/ada", bob) == 204
    assert await members(app, course, bob) == {"bob": "teacher"}
    assert await app.status("GET", course, ada) == 404
    assert await app.status("DELETE", f"{course}/members/nobody", bob) == 404


@pytest.mark.parametrize(
    ("registration", "status"), [(Registration.INVITE, 422), (Registration.OPEN, 422), (Registration.CLOSED, 200)]
)
async def test_nobody_becomes_a_teacher_by_taking_a_login_that_is_listed(
    tmp_path: Path, registration: Registration, status: int
):
    async with hosted(tmp_path, registration=registration) as app:
        ada = await app.joined("ada", Role.TEACHER)
        await app.add("bob")
        course = await make_course(app, ada)
        as_teacher = {"name": "Prof", "role": "teacher"}
        assert await app.status("PUT", f"{course}/members/prof", ada, as_teacher) == status
        assert await app.status("PUT", f"{course}/members/bob", ada, as_teacher) == 200
        got = await bring_in(app, course, ada, "other,Other,teacher\ncyd,Cyd\n")
        assert len(got.json["problems"]) == (1 if status == 422 else 0)
        assert "cyd" in await members(app, course, ada)


async def test_an_invitation_to_a_course_makes_accounts_that_are_its_students(app: Hosted):
    ada = await app.joined("ada", Role.TEACHER)
    course = await make_course(app, ada)
    got = await app.served.call("POST", f"{course}/invitation", json={"max_uses": 2}, headers=ada)
    assert got.status == 201
    assert got.headers["cache-control"] == "no-store"
    secret = got.json["url"].partition("/join#")[2]

    async def register(login: str) -> int:
        body = {"login": login, "name": login.title(), "password": PASSWORD, "invitation": secret}
        return await app.status("POST", "/api/registration", {}, body)

    assert [await register(login) for login in ("bob", "cyd", "dan")] == [201, 201, 403]
    assert await members(app, course, ada) == {"ada": "teacher", "bob": "student", "cyd": "student"}
    bob = await app.session("bob")
    assert (await read(app, course, bob))["role"] == "student"
    assert app.services.accounts.find("bob").role is Role.STUDENT
    late = (await app.served.call("POST", f"{course}/invitation", json={}, headers=ada)).json["url"]
    secret = late.partition("#")[2]
    assert await app.status("DELETE", course, ada) == 204
    assert await register("eve") == 403
    course = await make_course(app, ada)
    made = [await app.status("POST", f"{course}/invitation", ada, {"expires_in_sec": 60}) for _ in range(21)]
    assert made == [201] * 20 + [429]
    await app.served.outside.clock.advance(61)
    assert await app.status("POST", f"{course}/invitation", ada, {}) == 201


async def test_two_teachers_who_change_the_members_at_once_lose_nothing(app: Hosted):
    ada = await app.joined("ada", Role.TEACHER)
    course = await make_course(app, ada)
    lists = ["\n".join(f"s{block}{number},S" for number in range(50)) for block in range(4)]
    answers = await asyncio.gather(*(bring_in(app, course, ada, text) for text in lists))
    assert [got.json["added"] for got in answers] == [50] * 4
    assert len(await members(app, course, ada)) == 201
