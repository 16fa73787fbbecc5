"""Who may see and change what projects may use, over HTTP: owners ask, teachers and administrators allow."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from control_plane.api.operation import OperationRoute
from control_plane.domain.access import Policy
from control_plane.domain.courses import Assignment, Submission
from control_plane.domain.egress import Decision, Traffic
from control_plane.domain.identity import Put
from control_plane.domain.people import Role
from tests.fakes.hosted import Hosted, hosted
from tests.fakes.served import served

Headers = dict[str, str]
GIB = 1024**3


@dataclass
class School:
    """A course of Ada's, with the student Bob and his project; Zoe teaches elsewhere, Eve is another student."""

    app: Hosted
    course: str
    people: dict[str, Headers]
    project_id: str

    @property
    def egress(self) -> str:
        return f"/api/project/{self.project_id}/egress"

    async def call(self, who: str, method: str, path: str, json: Any = None) -> tuple[int, Any]:
        got = await self.app.served.call(method, path, json=json, headers=self.people[who])
        return got.status, got.json

    def lets_through(self, host: str) -> bool:
        return self.app.served.outside.egress.policies[self.project_id].find(host, 443) is not None


@pytest.fixture
async def school(tmp_path: Path) -> AsyncGenerator[School]:
    async with hosted(tmp_path) as app:
        roles = {"ada": Role.TEACHER, "zoe": Role.TEACHER, "root": Role.ADMIN, "bob": Role.STUDENT, "eve": Role.STUDENT}
        people = {name: await app.joined(name, role) for name, role in roles.items()}
        made = await app.served.call("POST", "/api/courses", json={"title": "Weather"}, headers=people["ada"])
        course_id = made.json["id"]
        course = f"/api/courses/{course_id}"
        assert await app.status("PUT", f"{course}/members/bob", people["ada"], {"name": "Bob"}) == 200
        project_id = await app.make(people["bob"])
        work = Assignment(
            id="x", course_id=course_id, title="Rain", text="", project_id="p", created_by="", created_at=1
        )
        begun = Submission(
            id="x:bob", assignment_id="x", course_id=course_id, login="bob", project_id=project_id, started_at=1
        )
        store = app.served.outside.identity
        await store.write([Put(work), Put(begun)], await store.revision())
        await app.served.outside.clock.advance(1)
        started = f"/api/project/{project_id}/sandbox/start?wait=true"
        assert await app.status("POST", started, people["bob"]) == 200
        yield School(app, course, people, project_id)


async def test_a_student_sees_and_asks_and_a_teacher_of_the_course_allows(school: School):
    egress = school.app.served.outside.egress
    denied = Decision(at=5.0, host="files.example", port=443, allowed=False, reason="no", times=2)
    egress.decisions[school.project_id] = [denied]
    egress.bytes[school.project_id] = Traffic(10, 20)
    status, shown = await school.call("bob", "GET", school.egress)
    assert (status, shown["mode"], shown["packages"], shown["hosts"]) == (200, "hosts", ["index.example"], [])
    assert (shown["sent"], shown["received"]) == (10, 20)
    assert shown["recent"] == [
        {"at": 5.0, "host": "files.example", "port": 443, "allowed": False, "reason": "no", "times": 2}
    ]
    assert (shown["may_change"], shown["modes"]) == (False, [])

    wanted = {"hosts": ["files.example"]}
    status, refused = await school.call("bob", "PUT", school.egress, wanted)
    assert status == 403
    assert "ask one of them" in refused["message"]
    status, shown = await school.call("bob", "POST", f"{school.egress}/ask", {"host": "Files.Example"})
    assert (status, shown["asked"]) == (200, ["files.example"])
    assert not school.lets_through("files.example")

    status, course = await school.call("ada", "GET", f"{school.course}/allowance")
    asked = {"project_id": school.project_id, "project_name": "Weather", "owner_name": "Bob", "host": "files.example"}
    assert (status, course["asked"]) == (200, [asked])
    status, shown = await school.call("ada", "PUT", school.egress, wanted)
    assert (status, shown["own_hosts"], shown["asked"]) == (200, ["files.example"], [])
    assert (shown["may_change"], shown["modes"]) == (True, ["none", "packages", "hosts"])
    assert school.lets_through("files.example")

    status, _ = await school.call("ada", "PUT", school.egress, {"hosts": []})
    assert status == 200
    assert not school.lets_through("files.example")


async def test_nobody_else_may_and_who_sees_nothing_is_told_nothing(school: School):
    for who in ("zoe", "eve"):
        assert (await school.call(who, "GET", school.egress))[0] == 404
        assert (await school.call(who, "PUT", school.egress, {"hosts": []}))[0] == 404
        assert (await school.call(who, "POST", f"{school.egress}/ask", {"host": "a.example"}))[0] == 404
    assert (await school.call("root", "GET", school.egress))[0] == 404
    edit = await school.app.token(school.people["ada"], "edit")
    assert await school.app.status("PUT", school.egress, edit, {"hosts": []}) == 403
    assert (await school.call("root", "PUT", school.egress, {"hosts": ["a.example"]}))[0] == 200
    assert (await school.call("ada", "PUT", school.egress, {"hosts": []}))[0] == 200


async def test_every_operation_that_allows_something_refuses_who_may_not(school: School):
    routes = [
        route
        for route in school.app.served.app.routes
        if isinstance(route, OperationRoute) and route.policy is Policy.ALLOW
    ]
    assert routes
    for route in routes:
        path = route.path.replace("{project_id}", school.project_id)
        for who, status in (("zoe", 404), ("eve", 404), ("bob", 403)):
            assert (await school.call(who, route.operation.method, path, {}))[0] == status, route.operation.id


async def test_a_teacher_says_what_a_course_may_within_the_ceiling(school: School):
    path = f"{school.course}/allowance"
    for more in ({"memory": 4 * GIB}, {"egress": "open"}, {"hosts": ["in.lan!"]}):
        status, refused = await school.call("ada", "PUT", path, more)
        assert (status, refused["detail"]["field"]) == (403, next(iter(more)))
    status, said = await school.call("ada", "PUT", path, {"memory": GIB // 2, "egress": "packages", "run_sec": 60})
    assert (status, said["at_next_start"], said["allowance"]["by_teacher"]) == (200, [], True)
    assert said["allowance"]["set_by_name"] == "Ada"
    shown = await school.call("bob", "GET", f"/api/project/{school.project_id}/sandbox")
    assert shown[1]["limits"]["memory"] == GIB // 2
    assert (await school.call("bob", "GET", school.egress))[1]["mode"] == "packages"

    status, _ = await school.call("root", "PUT", "/api/admin/allowances/courses", {"memory": 4 * GIB, "egress": "open"})
    assert status == 200
    assert (await school.call("ada", "PUT", path, {"memory": 4 * GIB, "egress": "open"}))[0] == 200
    assert school.lets_through("any.example")
    assert (await school.call("bob", "GET", path))[0] == 403
    assert (await school.call("zoe", "PUT", path, {}))[0] == 404


async def test_an_exam_closes_the_way_out_at_once_and_its_end_opens_it_again(school: School):
    assert (await school.call("ada", "PUT", school.egress, {"hosts": ["files.example"]}))[0] == 200
    assert school.lets_through("files.example")
    clock = school.app.served.outside.clock
    exam = {"title": "Test", "starts_at": clock.now() + 10, "ends_at": clock.now() + 100}
    assert (await school.call("ada", "POST", f"{school.course}/exams", exam))[0] == 201
    await clock.advance(11)
    await clock.advance(3)
    assert not school.lets_through("files.example")
    assert not school.lets_through("index.example")
    shown = (await school.call("bob", "GET", school.egress))[1]
    assert (shown["mode"], shown["in_exam"]) == ("none", True)
    for _ in range(35):
        await clock.advance(3)
    assert school.lets_through("files.example")


async def test_administrators_say_what_everybody_roles_and_projects_may(school: School):
    project = f"/api/admin/allowances/project:{school.project_id}"
    for subject, body in (
        ("deployment", {"pids": 100, "at_once": 3}),
        ("role:student", {"cpus": 0.5}),
        (f"project:{school.project_id}", {"memory": GIB // 4}),
    ):
        status, said = await school.call("root", "PUT", f"/api/admin/allowances/{subject}", body)
        assert (status, said["allowance"]["subject"], said["at_next_start"]) == (200, subject, [])
    limits = (await school.call("bob", "GET", f"/api/project/{school.project_id}/sandbox"))[1]["limits"]
    assert (limits["memory"], limits["cpus"], limits["pids"]) == (GIB // 4, 0.5, 100)

    status, everything = await school.call("root", "GET", "/api/admin/allowances")
    assert (status, everything["everybody"]["pids"], everything["ceiling"]["egress"]) == (200, 100, "hosts")
    assert everything["everybody"]["at_once"] == 3
    assert [said["subject"] for said in everything["allowances"]] == [
        "deployment",
        f"project:{school.project_id}",
        "role:student",
    ]
    assert (await school.call("root", "GET", project))[1]["allowance"]["memory"] == GIB // 4
    assert (await school.call("root", "DELETE", project))[0] == 204
    assert (await school.call("root", "DELETE", project))[0] == 204
    limits = (await school.call("bob", "GET", f"/api/project/{school.project_id}/sandbox"))[1]["limits"]
    assert limits["memory"] == GIB
    for subject in ("person:bob", "role:root", "deployment:x"):
        assert (await school.call("root", "PUT", f"/api/admin/allowances/{subject}", {}))[0] == 422, subject
    status, refused = await school.call("root", "PUT", "/api/admin/allowances/deployment", {"memory": 1})
    assert (status, refused["detail"]["field"]) == (422, "memory")


async def test_what_was_allowed_is_in_the_audit_log(school: School):
    await school.call("bob", "POST", f"{school.egress}/ask", {"host": "files.example"})
    await school.call("ada", "PUT", school.egress, {"hosts": ["files.example"], "mode": "hosts"})
    page = (await school.call("root", "GET", "/api/audit?limit=50"))[1]
    by_action = {entry["action"]: entry for entry in page["entries"]}
    assert by_action["egress.asked"]["actor_name"] == "Bob"
    assert "files.example" in by_action["allowance.changed"]["detail"]["said"]
    assert by_action["allowance.changed"]["actor_name"] == "Ada"


async def test_a_run_takes_no_longer_than_it_may(school: School):
    agent = school.app.served.agent(school.project_id)
    agent.answer("POST", "/runs", {"run_id": "r", "kind": "flow", "status": "succeeded", "created_at": 1.0})
    flow = {"project_id": school.project_id, "timeout_sec": 900}
    await school.call("bob", "POST", "/api/project/execute-flow", flow)
    await school.call("root", "PUT", "/api/admin/allowances/role:student", {"run_sec": 60})
    await school.call("bob", "POST", "/api/project/execute-flow", flow)
    await school.call("bob", "POST", "/api/project/execute-flow", flow | {"timeout_sec": 5})
    runs = [asked for asked in agent.asked if asked.path == "/runs"]
    assert [msgspec.json.decode(run.body)["timeout_sec"] for run in runs] == [900, 60, 5]


async def test_bytes_are_in_the_figures_and_the_list_of_sandboxes(school: School):
    school.app.served.outside.egress.bytes = {school.project_id: Traffic(7, 11), "gone": Traffic(1, 2)}
    await school.app.served.outside.clock.advance(6)
    listed = (await school.call("root", "GET", "/api/admin/sandboxes"))[1]
    assert [(each["sent"], each["received"]) for each in listed] == [(7, 11)]
    figures = (await school.app.served.call("GET", "/metrics", headers=school.people["root"])).content.decode()
    assert 'aimforge_egress_bytes_total{direction="received"} 13' in figures
    assert school.project_id not in figures


async def test_the_one_person_of_local_mode_allows_what_they_like(tmp_path: Path):
    async with served(tmp_path) as app:
        project_id = await app.make()
        path = f"/api/project/{project_id}/egress"
        await app.call("POST", f"/api/project/{project_id}/sandbox/start?wait=true")
        got = await app.call("PUT", path, json={"hosts": ["in.lan:8080!"], "mode": "open"})
        assert (got.status, got.json["mode"], got.json["hosts"]) == (200, "open", ["in.lan:8080!"])
        assert app.outside.egress.policies[project_id].open
        refused = await app.call("PUT", path, json={"hosts": ["10.0.0.1"]})
        assert (refused.status, refused.json["detail"]["field"]) == (422, "hosts")
