"""Hidden tests: where they run, what they say, how many at once, and what is left of them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from control_plane.domain.courses import Assignment
from control_plane.domain.hidden_tests import RowState, TestRow
from control_plane.domain.people import Person, Role
from control_plane.services.audit import SYSTEM
from control_plane.services.courses.hidden_test_run import cut, points_of
from control_plane.services.projects import BLANK
from tests.fakes.classroom import HIDDEN, Classroom, failed, succeeded
from tests.fakes.hosted import hosted


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[Classroom]:
    async with hosted(tmp_path, tests_at_once=2) as running:
        yield Classroom(running)


async def run_tests(room: Classroom, assignment: str, *logins: str) -> list[dict[str, Any]]:
    """Run the tests; return the rows."""
    await room.ask("POST", f"{assignment}/tests", room.ada, 202, {"logins": logins})
    return await room.tested(assignment)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.01)


async def test_each_submission_is_run_and_then_tested_in_a_project_that_is_gone_afterwards(room: Classroom):
    people = await room.open("bob", "eve", "kim")
    assignment = await room.assign()
    theirs = {await room.handed_in(assignment, people[login]) for login in ("bob", "eve")}
    seen: list[list[str]] = []

    async def running(nodes: list[str]) -> None:
        seen.append(nodes)

    room.running = running
    rows = await run_tests(room, assignment)
    assert seen == [["load", "sum"]] * 2  # the submission's code ran before the tests were there
    assert [(row["login"], row["name"], row["state"]) for row in rows] == [
        ("bob", "Bob", "done"),
        ("eve", "Eve", "done"),
    ]
    first = rows[0]
    assert (first["passed"], first["of"], first["points"], first["outdated"]) == (1, 1, 2, False)
    assert first["results"] == {HIDDEN: {"passed": True, "points": 2, "message": "exact"}}
    table = (await room.ask("GET", f"{assignment}/tests", room.ada)).json
    assert table["tests"] == [{"node": HIDDEN, "title": "Test"}]
    used = set(room.projects) - theirs
    services = room.app.served.app.state.services
    testing = [spec for spec in room.app.served.outside.runtime.started if spec.project_id in used]
    # The teacher's own, and one for each submission.
    assert sorted(spec.template for spec in testing) == [BLANK, BLANK, "empty"]
    assert {r.id for r in services.registry.all() if r.owner.startswith("course:")} == set()
    assert not [p for p in await room.app.served.outside.runtime.workspaces() if services.registry.find(p) is None]


async def test_the_project_of_a_test_is_nobodys_and_has_no_way_out(room: Classroom):
    people = await room.open("bob")
    assignment = await room.assign()
    theirs = await room.handed_in(assignment, people["bob"])
    going, found = asyncio.Event(), asyncio.Event()

    async def running(_: list[str]) -> None:
        found.set()
        await going.wait()

    room.running = running
    await room.ask("POST", f"{assignment}/tests", room.ada, 202, {})
    await asyncio.wait_for(found.wait(), 30)
    services = room.app.served.app.state.services
    (record,) = [r for r in services.registry.all() if r.owner.startswith("course:")]
    policy, control = services.allowances.egress_of(record.id), services.allowances.egress_of(theirs)
    assert (policy.hosts, policy.open) == ((), False)
    assert control.hosts
    for who in (room.ada, people["bob"]):
        await room.ask("GET", f"/api/project/{record.id}", who, 404)
        assert record.id not in [p["id"] for p in (await room.ask("GET", "/api/project/", who)).json]
    root = await room.app.joined("root", Role.ADMIN)
    assert record.id in [s["project_id"] for s in (await room.ask("GET", "/api/admin/sandboxes", root)).json]
    going.set()
    assert (await room.tested(assignment))[0]["state"] == "done"
    await room.ask("GET", "/api/audit", root)


async def test_packages_are_let_in_until_the_environment_is_made_and_nothing_once_the_submission_runs(room: Classroom):
    people = await room.open("bob")
    assignment = await room.assign()
    await room.handed_in(assignment, people["bob"])
    services, seen = room.app.served.app.state.services, dict[str, Any]()

    def gate() -> Any:
        (record,) = [r for r in services.registry.all() if r.owner.startswith("course:")]
        policy = services.sandboxes.entry(record.id).egress
        return [str(host) for host in policy.hosts], policy.open

    async def installing() -> None:
        seen["installing"] = gate()

    async def running(_: list[str]) -> None:
        seen["running"] = gate()

    async def verdict(_: str, __: list[str]) -> dict[str, Any]:
        seen["testing"] = gate()
        return succeeded()

    room.installing, room.running, room.verdict = installing, running, verdict
    (row,) = await run_tests(room, assignment)
    assert row["passed"] == 1
    assert seen == {"installing": (["index.example"], False), "running": ([], False), "testing": ([], False)}


async def test_a_sandbox_whose_environment_is_looked_at_is_in_use_and_one_that_nobody_tests_is_not(room: Classroom):
    people = await room.open("bob")
    assignment = await room.assign()
    await room.handed_in(assignment, people["bob"])
    services, seen = room.app.served.app.state.services, list[dict[str, int]]()

    def in_use() -> dict[str, int]:
        owners = {record.id: record.owner.partition(":")[0] for record in services.registry.all()}
        return {owners[id_]: services.sandboxes.entry(id_).in_use for id_ in owners}

    async def installing() -> None:
        seen.append(in_use())

    room.installing = installing
    (row,) = await run_tests(room, assignment)
    assert row["passed"] == 1
    assert seen
    assert {uses["course"] for uses in seen} == {1}
    assert {uses[kind] for uses in seen for kind in uses if kind != "course"} == {0}


async def test_a_test_that_raises_fails_and_says_why(room: Classroom):
    people = await room.open("bob")
    assignment = await room.assign()
    await room.handed_in(assignment, people["bob"])

    async def verdict(_: str, __: list[str]) -> dict[str, Any]:
        return failed("AssertionError", "42 was\nexpected")

    room.verdict = verdict
    room.flow_nodes = {"sum": {"node_id": "sum", **failed("TimedOut", "It took more than 5 s.")}}
    (row,) = await run_tests(room, assignment)
    assert (row["state"], row["passed"], row["of"], row["points"]) == ("done", 0, 1, None)
    assert row["results"][HIDDEN] == {"passed": False, "points": None, "message": "AssertionError: 42 was expected"}
    assert row["message"] == "1 of the submission's nodes failed. TimedOut: It took more than 5 s."


@pytest.mark.parametrize(
    ("returned", "points", "message"),
    [
        ({"points": 1.5, "message": "x"}, 1.5, "x"),
        ({"points": True, "message": 7}, None, ""),
        ({"points": "9" * 400, "message": "y" * 10_000}, None, "y" * 499 + "…"),
        ({"points": 1e300}, None, ""),
        ([1, 2], None, ""),
        (None, None, ""),
        ({"message": "a\u202eb\x1b[31mc"}, None, "a b [31mc"),
    ],
)
async def test_what_a_test_returns_is_read_as_hostile(room: Classroom, returned: Any, points: Any, message: str):
    people = await room.open("bob")
    assignment = await room.assign()
    await room.handed_in(assignment, people["bob"])

    async def verdict(_: str, __: list[str]) -> dict[str, Any]:
        return succeeded(returned)

    room.verdict = verdict
    (row,) = await run_tests(room, assignment)
    assert row["results"][HIDDEN] == {"passed": True, "points": points, "message": message}


def test_points_and_texts_are_bounded():
    assert [points_of(value) for value in (3, -2.5, True, None, "3", float("nan"), 10**400, -1e7)] == [
        3.0,
        -2.5,
        None,
        None,
        None,
        None,
        None,
        None,
    ]
    assert len(cut("x" * 10**6)) == 500


async def test_no_more_run_at_once_than_the_setting_says(room: Classroom):
    logins = [f"s{number}" for number in range(5)]
    people = await room.open(*logins)
    assignment = await room.assign()
    for login in logins:
        await room.handed_in(assignment, people[login])
    now, most = 0, 0

    async def running(_: list[str]) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.05)
        now -= 1

    room.running = running
    started = await room.ask("POST", f"{assignment}/tests", room.ada, 202, {})
    assert started.json == {"running": 5}
    again = await room.ask("POST", f"{assignment}/tests", room.ada, 202, {"logins": ["s1"]})
    assert again.json == {"running": 5}  # it is not tested twice
    rows = await room.tested(assignment)
    assert ([row["login"] for row in rows], most) == (logins, 2)


async def test_one_that_never_ends_is_given_up_and_delays_nobody_else(tmp_path: Path):
    async with hosted(tmp_path, tests_at_once=2, tests_max_sec=0.5) as running:
        room = Classroom(running)
        people = await room.open("bob", "eve", "kim")
        assignment = await room.assign()
        bobs = await room.start(assignment, people["bob"])
        room.project(bobs).nodes = ["loop"]
        await room.ask("POST", f"{assignment}/hand-in", people["bob"])
        for login in ("eve", "kim"):
            await room.handed_in(assignment, people[login])

        async def loops(nodes: list[str]) -> None:
            if "loop" in nodes:
                await asyncio.Event().wait()

        room.running = loops
        rows = {row["login"]: row for row in await run_tests(room, assignment)}
        assert {login: row["state"] for login, row in rows.items()} == {"bob": "failed", "eve": "done", "kim": "done"}
        assert rows["bob"]["message"] == "The tests took more than 0.5 s in all and were ended."
        assert not [r for r in running.served.app.state.services.registry.all() if r.owner.startswith("course:")]


async def test_a_sandbox_that_dies_or_talks_nonsense_gives_a_row_that_says_so(room: Classroom):
    people = await room.open("bob", "eve")
    assignment = await room.assign()
    for login in ("bob", "eve"):
        await room.handed_in(assignment, people[login])
    link = room.app.served.outside.link

    async def dies(_: list[str]) -> None:
        link.unreachable |= {id_ for id_, p in room.projects.items() if p.nodes == ["load", "sum"]}

    async def nonsense(_: str, __: list[str]) -> dict[str, Any]:
        return {"status": 7}

    room.verdict = nonsense
    (eve,) = await run_tests(room, assignment, "eve")
    assert (eve["state"], "cannot be read" in eve["message"]) == ("failed", True)
    room.running = dies
    rows = await run_tests(room, assignment, "bob")
    bob = next(row for row in rows if row["login"] == "bob")
    assert (bob["state"], "cannot be reached" in bob["message"]) == ("failed", True)


async def test_tests_can_be_cancelled_while_they_wait_and_run(room: Classroom):
    people = await room.open("bob", "eve", "kim")
    assignment = await room.assign()
    for login in people:
        await room.handed_in(assignment, people[login])

    async def forever(_: list[str]) -> None:
        await asyncio.Event().wait()

    room.running = forever
    await room.ask("POST", f"{assignment}/tests", room.ada, 202, {})
    tests, id_ = room.coursework.tests, assignment.rpartition("/")[2]
    await until(lambda: [row.state for row in tests.unfinished(id_)].count(RowState.RUNNING) == 2)
    table = (await room.ask("GET", f"{assignment}/tests", room.ada)).json
    assert (table["running"], table["waiting"]) == (2, 1)
    await room.ask("POST", f"{assignment}/tests/cancel", room.ada, 204)
    rows = (await room.ask("GET", f"{assignment}/tests", room.ada)).json["rows"]
    assert [(row["state"], row["message"]) for row in rows] == [("failed", "Cancelled.")] * 3
    registry = room.app.served.app.state.services.registry
    assert not [record for record in registry.all() if record.owner.startswith("course:")]


class SlowRows:
    """Holds up what is saved as a test's row, the first and the last of a job, until it is let go."""

    def __init__(self, room: Classroom, monkeypatch: pytest.MonkeyPatch, *states: RowState) -> None:
        self.saving = asyncio.Event()
        self.go_on = asyncio.Event()
        self._states = states
        self._save = room.app.served.outside.test_rows.save
        monkeypatch.setattr(room.app.served.outside.test_rows, "save", self._slowly)

    async def _slowly(self, saved: Sequence[TestRow]) -> None:
        if any(row.state in self._states for row in saved):
            self.saving.set()
            await self.go_on.wait()
        await self._save(saved)


async def test_those_whose_rows_are_still_being_saved_are_cancelled_as_well(
    room: Classroom, monkeypatch: pytest.MonkeyPatch
):
    people = await room.open("bob", "eve", "kim")
    assignment = await room.assign()
    for login in people:
        await room.handed_in(assignment, people[login])
    rows = SlowRows(room, monkeypatch, RowState.WAITING)
    started = asyncio.create_task(room.ask("POST", f"{assignment}/tests", room.ada, 202, {}))
    async with asyncio.timeout(30):
        await rows.saving.wait()
        cancelled = asyncio.create_task(room.ask("POST", f"{assignment}/tests/cancel", room.ada, 204))
        locks = room.coursework.tests._beginning._locks
        await until(lambda: any(users == 2 for _, users in locks.values()))
        rows.go_on.set()
        await asyncio.gather(started, cancelled)
    found = (await room.ask("GET", f"{assignment}/tests", room.ada)).json["rows"]
    assert [(row["state"], row["message"]) for row in found] == [("failed", "Cancelled.")] * 3
    assert "tests.cancelled" in await room.actions()
    assert [row["state"] for row in await run_tests(room, assignment)] == ["done"] * 3  # the control


async def test_what_is_over_when_it_is_cancelled_keeps_its_verdict_and_can_be_tested_again(
    room: Classroom, monkeypatch: pytest.MonkeyPatch
):
    people = await room.open("bob")
    assignment = await room.assign()
    await room.handed_in(assignment, people["bob"])
    rows = SlowRows(room, monkeypatch, RowState.DONE)
    await room.ask("POST", f"{assignment}/tests", room.ada, 202, {})
    tests, record = room.coursework.tests, room.coursework.assignments.get(assignment.rpartition("/")[2])
    async with asyncio.timeout(30):
        await rows.saving.wait()
        cancelling = [asyncio.create_task(tests.cancel(SYSTEM, record)) for _ in range(2)]
        for _ in range(10):
            await asyncio.sleep(0)  # both have called off what they may
        rows.go_on.set()
        await asyncio.gather(*cancelling)
    (bob,) = await room.tested(assignment)
    assert (bob["state"], bob["passed"]) == ("done", 1)
    assert tests.unfinished(record.id) == []
    assert (await run_tests(room, assignment))[0]["state"] == "done"


async def test_a_row_says_when_something_else_was_handed_in_since(room: Classroom):
    people = await room.open("bob")
    assignment = await room.assign()
    project_id = await room.handed_in(assignment, people["bob"])
    await run_tests(room, assignment)
    room.project(project_id).nodes = ["better"]
    await room.ask("POST", f"{assignment}/hand-in", people["bob"])
    assert (await room.tested(assignment))[0]["outdated"] is True
    assert (await run_tests(room, assignment))[0]["outdated"] is False


async def test_without_tests_or_submissions_there_is_nothing_to_run(room: Classroom):
    people = await room.open("bob")
    plain = await room.assign(hidden=False)
    await room.handed_in(plain, people["bob"])
    assert "hidden" in (await room.ask("POST", f"{plain}/tests", room.ada, 409, {})).json["message"]
    assignment = await room.assign()
    assert "handed in" in (await room.ask("POST", f"{assignment}/tests", room.ada, 409, {})).json["message"]
    await room.ask("POST", f"{assignment}/tests", room.ada, 404, {"logins": ["bob"]})
    await room.ask("POST", f"{assignment}/tests", people["bob"], 403, {})


async def test_what_a_killed_control_plane_left_is_removed_at_the_next_start(room: Classroom):
    people = await room.open("bob")
    assignment = await room.assign()
    await room.handed_in(assignment, people["bob"])
    outside = room.app.served.outside
    services = room.app.served.app.state.services
    (record,) = outside.identity.identity.all(Assignment).values()
    left = await services.projects.make(Person(id=f"course:{record.course_id}", name="Tests"), "Tests")
    await outside.test_rows.save([TestRow(assignment_id=record.id, login="bob", state=RowState.RUNNING, at=1.0, of=1)])
    await room.coursework.tests.resume()
    await outside.clock.advance(1)
    assert services.registry.find_any(left.id) is None
    (row,) = (await room.ask("GET", f"{assignment}/tests", room.ada)).json["rows"]
    assert (row["state"], "started anew" in row["message"]) == ("failed", True)


async def test_the_table_of_a_large_class_stays_small(room: Classroom):
    people = await room.open("bob")
    assignment = await room.assign()
    await room.handed_in(assignment, people["bob"])

    async def verdict(_: str, __: list[str]) -> dict[str, Any]:
        return succeeded({"message": "z" * 1_000_000, "points": 1})

    room.verdict = verdict
    (row,) = await run_tests(room, assignment)
    assert len(json.dumps(row)) < 1500
