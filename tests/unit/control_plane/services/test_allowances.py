"""What projects may use, as it is stored, changed by those who may, and enforced on sandboxes that run."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from control_plane.domain.allowance import Allowance, AllowanceRecord, course_subject, project_subject
from control_plane.domain.courses import CourseRole
from control_plane.domain.egress import EgressMode
from control_plane.domain.errors import (
    Conflict,
    EngineUnavailable,
    Forbidden,
    Invalid,
    NotFound,
    StoreUnavailable,
    TooMany,
)
from control_plane.domain.people import LOCAL_PERSON, Person, Role, Scope
from control_plane.domain.sandbox import EndReason, Limits, SandboxState
from tests.fakes.stores import FakeAllowanceStore
from tests.fakes.world import World, open_world

MIB = 1024 * 1024
TEACHER = Person(id="teacher", name="Grace", role=Role.TEACHER)
ADMIN = Person(id="admin", name="Root", role=Role.ADMIN)


class OneCourse:
    """Every project belongs to the course ``c``, which one person teaches."""

    def course_of(self, project_id: str) -> str:
        return "c"

    def role_in(self, course_id: str, person_id: str) -> CourseRole | None:
        return CourseRole.TEACHER if (course_id, person_id) == ("c", TEACHER.id) else None


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world() as running:
        yield running


async def test_limits_hold_from_the_next_start_and_at_once_for_what_runs(world: World):
    project_id = await world.ready()
    await world.allowances.put("deployment", Allowance(memory=512 * MIB), ADMIN)
    assert await world.enforcement.apply() == []
    assert world.runtime.limits[world.container(project_id).id].memory == 512 * MIB
    assert world.outside.database.sandboxes[project_id].limits.memory == 512 * MIB

    await world.sandboxes.stop(project_id)
    await world.allowances.put(project_subject(project_id), Allowance(memory=256 * MIB), ADMIN)
    await world.sandboxes.ensure_ready(project_id)
    assert world.runtime.started[-1].limits.memory == 256 * MIB


async def test_limits_that_the_engine_does_not_take_are_named_and_not_asked_for_again(world: World):
    project_id = await world.ready()
    asked: list[str] = []

    async def refuse(container_id: str, limits: Limits) -> None:
        asked.append(container_id)
        raise Conflict("It uses more than that.")

    world.runtime.update_limits = refuse
    await world.allowances.put("deployment", Allowance(memory=512 * MIB), ADMIN)
    assert await world.enforcement.apply() == [project_id]
    assert await world.enforcement.apply() == [project_id]
    assert len(asked) == 1
    await world.sandboxes.restart(project_id)
    assert await world.enforcement.apply() == []
    assert world.runtime.started[-1].limits.memory == 512 * MIB


async def test_a_gate_is_told_what_it_lets_through_when_that_changes_and_not_otherwise(world: World):
    project_id = await world.ready()
    egress = world.outside.egress
    before = egress.policies[project_id]
    assert [str(host) for host in before.hosts] == ["index.example"]
    await world.enforcement.apply()
    assert egress.policies[project_id] is before

    await world.allowances.put(project_subject(project_id), Allowance(hosts=("files.example",)), ADMIN)
    await world.enforcement.apply()
    assert egress.policies[project_id].find("files.example", 443)

    world.allowances.egress_closed = lambda each: each == project_id
    await world.enforcement.apply()
    assert egress.policies[project_id].hosts == ()
    assert "exam" in egress.policies[project_id].advice
    world.allowances.egress_closed = lambda _: False
    await world.enforcement.apply()
    assert egress.policies[project_id].find("files.example", 443)


async def test_a_stopped_sandbox_gets_no_gate(world: World):
    project_id = await world.ready()
    await world.sandboxes.stop(project_id)
    await world.allowances.put("deployment", Allowance(hosts=("files.example",)), ADMIN)
    await world.enforcement.apply()
    assert world.outside.egress.open_gates == set()


async def test_the_loop_looks_when_time_passes_and_when_it_is_told(world: World):
    project_id = await world.ready()
    running = asyncio.ensure_future(world.enforcement.run())
    try:
        for host, nudge in (("a.example", False), ("b.example", True)):
            await world.allowances.put(project_subject(project_id), Allowance(hosts=(host,)), ADMIN)
            if nudge:
                world.enforcement.soon()
                async with asyncio.timeout(60):
                    while not world.outside.egress.policies[project_id].find(host, 443):  # noqa: ASYNC110
                        await asyncio.sleep(0)
            else:
                await world.clock.advance(2)
            assert world.outside.egress.policies[project_id].find(host, 443)
    finally:
        running.cancel()


async def test_one_person_has_no_more_sandboxes_at_once_than_they_may(world: World):
    await world.allowances.put("role:admin", Allowance(at_once=2), ADMIN)
    first, second = await world.ready("One"), await world.ready("Two")
    third = await world.make("Three")
    with pytest.raises(TooMany, match="At most 2"):
        await world.sandboxes.ensure_ready(third.id)
    assert world.state(third.id) is SandboxState.FAILED
    assert "At most 2" in world.sandboxes.shown(third.id).message

    await world.sandboxes.pause(first)
    await world.sandboxes.ensure_ready(third.id)
    assert world.state(first) is SandboxState.STOPPED
    assert world.sandboxes.entry(first).record.end_reason is EndReason.EVICTED
    assert (world.state(second), world.state(third.id)) == (SandboxState.READY, SandboxState.READY)


async def test_of_two_starts_at_the_same_time_one_is_let_in(world: World):
    await world.allowances.put("deployment", Allowance(at_once=1), ADMIN)
    ids = [(await world.make(name)).id for name in ("One", "Two")]
    ends = await asyncio.gather(*(world.sandboxes.ensure_ready(each) for each in ids), return_exceptions=True)
    assert [isinstance(end, TooMany) for end in ends] == [False, True]


async def test_who_may_change_what(world: World):
    project = await world.make()
    check = world.allowances.check_may_change
    check(LOCAL_PERSON, project.id, sees=True)
    check(ADMIN, project.id, sees=False)
    with pytest.raises(NotFound):
        check(TEACHER, project.id, sees=False)
    with pytest.raises(NotFound):
        check(replace(ADMIN, scope=Scope.EDIT), project.id, sees=False)
    world.allowances.courses = OneCourse()
    check(TEACHER, project.id, sees=False)
    with pytest.raises(Forbidden, match="ask one of them"):
        check(Person(id="bob", name="Bob"), project.id, sees=True)
    with pytest.raises(NotFound):
        check(ADMIN, "nothing", sees=False)


async def test_a_teacher_stays_below_the_ceiling_which_administrators_raise(world: World):
    world.allowances.courses = OneCourse()
    project, subject = await world.make(), course_subject("c")
    more = Allowance(memory=2048 * MIB, egress=EgressMode.OPEN)
    with pytest.raises(Forbidden, match="memory"):
        await world.allowances.put(subject, more, TEACHER)
    await world.allowances.put("courses", Allowance(memory=4096 * MIB, egress=EgressMode.OPEN), ADMIN)
    await world.allowances.put(subject, more, TEACHER)
    assert world.allowances.granted(project.id).limits.memory == 2048 * MIB
    await world.allowances.drop("courses")
    assert world.allowances.granted(project.id).limits.memory == 1024 * MIB
    assert world.allowances.granted(project.id).egress is EgressMode.HOSTS


async def test_a_teacher_may_add_to_what_an_administrator_said_and_leaves_the_rest_as_it_is(world: World):
    world.allowances.courses = OneCourse()
    project = await world.make()
    subject = project_subject(project.id)
    said = (await world.allowances.put(subject, Allowance(memory=2048 * MIB, hosts=("in.lan!",)), ADMIN)).allowance
    more = replace(said, hosts=(*said.hosts, "files.example"))
    await world.allowances.put(subject, more, TEACHER)
    granted = world.allowances.granted(project.id)
    assert granted.limits.memory == 2048 * MIB
    assert [str(host) for host in granted.hosts] == ["in.lan!", "files.example"]
    with pytest.raises(Forbidden, match="internal network"):
        await world.allowances.put(subject, replace(more, hosts=("other.lan!",)), TEACHER)


async def test_a_host_is_asked_for_and_allowed_or_not(world: World):
    project = await world.make()
    allowances, subject = world.allowances, project_subject(project.id)
    await allowances.ask(project.id, "Files.Example")
    await allowances.ask(project.id, "files.example")
    await allowances.ask(project.id, "evil.example")
    assert allowances.get(subject).asked == ("files.example", "evil.example")
    await allowances.put(subject, Allowance(hosts=("files.example",)), ADMIN)
    assert allowances.get(subject).asked == ("evil.example",)
    await allowances.refuse(project.id, "evil.example")
    assert allowances.get(subject).asked == ()
    await allowances.ask(project.id, "files.example")
    assert allowances.get(subject).asked == ()
    with pytest.raises(Invalid):
        await allowances.ask(project.id, "10.0.0.1")
    for number in range(20):
        await allowances.ask(project.id, f"h{number}.example")
    with pytest.raises(TooMany):
        await allowances.ask(project.id, "one.more.example")


async def test_what_is_said_outlives_the_process_and_goes_with_its_project(world: World):
    project = await world.make()
    await world.allowances.put(project_subject(project.id), Allowance(run_sec=60.0), ADMIN)
    await world.allowances.put("project:gone", Allowance(run_sec=60.0), ADMIN)
    async with open_world(world.outside) as again:
        assert again.allowances.granted(project.id).run_sec == 60.0
        await again.allowances.sweep()
        assert [record.subject for record in again.allowances.all()] == [project_subject(project.id)]


async def test_what_could_not_be_stored_does_not_hold(world: World):
    project = await world.make()
    world.outside.database.down = True
    with pytest.raises(StoreUnavailable):
        await world.allowances.put("deployment", Allowance(run_sec=60.0), ADMIN)
    assert world.allowances.granted(project.id).run_sec == 3600.0


async def test_what_is_asked_while_something_is_changed_loses_neither(world: World, monkeypatch: pytest.MonkeyPatch):
    project_id = await world.ready()
    subject = project_subject(project_id)
    await world.allowances.put(subject, Allowance(egress=EgressMode.OPEN), ADMIN)
    put = FakeAllowanceStore.put

    async def slowly(store: FakeAllowanceStore, record: AllowanceRecord) -> None:
        await asyncio.sleep(0)
        await put(store, record)

    monkeypatch.setattr(FakeAllowanceStore, "put", slowly)
    await asyncio.gather(
        world.allowances.ask(project_id, "files.example"),
        world.allowances.put(subject, Allowance(egress=EgressMode.NONE), ADMIN),
        world.allowances.ask(project_id, "more.example"),
    )
    kept = world.allowances.get(subject)
    assert kept.allowance.egress is EgressMode.NONE
    assert kept.asked == ("files.example", "more.example")
    assert world.outside.database.allowances[subject] == kept
    await asyncio.gather(*(world.allowances.refuse(project_id, host) for host in kept.asked))
    assert world.allowances.get(subject).asked == ()


async def test_limits_that_could_not_be_asked_for_are_asked_for_again(world: World):
    project_id = await world.ready()
    given = world.runtime.update_limits

    async def gone(container_id: str, limits: Limits) -> None:
        raise EngineUnavailable("The container engine does not answer.")

    world.runtime.update_limits = gone
    await world.allowances.put("deployment", Allowance(memory=512 * MIB), ADMIN)
    await world.enforcement.apply()
    assert world.sandboxes.entry(project_id).record.limits == Limits()
    world.runtime.update_limits = given
    assert await world.enforcement.apply() == []
    assert world.runtime.limits[world.container(project_id).id].memory == 512 * MIB
