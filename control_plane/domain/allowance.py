"""What a project may use: limits, run time, sandboxes at once, and the way out, from all who have a say in it.

An *allowance* is what is said about one *subject*; what it leaves out, it says nothing about. The subjects, from the general to
the specific::

    (the settings)      what the deployment gives where nobody says anything
    deployment          everybody
    role:student        projects of people of a role; likewise role:teacher and role:admin
    course:<id>         projects that belong to a course
    project:<id>        one project

    courses             no layer but a ceiling: the most that teachers may say about courses and projects

A project gets, of each single value, what the most specific subject says of it. Hosts add up: each subject's are reached. What a
teacher said is cut to the ceiling, and everything to the deployment's ``AIMFORGE_MAX_*``. An exam takes the way out away, whoever
gave it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Final

from control_plane.domain.egress import AllowedHost, EgressMode, EgressPolicy, parse_allowed_host
from control_plane.domain.errors import Forbidden, Invalid
from control_plane.domain.limits import LEAST, MOST
from control_plane.domain.people import Role
from control_plane.domain.sandbox import Limits

DEPLOYMENT: Final = "deployment"
COURSES: Final = "courses"
ROLE: Final = "role:"
ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
LIMITS: Final = tuple(each.name for each in fields(Limits))
MAX_HOSTS: Final = 200
MAX_HOSTS_TEXT: Final = 8192
"""Characters of all hosts of a subject together."""
MAX_AT_ONCE: Final = 10_000
MAX_PROJECTS: Final = 100_000
LEAST_RUN_SEC: Final = 1.0
MAX_RUN_SEC: Final = 24 * 3600.0
LEAST_BYTES_PER_SEC: Final = 1024
MAX_BYTES_PER_SEC: Final = 100 * 1024**3
MAX_ASKED: Final = 20
"""Hosts of a project that wait for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What is said about a subject; None: nothing. Bytes and seconds; ``cpus`` in cores.

    ``at_once`` counts sandboxes of one person that run or are paused, ``projects`` the projects of one person, ``run_sec`` bounds
    one run of a node or a flow, ``bytes_per_sec`` what passes a sandbox's gate in both directions together. For ``at_once``,
    ``projects`` and ``bytes_per_sec``, 0 is no limit. ``hosts`` are written as in ``domain.egress``.
    """

    memory: int | None = None
    cpus: float | None = None
    pids: int | None = None
    open_files: int | None = None
    shm: int | None = None
    tmp: int | None = None
    disk: int | None = None
    at_once: int | None = None
    projects: int | None = None
    run_sec: float | None = None
    egress: EgressMode | None = None
    bytes_per_sec: int | None = None
    hosts: tuple[str, ...] = ()


NO_LIMIT_AT_0: Final = frozenset({"at_once", "projects", "bytes_per_sec"})
SINGLE: Final = tuple(each.name for each in fields(Allowance) if each.name != "hosts")


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceRecord:
    """An allowance as it is stored. ``by_teacher``: the ceiling holds for it. ``asked`` are hosts that somebody who may not
    allow them asked for. ``set_at`` is in seconds since 1970.
    """

    subject: str
    allowance: Allowance = Allowance()
    by_teacher: bool = False
    set_by: str = ""
    set_at: float = 0.0
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a project may use, with all said and cut. ``at_once``, ``projects`` and ``bytes_per_sec``: 0 is no limit."""

    limits: Limits
    at_once: int
    projects: int
    run_sec: float
    egress: EgressMode
    hosts: tuple[AllowedHost, ...]
    bytes_per_sec: int
    in_exam: bool = False

    def policy(self, packages: Sequence[AllowedHost]) -> EgressPolicy:
        """Return what the project's gate lets through; ``packages`` are the hosts of the package index."""
        named = self.hosts if self.egress in (EgressMode.HOSTS, EgressMode.OPEN) else ()
        return EgressPolicy(
            hosts=() if self.egress is EgressMode.NONE else (*packages, *named),
            open=self.egress is EgressMode.OPEN,
            bytes_per_sec=self.bytes_per_sec,
            advice=ADVICE_IN_EXAM if self.in_exam else ADVICE[self.egress],
        )


ADVICE: Final[dict[EgressMode, str]] = {
    EgressMode.NONE: "This project has no network.",
    EgressMode.PACKAGES: "This project may reach the package index and nothing else.",
    EgressMode.HOSTS: "Ask for it in the project's network panel.",
    EgressMode.OPEN: "Only ports 80 and 443 of public hosts are open.",
}
ADVICE_IN_EXAM: Final = "During an exam there is no network."


def role_subject(role: Role) -> str:
    """Return the subject of everybody of a role."""
    return f"{ROLE}{role.value}"


def course_subject(course_id: str) -> str:
    """Return the subject of a course's projects."""
    return f"course:{course_id}"


def project_subject(project_id: str) -> str:
    """Return the subject of one project."""
    return f"project:{project_id}"


def check_subject(subject: str) -> str:
    """Return the subject. Raises ``Invalid`` for what is none."""
    kind, colon, name = subject.partition(":")
    known = {
        DEPLOYMENT: not colon,
        COURSES: not colon,
        "role": name in set(Role),
        "course": ID.fullmatch(name) is not None,
        "project": ID.fullmatch(name) is not None,
    }
    if not known.get(kind, False):
        roles = ", ".join(role_subject(role) for role in Role)
        raise Invalid(
            f"{subject[:80]!r} is nobody: an allowance is about {DEPLOYMENT}, {COURSES}, {roles}, course:<id> or project:<id>.",
            field="subject",
        )
    return subject


def check_about(subject: str, allowance: Allowance) -> None:
    """Raise ``Invalid`` for what can only be said of people and is said of a course, a project, or what teachers may say."""
    if allowance.projects is not None and subject != DEPLOYMENT and not subject.startswith(ROLE):
        raise Invalid(
            f"How many projects a person may have is said of {DEPLOYMENT} or of a role, not of {subject[:80]!r}.",
            field="projects",
        )


def check_allowance(allowance: Allowance, most: Limits = MOST) -> Allowance:
    """Return the allowance with its hosts in their one form. Raises ``Invalid`` that names what cannot be."""
    bounds = {name: (getattr(LEAST, name), getattr(most, name)) for name in LIMITS} | {
        "at_once": (0, MAX_AT_ONCE),
        "projects": (0, MAX_PROJECTS),
        "run_sec": (LEAST_RUN_SEC, MAX_RUN_SEC),
        "bytes_per_sec": (LEAST_BYTES_PER_SEC, MAX_BYTES_PER_SEC),
    }
    for name, (least, largest) in bounds.items():
        value = getattr(allowance, name)
        if value is None or (value == 0 and name == "bytes_per_sec") or least <= value <= largest:
            continue
        setting = f" AIMFORGE_MAX_{name.upper()} says how much it may be." if name in LIMITS else ""
        raise Invalid(f"{name} may be from {least} to {largest}, and {value} was asked for.{setting}", field=name)
    if len(allowance.hosts) > MAX_HOSTS:
        raise Invalid(f"At most {MAX_HOSTS} hosts can be named for one subject.", field="hosts")
    hosts = tuple(dict.fromkeys(written(host) for host in allowance.hosts))
    if sum(map(len, hosts)) > MAX_HOSTS_TEXT:
        raise Invalid(f"The hosts of one subject may have {MAX_HOSTS_TEXT} characters together.", field="hosts")
    return replace(allowance, hosts=hosts)


def written(host: str) -> str:
    """Return an entry in its one form. Raises ``Invalid``."""
    try:
        return str(parse_allowed_host(host[:300]))
    except ValueError as error:
        raise Invalid(f"{error}", field="hosts") from error


def ceiling_of(said: Allowance, base: Allowance) -> Allowance:
    """Return the most that teachers may say: what administrators set for it, else what everybody gets (``base``).

    Where nobody set it, teachers may name hosts, and open nothing.
    """
    filled = {name: value for name in SINGLE if (value := getattr(said, name)) is not None}
    return replace(base, **({"egress": EgressMode.HOSTS} | filled), hosts=())


def changes(before: Allowance, after: Allowance) -> Allowance:
    """Return what ``after`` says that ``before`` did not."""
    same = {name: None for name in SINGLE if getattr(before, name) == getattr(after, name)}
    return replace(after, **same, hosts=tuple(host for host in after.hosts if host not in before.hosts))


def check_within(allowance: Allowance, ceiling: Allowance) -> None:
    """Raise ``Forbidden`` that names what a teacher may not say."""
    cut = cut_to(allowance, ceiling)
    for name in SINGLE:
        if getattr(cut, name) != getattr(allowance, name):
            raise Forbidden(
                f"Teachers may give {name} up to {getattr(ceiling, name)}, and {getattr(allowance, name)} was asked for: "
                "ask an administrator.",
                field=name,
            )
    private = next((host for host in allowance.hosts if host.endswith("!")), None)
    if private is not None:
        raise Forbidden(
            f"Only an administrator may allow {private}, which may be on an internal network.", field="hosts"
        )


def cut_to(allowance: Allowance, ceiling: Allowance) -> Allowance:
    """Return the allowance with nothing above the ceiling, which says something of everything."""
    cut = {
        name: min(value, getattr(ceiling, name), key=partial(rank, name))
        for name in SINGLE
        if (value := getattr(allowance, name)) is not None
    }
    return replace(allowance, **cut, hosts=tuple(host for host in allowance.hosts if not host.endswith("!")))


def rank(name: str, value: float | EgressMode) -> float:
    """Return how much a field's value allows; where 0 is no limit, it is the most."""
    if isinstance(value, EgressMode):
        return list(EgressMode).index(value)
    return float("inf") if value == 0 and name in NO_LIMIT_AT_0 else value


def resolve(
    base: Allowance,
    layers: Sequence[AllowanceRecord],
    ceiling: Allowance,
    most: Limits = MOST,
    *,
    in_exam: bool = False,
) -> Granted:
    """Return what a project gets. ``base`` and ``ceiling`` say something of everything; ``layers`` go from the general to the
    specific.
    """
    said = base
    hosts = dict.fromkeys(base.hosts)
    for record in layers:
        allowance = cut_to(record.allowance, ceiling) if record.by_teacher else record.allowance
        said = replace(said, **{name: value for name in SINGLE if (value := getattr(allowance, name)) is not None})
        hosts |= dict.fromkeys(allowance.hosts)
    limits = {name: min(getattr(said, name), getattr(most, name)) for name in LIMITS}
    return Granted(
        limits=Limits(**limits),
        at_once=said.at_once or 0,
        projects=said.projects or 0,
        run_sec=min(said.run_sec or MAX_RUN_SEC, MAX_RUN_SEC),
        egress=EgressMode.NONE if in_exam or said.egress is None else said.egress,
        hosts=tuple(parse_allowed_host(host) for host in hosts),
        bytes_per_sec=said.bytes_per_sec or 0,
        in_exam=in_exam,
    )
