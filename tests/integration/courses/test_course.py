"""A course of 30, played through on the real engine: list, hand-out, work, look, hand-in, hidden tests, comments, exam."""

import asyncio
import io
import time
import zipfile
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from control_plane.adapters.docker.engine import Engine
from control_plane.adapters.docker.naming import DEPLOYMENT_LABEL
from tests.integration.courses.school import School, Somebody, open_school, until

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]

STARTER = "def main():\n    return 0  # the area of a square of 6 by 7\n"
HIDDEN_CODE = (
    "def main(area):\n    assert area == 42, f'{area} is not the area'\n    return {'points': 2, 'message': 'exact'}\n"
)
SECRET = "is not the area"
GOOD = "def main():\n    return 6 * 7\n"
WORK = {
    "wrong": "def main():\n    return 41\n",
    "raises": "def main():\n    raise ValueError('I do not know')\n",
    "loops": "def main():\n    while True:\n        pass\n",
    "floods": "def main():\n    for _ in range(40_000):\n        print('x' * 500)\n    return 42\n",
    "hoards": "def main():\n    held = []\n    while True:\n        held.append(bytearray(50_000_000))\n",
    "dies": "import os, signal\n\n\ndef main():\n    os.kill(os.getpid(), signal.SIGKILL)\n",
}
"""What students make besides what is right."""
PATIENT = {"timeout_sec": 300}
"""The limit of nodes that do a lot before they end, which a loaded machine is slow at; an endless loop has the deployment's."""
STUDENTS = [f"s{number:02}" for number in range(30)]
"""All are in the list, and all work."""
LEFT = STUDENTS[-1:]
"""Who does not hand in, and is collected."""
SEEN_LATER = STUDENTS[1:4]
"""Whose projects are looked at or used later: their sandboxes go on, those of others are stopped once they have handed in."""


async def all_of(work: Iterable[Awaitable[Any]], at_once: int = 4) -> list[Any]:
    """Let people do something at the same time, a few at once: each has a sandbox of their own."""
    room = asyncio.Semaphore(at_once)

    async def one(doing: Awaitable[Any]) -> Any:
        async with room:
            return await doing

    return await asyncio.gather(*(one(doing) for doing in work))


@dataclass
class Course:
    """The course, its assignment, and what the teacher knows."""

    path: str
    project_id: str
    work_node: str
    test_node: str
    assignment: str = ""


async def prepared(teacher: Somebody) -> Course:
    """Make a course, and the project that is to be handed out."""
    made = await teacher.ask("POST", "/api/courses", 201, {"title": "Areas"})
    project = await teacher.ask("POST", "/api/project/make", 201, {"name": "Areas"})
    work = await teacher.node(project["id"], "Area", STARTER)
    test = await teacher.node(project["id"], "Test of the area", HIDDEN_CODE)
    await teacher.ask("PATCH", f"/api/project/{project['id']}/nodes/{test}", json=PATIENT)
    # Nobody needs numpy for 6 times 7, and thirty environments of it would be most of this test's time, twice.
    await teacher.ask("PUT", f"/api/project/{project['id']}/files/content?path=requirements.txt", data=b"")
    edge = {"source": work, "target": test}
    await teacher.ask("POST", f"/api/project/{project['id']}/edges", 201, edge)
    return Course(f"/api/courses/{made['id']}", project["id"], work, test)


async def test_a_course_of_thirty_is_played_through(tmp_path: Path, image: str, deployment: str, engine: Engine):
    settings = {
        "TESTS_AT_ONCE": "4",
        "TEST_TIMEOUT_SEC": "8",
        "MEMORY": str(512 << 20),
        "CPUS": "1",
        "TMP": str(64 << 20),
    }
    async with open_school(tmp_path, image, deployment, **settings) as school:
        teacher = await school.teacher(await school.admin())
        course = await prepared(teacher)
        students = await join(school, teacher, course)
        await hand_out(teacher, course, students)
        projects = await work(students, course)
        await look(teacher, students, course, projects)
        await collect(teacher, students, course, projects)
        await run_tests(teacher, course)
        assert await left_over(engine, deployment, school, {course.project_id, *projects.values()}) == []
        await give_back(teacher, students, course)
        await exam(teacher, students, course, projects)


async def join(school: School, teacher: Somebody, course: Course) -> dict[str, Somebody]:
    """Thirty are listed by CSV; they make their accounts by the course's link, and are members."""
    listed = "login,name\n" + "".join(f"{login},Student {login[1:]}\n" for login in STUDENTS)
    imported = await teacher.ask("POST", f"{course.path}/members", data=listed)
    assert (imported["added"], sorted(imported["unknown"]), imported["problems"]) == (30, STUDENTS, [])
    link = await teacher.ask("POST", f"{course.path}/invitation", json={"max_uses": 30})
    students = {login: await school.register(login, link["url"]) for login in STUDENTS}
    members = await teacher.ask("GET", f"{course.path}/members")
    assert {m["login"] for m in members if m["role"] == "student"} == set(STUDENTS)
    assert {m["login"] for m in members if m["person_id"]} == {"ada", *STUDENTS}
    assert [c["role"] for c in await students["s00"].ask("GET", "/api/courses")] == ["student"]
    return students


async def hand_out(teacher: Somebody, course: Course, students: dict[str, Somebody]) -> None:
    """What is handed out tells nothing of the hidden node."""
    made = await teacher.ask(
        "POST",
        f"{course.path}/assignments",
        201,
        {"title": "Areas", "project_id": course.project_id, "hidden_nodes": [course.test_node]},
    )
    course.assignment = f"/api/assignments/{made['id']}"
    assert await students["s00"].ask("GET", f"{course.path}/assignments") == []
    published = await teacher.ask("POST", f"{course.assignment}/publish")
    assert published["version"] == 1
    first = await students["s00"].ask("POST", f"{course.assignment}/start")
    archive = await students["s00"].ask("GET", f"/api/project/{first['project_id']}/export")
    with zipfile.ZipFile(io.BytesIO(archive)) as exported:
        everything = b"".join(exported.read(name) for name in exported.namelist())
    assert b"def main" in everything
    assert SECRET.encode() not in everything
    assert course.test_node.encode() not in everything


async def work(students: dict[str, Somebody], course: Course) -> dict[str, str]:
    """All start, twice at once, get one project each, write, run what is right, and all but one hand in."""

    async def one(login: str) -> str:
        me = students[login]
        begun = await asyncio.gather(*(me.ask("POST", f"{course.assignment}/start") for _ in range(2)))
        assert begun[0] == begun[1]
        project_id = str(begun[0]["project_id"])
        await me.write(project_id, course.work_node, WORK.get(kind_of(login), GOOD))
        if kind_of(login) != "loops":
            await me.ask("PATCH", f"/api/project/{project_id}/nodes/{course.work_node}", json=PATIENT)
        if kind_of(login) == "good":
            body = {"project_id": project_id, "node_id": course.work_node}
            ran = await me.ask("POST", "/api/code/execute-node", json=body)
            assert (ran["status"], ran["output"]["mime"]["text/plain"]) == ("succeeded", "42")
        if login not in LEFT:
            handed_in = await me.ask("POST", f"{course.assignment}/hand-in")
            assert (handed_in["state"], handed_in["late"]) == ("handed_in", False)
        if login not in SEEN_LATER:
            await me.ask("POST", f"/api/project/{project_id}/sandbox/stop")
        return project_id

    projects = dict(zip(students, await all_of(one(login) for login in students), strict=True))
    assert len(set(projects.values())) == len(STUDENTS)
    await students["s07"].ask("GET", f"/api/project/{projects['s00']}", 404)
    return projects


def kind_of(login: str) -> str:
    """Say what a student makes: each of ``WORK`` once, and all others what is right."""
    return dict(zip(STUDENTS, WORK, strict=False)).get(login, "good")


async def look(teacher: Somebody, students: dict[str, Somebody], course: Course, projects: dict[str, str]) -> None:
    """The teacher looks; the student sees who did."""
    project_id = projects["s01"]
    await teacher.ask("GET", f"/api/project/{project_id}", 404)
    await teacher.ask("POST", f"/api/project/{project_id}/look")
    seen = await teacher.ask("GET", f"/api/project/{project_id}")
    assert [node["title"] for node in seen["nodes"]] == ["Area"]
    node = seen["nodes"][0]["id"]
    await teacher.ask("DELETE", f"/api/project/{project_id}/nodes/{node}", 403)
    looks = await students["s01"].ask("GET", f"/api/project/{project_id}/looks")
    for somebody in (teacher, students["s01"]):
        made_for = await somebody.ask("GET", f"/api/project/{project_id}/assignment")
        assert course.assignment.endswith(made_for["assignment_id"])
        assert course.path.endswith(made_for["course_id"])
    assert [one["name"] for one in looks] == ["ada"]


async def collect(teacher: Somebody, students: dict[str, Somebody], course: Course, projects: dict[str, str]) -> None:
    """Who did not hand in is collected at the deadline."""
    await teacher.ask("PATCH", course.assignment, json={"due_at": time.time() + 1})

    async def collected() -> bool:
        rows = await teacher.ask("GET", f"{course.assignment}/submissions")
        return sum(row["state"] == "collected" for row in rows) == len(LEFT)

    await until(collected, "the deadline's collection")
    rows = {row["login"]: row for row in await teacher.ask("GET", f"{course.assignment}/submissions")}
    assert len(rows) == 30
    assert {login for login, row in rows.items() if row["state"] == "handed_in"} == set(STUDENTS) - set(LEFT)
    assert rows["s00"]["project_id"] == projects["s00"]
    await students[LEFT[0]].ask("POST", f"{course.assignment}/hand-in", 409)
    archive = await teacher.ask("GET", f"{course.assignment}/submissions/s00/archive")
    assert b"return 41" in zipfile.ZipFile(io.BytesIO(archive)).read("nodes/area.py")


async def run_tests(teacher: Somebody, course: Course) -> None:
    """The hidden tests run side by side; what one submission does, no other one feels."""
    began = time.monotonic()
    started = await teacher.ask("POST", f"{course.assignment}/tests", 202, {"logins": []})
    assert started["running"] == len(STUDENTS)

    async def fewer(than: int) -> dict[str, Any] | None:
        table = await teacher.ask("GET", f"{course.assignment}/tests")
        return table if table["running"] + table["waiting"] < than else None

    left, table = started["running"], {}
    while left:  # only one of them has to be over in time, however slow the machine is for all of them together
        table = await until(partial(fewer, left), "another hidden test to be over")
        left = table["running"] + table["waiting"]
    assert table["tests"] == [{"node": course.test_node, "title": "Test of the area"}]
    rows = {row["login"]: row for row in table["rows"]}
    assert set(rows) == set(STUDENTS)
    for login, row in rows.items():
        assert_verdict(kind_of(login), row, course.test_node)
    alone = sum(row["duration_ms"] for row in rows.values()) / 1000
    print(f"hidden tests: {time.monotonic() - began:.1f} s for {alone:.1f} s of single ones")


def assert_verdict(kind: str, row: dict[str, Any], node: str) -> None:
    """Check what the table says of a kind of work."""
    if kind in ("good", "floods"):
        expected = {"passed": True, "points": 2.0, "message": "exact"}
        assert (row["state"], row["passed"], row["points"], row["results"][node]) == ("done", 1, 2.0, expected), row
        return
    said = {
        "wrong": "AssertionError: 41 is not the area",
        "raises": "I do not know",
        "loops": "TimedOut",
        "hoards": "OutOfMemory",
        "dies": "Killed",
    }[kind]
    assert row["passed"] == 0, row
    told = f"{row['message']} {row['results'].get(node, {}).get('message', '')}"
    assert said.casefold() in told.casefold(), (kind, row)


async def left_over(engine: Engine, deployment: str, school: School, known: set[str]) -> list[str]:
    """Return the sandboxes and workspaces of projects that nobody has."""
    assert school.process is not None
    filters = f'{{"label": ["{DEPLOYMENT_LABEL}={deployment}"]}}'

    async def strangers() -> list[str]:
        containers = await engine.call("GET", "containers/json", params={"all": 1, "filters": filters})
        volumes = (await engine.call("GET", "volumes", params={"filters": filters}))["Volumes"] or []
        names = [str(c["Labels"]) for c in containers] + [str(v["Labels"]) for v in volumes]
        return [name for name in names if not any(project_id in name for project_id in known)]

    async def none_left() -> bool:
        return not await strangers()

    await until(none_left, "the sandboxes of the tests to be gone")
    return await strangers()


async def give_back(teacher: Somebody, students: dict[str, Somebody], course: Course) -> None:
    """Comments and points are seen once they are given back."""
    path = f"{course.assignment}/submissions/s00/comment"
    await teacher.ask("PUT", path, json={"text": "Count again.", "points": 1})
    before = await students["s00"].ask("GET", f"{course.assignment}/submission")
    assert (before["comment"], before["points"]) == ("", None)
    given = await teacher.ask("POST", f"{course.assignment}/give-back", json={"logins": []})
    assert len(given) == len(STUDENTS)
    after = await students["s00"].ask("GET", f"{course.assignment}/submission")
    assert (after["state"], after["comment"], after["points"]) == ("given_back", "Count again.", 1)
    copy = await teacher.ask("POST", f"{course.assignment}/submissions/s00/copy")
    opened = await teacher.ask("GET", f"/api/project/{copy['project_id']}")
    assert [node["title"] for node in opened["nodes"]] == ["Area"]


async def exam(teacher: Somebody, students: dict[str, Somebody], course: Course, projects: dict[str, str]) -> None:
    """In an exam nothing is brought in and nothing shared; the teacher still looks."""
    me, project_id = students["s02"], projects["s02"]
    share = {"login": "s03", "share": "viewer"}
    await me.ask("POST", f"/api/project/{project_id}/shares", 201, share)
    await students["s03"].ask("GET", f"/api/project/{project_id}")
    now = time.time()
    exam = {"title": "Test", "starts_at": now - 1, "ends_at": now + 3600}
    held = await teacher.ask("POST", f"{course.path}/exams", 201, exam)
    archive = await me.ask("GET", f"/api/project/{project_id}/export")
    await me.ask("POST", "/api/project/import", 403, data=archive)
    await me.ask("POST", f"/api/project/{project_id}/shares", 403, share)
    await students["s03"].ask("GET", f"/api/project/{project_id}", 404)
    await teacher.ask("POST", f"/api/project/{project_id}/look")
    await teacher.ask("GET", f"/api/project/{project_id}")
    await teacher.ask("DELETE", f"{course.path}/exams/{held['id']}", 204)
    await me.ask("POST", "/api/project/import", 201, data=archive)
    await students["s03"].ask("GET", f"/api/project/{project_id}")
