"""Who has a say in what a project may use: which subject wins, what adds up, and what caps it all."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.domain.allowance import (
    ADVICE_IN_EXAM,
    LIMITS,
    Allowance,
    AllowanceRecord,
    Granted,
    ceiling_of,
    check_allowance,
    check_subject,
    check_within,
    resolve,
)
from control_plane.domain.egress import AllowedHost, EgressMode
from control_plane.domain.errors import Forbidden, Invalid
from control_plane.domain.limits import MOST
from control_plane.domain.sandbox import Limits

MIB = 1024 * 1024
BASE = Allowance(
    **{name: getattr(Limits(), name) for name in LIMITS},
    at_once=0,
    run_sec=3600.0,
    egress=EgressMode.HOSTS,
    bytes_per_sec=0,
    hosts=("school.example",),
)
CEILING = ceiling_of(Allowance(), BASE)


def said(subject: str, *, by_teacher: bool = False, **values: object) -> AllowanceRecord:
    return AllowanceRecord(subject=subject, allowance=Allowance(**values), by_teacher=by_teacher)  # pyright: ignore[reportArgumentType]


def granted(*layers: AllowanceRecord, ceiling: Allowance = CEILING, in_exam: bool = False) -> Granted:
    return resolve(BASE, layers, ceiling, in_exam=in_exam)


DEPLOYMENT = said("deployment", memory=600 * MIB, egress=EgressMode.PACKAGES, at_once=3, hosts=("a.example",))
ROLE = said("role:student", memory=500 * MIB, run_sec=60.0, hosts=("b.example",))
COURSE = said("course:c", memory=400 * MIB, egress=EgressMode.HOSTS, bytes_per_sec=4096, hosts=("a.example",))
PROJECT = said("project:p", memory=300 * MIB, hosts=("c.example:8080",))


@pytest.mark.parametrize(
    ("layers", "memory", "egress", "at_once", "run_sec", "bytes_per_sec", "hosts"),
    [
        ((), 1024, "hosts", 0, 3600, 0, "school.example"),
        ((DEPLOYMENT,), 600, "packages", 3, 3600, 0, "school.example a.example"),
        ((DEPLOYMENT, ROLE), 500, "packages", 3, 60, 0, "school.example a.example b.example"),
        ((DEPLOYMENT, COURSE), 400, "hosts", 3, 3600, 4096, "school.example a.example"),
        ((DEPLOYMENT, ROLE, COURSE, PROJECT), 300, "hosts", 3, 60, 4096, "school.example a.example b.example c.example:8080"),
        ((PROJECT,), 300, "hosts", 0, 3600, 0, "school.example c.example:8080"),
        ((said("project:p", egress=EgressMode.NONE),), 1024, "none", 0, 3600, 0, "school.example"),
        ((said("deployment", at_once=3), said("project:p", at_once=0)), 1024, "hosts", 0, 3600, 0, "school.example"),
    ],
)  # fmt: skip
def test_the_most_specific_wins_and_hosts_add_up(
    layers: tuple[AllowanceRecord, ...],
    memory: int,
    egress: str,
    at_once: int,
    run_sec: float,
    bytes_per_sec: int,
    hosts: str,
):
    found = granted(*layers)
    assert found.limits.memory == memory * MIB
    assert (found.egress, found.at_once, found.run_sec) == (egress, at_once, run_sec)
    assert found.bytes_per_sec == bytes_per_sec
    assert " ".join(map(str, found.hosts)) == hosts


def test_nothing_is_above_what_the_deployment_allows():
    most = replace(MOST, memory=256 * MIB, cpus=0.5)
    found = resolve(BASE, [said("project:p", memory=4096 * MIB, cpus=4.0)], CEILING, most)
    assert (found.limits.memory, found.limits.cpus) == (256 * MIB, 0.5)
    assert found.limits.pids == Limits().pids


def test_what_a_teacher_said_is_cut_to_the_ceiling_and_what_an_administrator_said_is_not():
    values = {"memory": 4096 * MIB, "egress": EgressMode.OPEN, "hosts": ("in.example!", "out.example")}
    by_teacher, by_admin = said("course:c", by_teacher=True, **values), said("course:c", **values)
    assert granted(by_teacher).limits.memory == Limits().memory
    assert granted(by_teacher).egress is EgressMode.HOSTS
    assert [str(host) for host in granted(by_teacher).hosts] == ["school.example", "out.example"]
    assert granted(by_admin).limits.memory == 4096 * MIB
    assert granted(by_admin).egress is EgressMode.OPEN
    raised = ceiling_of(Allowance(memory=2048 * MIB, egress=EgressMode.OPEN), BASE)
    assert granted(by_teacher, ceiling=raised).limits.memory == 2048 * MIB
    assert granted(by_teacher, ceiling=raised).egress is EgressMode.OPEN


@pytest.mark.parametrize(
    ("allowance", "named"),
    [
        (Allowance(memory=2048 * MIB), "memory"),
        (Allowance(egress=EgressMode.OPEN), "egress"),
        (Allowance(hosts=("in.example!",)), "hosts"),
        (Allowance(bytes_per_sec=0), "bytes_per_sec"),
        (Allowance(at_once=0), "at_once"),
    ],
)
def test_a_teacher_is_told_what_goes_beyond_the_ceiling(allowance: Allowance, named: str):
    ceiling = replace(CEILING, bytes_per_sec=4096, at_once=2)
    with pytest.raises(Forbidden, match="administrator") as refused:
        check_within(allowance, ceiling)
    assert refused.value.detail["field"] == named
    check_within(Allowance(memory=512 * MIB, egress=EgressMode.NONE, bytes_per_sec=2048, at_once=1), ceiling)
    check_within(Allowance(hosts=("out.example",)), ceiling)


def test_an_exam_takes_the_way_out_away_whoever_gave_it():
    everything = said("project:p", egress=EgressMode.OPEN)
    policy = granted(everything, in_exam=True).policy([AllowedHost("index.example")])
    assert (policy.hosts, policy.open, policy.advice) == ((), False, ADVICE_IN_EXAM)
    assert granted(everything).policy([]).open


@pytest.mark.parametrize(
    ("mode", "reached"),
    [
        (EgressMode.NONE, ""),
        (EgressMode.PACKAGES, "index"),
        (EgressMode.HOSTS, "index school"),
        (EgressMode.OPEN, "index school other"),
    ],
)
def test_each_mode_reaches_what_those_before_it_do(mode: EgressMode, reached: str):
    policy = granted(said("project:p", egress=mode)).policy([AllowedHost("index.example")])
    names = [name for name in ("index", "school", "other") if policy.find(f"{name}.example", 443)]
    assert " ".join(names) == reached
    assert not policy.find("other.example", 22)


@pytest.mark.parametrize("subject", ["deployment", "courses", "role:student", "course:ab-1", "project:5f0c"])
def test_subjects(subject: str):
    assert check_subject(subject) == subject


@pytest.mark.parametrize(
    "subject",
    ["", "deployment:x", "role:", "role:root", "course:", "project:a/b", "project:" + "a" * 129, "person:ada"],
)
def test_what_is_no_subject_is_refused_by_name(subject: str):
    with pytest.raises(Invalid, match="is nobody"):
        check_subject(subject)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"memory": 1}, "memory"),
        ({"cpus": 0.0}, "cpus"),
        ({"memory": 1 << 60}, "memory"),
        ({"run_sec": 0.0}, "run_sec"),
        ({"run_sec": 1e9}, "run_sec"),
        ({"run_sec": float("nan")}, "run_sec"),
        ({"at_once": -1}, "at_once"),
        ({"bytes_per_sec": 1}, "bytes_per_sec"),
        ({"hosts": ("10.0.0.1",)}, "hosts"),
        ({"hosts": tuple(f"h{n}.example" for n in range(201))}, "hosts"),
    ],
)
def test_what_cannot_be_is_refused_by_name(values: dict[str, object], named: str):
    with pytest.raises(Invalid) as refused:
        check_allowance(Allowance(**values))  # pyright: ignore[reportArgumentType]
    assert refused.value.detail["field"] == named


def test_hosts_are_kept_in_their_one_form():
    kept = check_allowance(Allowance(hosts=("A.Example.", "a.example", "*.b.example:8080!"))).hosts
    assert kept == ("a.example", "*.b.example:8080!")


VALUES = st.builds(
    Allowance,
    memory=st.none() | st.integers(32 * MIB, 8192 * MIB),
    at_once=st.none() | st.integers(0, 50),
    run_sec=st.none() | st.floats(1, 86400),
    egress=st.none() | st.sampled_from(EgressMode),
    bytes_per_sec=st.none() | st.just(0) | st.integers(1024, 1 << 30),
)


@given(VALUES, VALUES)
def test_whatever_a_teacher_says_yields_no_more_than_the_ceiling(wanted: Allowance, set_by_admin: Allowance):
    ceiling = ceiling_of(set_by_admin, BASE)
    found = resolve(BASE, [AllowanceRecord(subject="course:c", allowance=wanted, by_teacher=True)], ceiling)
    most = resolve(ceiling, [], ceiling)
    modes = list(EgressMode)
    for name in ("memory", "run_sec", "at_once", "bytes_per_sec", "egress"):
        if getattr(wanted, name) is None:
            continue
        if name == "memory":
            assert found.limits.memory <= most.limits.memory
        elif name == "egress":
            assert modes.index(found.egress) <= modes.index(most.egress)
        elif name == "run_sec":
            assert found.run_sec <= most.run_sec
        else:
            one, other = getattr(found, name), getattr(most, name)
            assert (one or 1 << 60) <= (other or 1 << 60)
