"""Bodies about what projects may use. Bytes and seconds; times are seconds since 1970."""

from dataclasses import dataclass

from control_plane.domain.allowance import Allowance, AllowanceRecord
from control_plane.domain.egress import Decision, EgressMode
from control_plane.domain.sandbox import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceInfo:
    """What is said of a subject, and who said it. ``set_at`` 0: nobody said anything."""

    subject: str
    allowance: Allowance
    by_teacher: bool
    set_by: str
    set_by_name: str
    set_at: float

    @classmethod
    def of(cls, record: AllowanceRecord, set_by_name: str) -> "AllowanceInfo":
        """Describe a record."""
        return cls(
            subject=record.subject,
            allowance=record.allowance,
            by_teacher=record.by_teacher,
            set_by=record.set_by,
            set_by_name=set_by_name,
            set_at=record.set_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceSet:
    """What is said now. ``at_next_start`` are the projects whose sandboxes run on with the limits that they had."""

    allowance: AllowanceInfo
    at_next_start: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllAllowances:
    """All that is said. ``everybody`` is what holds where nobody says anything of a role, course or project, ``ceiling`` the most
    that teachers may say, ``most`` the deployment's own.
    """

    everybody: Allowance
    ceiling: Allowance
    most: Limits
    allowances: list[AllowanceInfo]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedHost:
    """A host that somebody asked for, who may not allow it."""

    project_id: str
    project_name: str
    owner_name: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseAllowance:
    """What is said of a course's projects, within what limits its teachers may change it, and what its students ask for."""

    allowance: AllowanceInfo
    everybody: Allowance
    ceiling: Allowance
    asked: list[AskedHost]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectEgress:
    """A project's way out. ``packages`` are the package index's hosts, ``hosts`` all that are named by anybody, ``own_hosts`` and
    ``own_mode`` what is said of this project alone.

    ``sent`` and ``received`` are bytes, ``recent`` the latest decisions, the newest first; null: they cannot be read now.
    ``bytes_per_sec`` 0: no limit. ``modes`` are those that the caller may choose, none where they may change nothing.
    """

    mode: EgressMode
    in_exam: bool
    packages: list[str]
    hosts: list[str]
    own_mode: EgressMode | None
    own_hosts: list[str]
    asked: list[str]
    bytes_per_sec: int
    sent: int
    received: int
    recent: list[Decision] | None
    may_change: bool
    modes: list[EgressMode]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEgress:
    """Body of ``PUT /api/project/{project_id}/egress``: what is said of this project alone. ``mode`` null: what more general
    subjects say. ``refused`` are hosts that were asked for and stay closed.
    """

    hosts: tuple[str, ...]
    mode: EgressMode | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForHost:
    """Body of ``POST /api/project/{project_id}/egress/ask``: a host, as name or name:port."""

    host: str
