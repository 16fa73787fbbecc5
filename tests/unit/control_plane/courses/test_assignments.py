"""Assignments: made, published, handed out, handed in, given back."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from control_plane.domain.courses import Submission
from control_plane.domain.identity import Put
from control_plane.domain.people import Role
from control_plane.services.courses.project_archives import KEPT_REPLACED
from control_plane.services.projects import BLANK
from tests.fakes.classroom import HIDDEN, Classroom, Headers
from tests.fakes.hosted import hosted

NOW = 1_000_000.0
"""What the clock of the tests shows."""


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[Classroom]:
    async with hosted(tmp_path) as running:
        yield Classroom(running)


async def states(room: Classroom, assignment: str) -> dict[str, str]:
    rows = (await room.ask("GET", f"{assignment}/submissions", room.ada)).json
    return {row["login"]: row["state"] for row in rows}


async def test_students_see_what_is_published_and_nothing_of_what_is_hidden(room: Classroom):
    bob = (await room.open("bob"))["bob"]
    assignment = await room.assign(publish=False, text="Compute.")
    assert (await room.ask("GET", f"{room.course}/assignments", bob)).json == []
    for method, path in (("GET", ""), ("POST", "/start"), ("GET", "/submission"), ("POST", "/hand-in")):
        await room.ask(method, f"{assignment}{path}", bob, 404)
    await room.ask("POST", f"{assignment}/publish", bob, 403)
    published = (await room.ask("POST", f"{assignment}/publish", room.ada)).json
    assert (published["hidden_nodes"], published["published_at"], published["version"]) == ([HIDDEN], NOW, 1)
    (seen,) = (await room.ask("GET", f"{room.course}/assignments", bob)).json
    assert seen == (await room.ask("GET", assignment, bob)).json
    assert (seen["title"], seen["text"], seen["project_id"], seen["hidden_nodes"]) == ("Areas", "Compute.", "", [])


async def test_an_assignment_is_made_of_a_project_that_the_teacher_may_change(room: Classroom):
    people = await room.open("bob")
    theirs = await room.app.make(people["bob"])
    new = {"title": "x", "project_id": theirs}
    await room.ask("POST", f"{room.course}/assignments", room.ada, 404, new)
    await room.ask("POST", f"/api/project/{theirs}/shares", people["bob"], json={"login": "ada", "share": "viewer"})
    await room.ask("POST", f"{room.course}/assignments", room.ada, 403, new)
    await room.ask("POST", f"{room.course}/assignments", people["bob"], 403, new)
    mine = await room.app.make(room.ada)
    await room.ask("POST", f"{room.course}/assignments", room.ada, 201, {"title": "x", "project_id": mine})
    for wrong in ({"title": " "}, {"due_at": -1}, {"due_at": 1e12}, {"hidden_nodes": [""]}, {"text": "x" * 4001}):
        body: dict[str, Any] = {"title": "x", "project_id": mine} | wrong
        await room.ask("POST", f"{room.course}/assignments", room.ada, 422, body)


async def test_a_publication_with_nodes_that_are_gone_is_refused_and_says_which(room: Classroom):
    await room.open()
    assignment = await room.assign(publish=False, hidden_nodes=[HIDDEN, "gone"])
    refused = await room.ask("POST", f"{assignment}/publish", room.ada, 409)
    assert "'gone'" in refused.json["message"]
    assert room.app.served.outside.archives.kept == {}
    await room.ask("PATCH", assignment, room.ada, json={"hidden_nodes": [HIDDEN]})
    await room.ask("POST", f"{assignment}/publish", room.ada)
    kept = [msgspec.json.decode(data) for _, data in room.app.served.outside.archives.kept.values()]
    assert kept == [["load", "sum"], [HIDDEN]]
    project_id = (await room.ask("GET", assignment, room.ada)).json["project_id"]
    await room.ask("DELETE", f"/api/project/{project_id}?now=true", room.ada)
    gone = await room.ask("POST", f"{assignment}/publish", room.ada, 409)
    assert "gone" in gone.json["message"]


async def test_a_new_version_is_for_those_who_start_later(room: Classroom):
    people = await room.open("bob", "eve")
    assignment = await room.assign()
    first = await room.start(assignment, people["bob"])
    project_id = (await room.ask("GET", assignment, room.ada)).json["project_id"]
    room.project(project_id).nodes = ["load", "sum", "more", HIDDEN]
    again = (await room.ask("POST", f"{assignment}/publish", room.ada)).json
    assert (again["version"], again["published_at"]) == (2, NOW)
    second = await room.start(assignment, people["eve"])
    assert (room.project(first).nodes, room.project(second).nodes) == (["load", "sum"], ["load", "sum", "more"])


async def test_starting_gives_one_project_however_often_and_at_once(room: Classroom):
    bob = (await room.open("bob"))["bob"]
    assignment = await room.assign()
    started = await asyncio.gather(*(room.start(assignment, bob) for _ in range(8)))
    assert len(set(started)) == 1
    assert await room.start(assignment, bob) == started[0]
    projects = (await room.ask("GET", "/api/project/", bob)).json
    assert [(p["id"], p["name"], p["share"]) for p in projects] == [(started[0], "Areas", "owner")]
    mine = (await room.ask("GET", f"{assignment}/submission", bob)).json
    assert (mine["state"], mine["project_id"], mine["started_at"]) == ("started", started[0], NOW)
    for stranger in (room.ada, await room.app.joined("root", Role.ADMIN)):
        assert "students" in (await room.ask("POST", f"{assignment}/start", stranger, 403)).json["message"]
    await room.ask("POST", f"{assignment}/start", await room.app.joined("mallory"), 404)


async def test_a_project_that_a_course_fills_begins_without_packages_and_nobody_else_gets_such_a_one(room: Classroom):
    bob = (await room.open("bob"))["bob"]
    project_id = await room.start(await room.assign(), bob)
    await room.app.make(bob)
    templates = {spec.project_id: spec.template for spec in room.app.served.outside.runtime.started}
    assert {id_ for id_, template in templates.items() if template == BLANK} == {project_id}
    refused = await room.ask("POST", "/api/project/make", bob, 422, {"name": "Mine", "template": BLANK})
    assert BLANK not in refused.json["message"].partition(";")[2]


async def test_a_start_that_fails_leaves_nothing_and_can_be_repeated(room: Classroom):
    bob = (await room.open("bob"))["bob"]
    assignment = await room.assign()

    async def full() -> None:
        raise ConnectionError

    room.importing = full
    assert (await room.ask("POST", f"{assignment}/start", bob, 500)).json["error"] == "internal"
    await room.app.served.outside.clock.advance(1)
    assert (await room.ask("GET", "/api/project/", bob)).json == []
    assert await states(room, assignment) == {"bob": "not_started"}

    async def at_once() -> None:
        return

    room.importing = at_once
    assert await room.start(assignment, bob)


async def test_what_an_interrupted_start_left_is_removed_at_the_next_one(room: Classroom):
    bob = (await room.open("bob"))["bob"]
    assignment = await room.assign()
    project_id = await room.start(assignment, bob)
    outside = room.app.served.outside
    (record,) = outside.identity.identity.all(Submission).values()
    services = room.app.served.app.state.services
    directory = room.coursework.submissions._directory  # as if the process had ended before it was filled
    await directory.change(lambda _: ([Put(replace(record, started_at=None))], None))
    await room.coursework.starts.resume()
    await outside.clock.advance(1)
    assert services.registry.find_any(project_id) is None
    assert await states(room, assignment) == {"bob": "not_started"}
    assert await room.start(assignment, bob) != project_id


async def test_handing_in_freezes_and_is_replaced_until_the_deadline(room: Classroom):
    bob = (await room.open("bob"))["bob"]
    assignment = await room.assign(due_at=NOW + 100)
    await room.ask("POST", f"{assignment}/hand-in", bob, 409)
    project_id = await room.start(assignment, bob)
    room.project(project_id).nodes = ["mine"]
    first = (await room.ask("POST", f"{assignment}/hand-in", bob)).json
    assert (first["state"], first["late"], first["size"]) == ("handed_in", False, len(b'["mine"]'))
    room.project(project_id).nodes = ["mine", "better"]
    assert await archive(room, assignment) == ["mine"]
    second = (await room.ask("POST", f"{assignment}/hand-in", bob)).json
    assert second["digest"] != first["digest"]
    assert await archive(room, assignment) == ["mine", "better"]
    await room.app.served.outside.clock.advance(101)
    refused = await room.ask("POST", f"{assignment}/hand-in", bob, 409)
    assert "deadline" in refused.json["message"]
    assert await archive(room, assignment) == ["mine", "better"]


async def archive(room: Classroom, assignment: str, login: str = "bob") -> Any:
    got = await room.ask("GET", f"{assignment}/submissions/{login}/archive", room.ada)
    assert got.headers["content-type"] == "application/zip"
    assert got.headers["content-disposition"] == "attachment"
    assert int(got.headers["content-length"]) == len(got.content)
    return msgspec.json.decode(got.content)


async def test_one_who_starts_after_the_deadline_hands_in_late(room: Classroom):
    bob = (await room.open("bob"))["bob"]
    assignment = await room.assign(due_at=NOW + 100)
    await room.app.served.outside.clock.advance(101)
    await room.start(assignment, bob)
    handed_in = (await room.ask("POST", f"{assignment}/hand-in", bob)).json
    assert (handed_in["state"], handed_in["late"]) == ("handed_in", True)
    await room.ask("POST", f"{assignment}/hand-in", bob, 409)


async def test_a_project_that_is_deleted_is_started_anew(room: Classroom):
    bob = (await room.open("bob"))["bob"]
    assignment = await room.assign()
    project_id = await room.start(assignment, bob)
    await room.ask("DELETE", f"/api/project/{project_id}?now=true", bob)
    assert "gone" in (await room.ask("POST", f"{assignment}/hand-in", bob, 409)).json["message"]
    assert await room.start(assignment, bob) != project_id
    await room.ask("POST", f"{assignment}/hand-in", bob)


async def test_comments_are_seen_once_they_are_given_back(room: Classroom):
    people = await room.open("bob", "eve")
    assignment = await room.assign()
    await room.handed_in(assignment, people["bob"])
    path = f"{assignment}/submissions/bob/comment"
    said = (await room.ask("PUT", path, room.ada, json={"text": "Well done.", "points": 9.5})).json
    assert (said["comment"], said["points"], said["state"]) == ("Well done.", 9.5, "handed_in")
    await room.ask("PUT", path, people["bob"], 403, {"text": "Best.", "points": 10})
    await room.ask("PUT", path, room.ada, 422, {"text": "x" * 4001})
    await room.ask("PUT", path, room.ada, 422, {"text": "", "points": 1e300})
    await room.ask("PUT", f"{assignment}/submissions/nobody/comment", room.ada, 404, {"text": ""})
    mine = (await room.ask("GET", f"{assignment}/submission", people["bob"])).json
    assert (mine["comment"], mine["points"], mine["commented_at"]) == ("", None, None)
    given = (await room.ask("POST", f"{assignment}/give-back", room.ada, json={"logins": []})).json
    assert [row["login"] for row in given] == ["bob"]
    mine = (await room.ask("GET", f"{assignment}/submission", people["bob"])).json
    assert (mine["state"], mine["comment"], mine["points"]) == ("given_back", "Well done.", 9.5)
    assert await states(room, assignment) == {"bob": "given_back", "eve": "not_started"}
    # Without a deadline, it may be made better, and is then handed in again.
    again = (await room.ask("POST", f"{assignment}/hand-in", people["bob"])).json
    assert (again["state"], again["comment"]) == ("handed_in", "")
    # Who made nothing can be told so, by name.
    await room.ask("PUT", f"{assignment}/submissions/eve/comment", room.ada, json={"text": "Nothing?", "points": 0})
    given = await room.ask("POST", f"{assignment}/give-back", room.ada, json={"logins": ["eve", "Eve"]})
    assert [row["login"] for row in given.json] == ["eve"]  # named twice, given back once
    theirs = (await room.ask("GET", f"{assignment}/submission", people["eve"])).json
    assert (theirs["state"], theirs["comment"], theirs["points"]) == ("given_back", "Nothing?", 0)


async def test_a_copy_is_the_teachers_own(room: Classroom):
    people = await room.open("bob")
    assignment = await room.assign()
    await room.ask("POST", f"{assignment}/submissions/bob/copy", room.ada, 404)
    project_id = await room.handed_in(assignment, people["bob"])
    copy = (await room.ask("POST", f"{assignment}/submissions/bob/copy", room.ada)).json["project_id"]
    assert (copy != project_id, room.project(copy).nodes) == (True, ["load", "sum"])
    project = next(p for p in (await room.ask("GET", "/api/project/", room.ada)).json if p["id"] == copy)
    assert (project["name"], project["share"]) == ("Areas – Bob", "owner")
    await room.ask("GET", f"/api/project/{copy}", people["bob"], 404)
    await room.ask("GET", f"/api/project/{project_id}", room.ada, 404)  # what was handed in opens nothing else


async def test_a_submission_that_is_too_large_is_refused_and_leaves_nothing(tmp_path: Path):
    async with hosted(tmp_path, max_archive_mb=1) as running:
        room = Classroom(running)
        bob = (await room.open("bob"))["bob"]
        assignment = await room.assign()
        project_id = await room.start(assignment, bob)
        kept = len(running.served.outside.archives.kept)
        room.project(project_id).nodes = ["x" * 2_000_000]
        refused = await room.ask("POST", f"{assignment}/hand-in", bob, 413)
        assert (refused.json["error"], len(running.served.outside.archives.kept)) == ("too_large", kept)
        room.project(project_id).nodes = ["x"]
        await room.ask("POST", f"{assignment}/hand-in", bob)


async def test_who_hands_in_again_and_again_fills_no_database(room: Classroom):
    people = await room.open("bob", "eve")
    assignment = await room.assign()
    await room.handed_in(assignment, people["eve"])
    kept = room.app.served.outside.archives.kept
    project_id = await room.start(assignment, people["bob"])
    before = len(kept)
    for number in range(10):
        room.project(project_id).nodes = [f"version-{number}"]
        await room.ask("POST", f"{assignment}/hand-in", people["bob"])
        assert len(kept) - before == min(number + 1, 1 + KEPT_REPLACED)
    for login, nodes in (("bob", ["version-9"]), ("eve", ["load", "sum"])):
        got = await room.ask("GET", f"{assignment}/submissions/{login}/archive", room.ada)
        assert msgspec.json.decode(got.content) == nodes


async def test_archives_that_nothing_refers_to_are_removed_later(room: Classroom):
    bob = (await room.open("bob"))["bob"]
    assignment = await room.assign()
    await room.handed_in(assignment, bob)
    await room.ask("POST", f"{assignment}/hand-in", bob)
    outside = room.app.served.outside
    assert len(outside.archives.kept) == 4
    await room.coursework.archives.prune()
    assert len(outside.archives.kept) == 4
    outside.clock.jump(365 * 86400)
    await room.coursework.archives.prune()
    assert len(outside.archives.kept) == 4  # a clock that is set makes nothing old
    outside.clock.jump(-2 * 365 * 86400)
    await outside.clock.advance(3700)
    await room.coursework.archives.prune()
    assert len(outside.archives.kept) == 3
    await room.ask("DELETE", assignment, room.ada, 204)
    await room.coursework.archives.prune()
    assert len(outside.archives.kept) == 3  # somebody may read them still
    await outside.clock.advance(3700)
    await room.coursework.archives.prune()
    assert outside.archives.kept == {}
    await room.ask("GET", assignment, room.ada, 404)
    assert len((await room.ask("GET", "/api/project/", bob)).json) == 1  # what students made stays theirs


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/publish"),
        ("POST", "/start"),
        ("GET", "/submission"),
        ("POST", "/hand-in"),
        ("GET", "/submissions"),
        ("GET", "/submissions/bob/archive"),
        ("POST", "/submissions/bob/copy"),
        ("PUT", "/submissions/bob/comment"),
        ("POST", "/give-back"),
        ("POST", "/tests"),
        ("GET", "/tests"),
        ("POST", "/tests/cancel"),
    ],
)
async def test_who_is_not_in_the_course_is_told_that_there_is_no_assignment(room: Classroom, method: str, path: str):
    people = await room.open("bob")
    assignment = await room.assign()
    await room.handed_in(assignment, people["bob"])
    other: Headers = await room.app.joined("other", Role.TEACHER)
    await room.ask("POST", "/api/courses", other, json={"title": "Another"})
    body: dict[str, Any] = {"text": ""} if path.endswith("comment") else {}
    assert (await room.ask(method, f"{assignment}{path}", other, 404, body)).json["error"] == "not_found"
    students = {("GET", ""), ("POST", "/start"), ("GET", "/submission"), ("POST", "/hand-in")}
    if (method, path) not in students:
        await room.ask(method, f"{assignment}{path}", people["bob"], 403, body)
    teacher_may = (method, path) not in students - {("GET", "")}
    await room.ask(method, f"{assignment}{path}", room.ada if teacher_may else people["bob"], json=body)


async def test_it_is_all_in_the_audit_log(room: Classroom):
    people = await room.open("bob")
    assignment = await room.assign()
    await room.handed_in(assignment, people["bob"])
    await archive(room, assignment)
    await room.ask("POST", f"{assignment}/submissions/bob/copy", room.ada)
    await room.ask("PUT", f"{assignment}/submissions/bob/comment", room.ada, json={"text": "x"})
    await room.ask("POST", f"{assignment}/give-back", room.ada, json={})
    await room.ask("PATCH", assignment, room.ada, json={"due_at": None})
    await room.ask("DELETE", assignment, room.ada, 204)
    actions = [a for a in await room.actions() if a.startswith(("assignment.", "submission."))]
    assert actions == [
        "assignment.created",
        "assignment.published",
        "submission.started",
        "submission.handed_in",
        "submission.downloaded",
        "submission.copied",
        "submission.commented",
        "submission.given_back",
        "assignment.changed",
        "assignment.deleted",
    ]
