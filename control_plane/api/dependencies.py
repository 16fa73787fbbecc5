"""What requests are served with: the services, and one ``Call`` for each request."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from control_plane.api.client_address import ClientAddresses
from control_plane.api.guard import Guard
from control_plane.api.readings import parse, parse_as_written
from control_plane.domain.access import Policy, Share, no_such_assignment
from control_plane.domain.courses import Assignment
from control_plane.domain.errors import Forbidden, Invalid, NotFound, TooLarge
from control_plane.domain.people import Person
from control_plane.domain.project import ProjectRecord
from control_plane.domain.setting import SettingInForce
from control_plane.ports import AgentLink, Egress, JsonReader
from control_plane.services.audit import Actor, AuditLog
from control_plane.services.courses.assignments import Assignments
from control_plane.services.courses.collection import Collection
from control_plane.services.courses.courses import Courses
from control_plane.services.courses.exam_break import ExamBreak
from control_plane.services.courses.exams import Exams
from control_plane.services.courses.hidden_tests import HiddenTests
from control_plane.services.courses.members import Members
from control_plane.services.courses.project_archives import ProjectArchives
from control_plane.services.courses.starts import Starts
from control_plane.services.courses.submissions import Submissions
from control_plane.services.deletions import Deletions
from control_plane.services.events.event_checks import EventChecks
from control_plane.services.events.event_hub import EventHub
from control_plane.services.large_bodies import Held, LargeBodies
from control_plane.services.metrics import Metrics
from control_plane.services.open_sockets import OpenSockets
from control_plane.services.opened_projects import OpenedProjects
from control_plane.services.people.accounts import Accounts
from control_plane.services.people.api_tokens import ApiTokens
from control_plane.services.people.invitations import Invitations
from control_plane.services.people.looks import Looks
from control_plane.services.people.oidc_sign_in import OidcSignIn
from control_plane.services.people.people import People
from control_plane.services.people.project_access import ProjectAccess
from control_plane.services.people.sessions import Sessions
from control_plane.services.people.shares import Shares
from control_plane.services.preview_tickets import PreviewTickets
from control_plane.services.project_registry import ProjectRegistry
from control_plane.services.projects import Projects
from control_plane.services.sandboxes.allowances import Allowances
from control_plane.services.sandboxes.enforcement import Enforcement
from control_plane.services.sandboxes.engine_watch import EngineWatch
from control_plane.services.sandboxes.sandboxes import Sandboxes
from control_plane.services.sandboxes.traffic import TrafficCount
from control_plane.services.tracing import Tracing, bind_ids
from sandbox_image.wire.limits import MAX_JSON_BODY

T = TypeVar("T")
JSON: Final = "application/json"
HELD: Final = "aimforge.held"
"""Where the request's ``Held`` is in its scope."""
MAX_FORM: Final = 1024 * 1024
"""Bytes of what is read here; a graph, or the input of a run, is only passed on."""
REFUSED_READ_SEC: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedServices:
    """What only a deployment with accounts has. ``public_url`` is its origin, empty: the one that was asked."""

    accounts: Accounts
    sessions: Sessions
    tokens: ApiTokens
    invitations: Invitations
    shares: Shares
    courses: Courses
    members: Members
    exams: Exams
    exam_break: ExamBreak
    looks: Looks
    access: ProjectAccess
    oidc: OidcSignIn | None
    oidc_name: str
    public_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coursework:
    """What courses do with projects, where there are accounts."""

    assignments: Assignments
    submissions: Submissions
    starts: Starts
    tests: HiddenTests
    archives: ProjectArchives
    collection: Collection


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that routes and sockets use; found as ``app.state.services``."""

    guard: Guard
    people: People
    registry: ProjectRegistry
    projects: Projects
    opened: OpenedProjects
    deletions: Deletions
    sandboxes: Sandboxes
    allowances: Allowances
    enforcement: Enforcement
    egress: Egress
    traffic: TrafficCount
    hub: EventHub
    link: AgentLink
    open_sockets: OpenSockets
    previews: PreviewTickets
    preview_host: str
    audit: AuditLog
    metrics: Metrics
    engine: EngineWatch
    reader: JsonReader
    event_checks: EventChecks
    large_bodies: LargeBodies
    addresses: ClientAddresses
    settings: Callable[[], Sequence[SettingInForce]] = tuple
    tracing: Tracing = field(default_factory=Tracing)
    hosted: HostedServices | None = None
    coursework: Coursework | None = None


class Call:
    """A request that the guard let through."""

    __slots__ = ("course_id", "person", "project_id", "request", "services")

    def __init__(self, request: Request, services: Services, person: Person) -> None:
        self.request = request
        self.services = services
        self.person = person
        self.project_id: str = request.path_params.get("project_id", "")
        self.course_id: str = request.path_params.get("course_id", "")

    async def admit_answer(self, size: int) -> None:
        """Return once an answer of the project's agent that has ``size`` bytes so far may be read on."""
        await self._held.admit(self.project_id, size)

    @property
    def _held(self) -> Held:
        return self.request.scope[HELD]

    async def body(self, limit: int = MAX_JSON_BODY) -> bytes:
        """Read the body. Raises ``TooLarge``."""
        if int(self.request.headers.get("content-length", "0")) > limit:
            raise TooLarge(f"The request's body is larger than {limit} bytes.", limit=limit)
        parts: list[bytes] = []
        size = 0
        async for chunk in self.request.stream():
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"The request's body is larger than {limit} bytes.", limit=limit)
            parts.append(chunk)
            await self._held.admit(self.person.id, size)
        return b"".join(parts)

    async def read(self, type_: type[T]) -> T:
        """Read the body as JSON of that type. Raises ``BadRequest``, ``Invalid``, ``TooLarge``."""
        return parse(await self.body(MAX_FORM), type_)

    async def read_as_written(self, type_: type[Any]) -> Any:
        """Read a larger body, of which fields of any JSON are only passed on: they are ``msgspec.Raw`` in what is returned."""
        return parse_as_written(await self.body(), type_)

    def project(self, policy: Policy, project_id: str) -> ProjectRecord:
        """Return a project that the body names, if the person may do this in it. Raises ``NotFound``, ``Forbidden``."""
        self.project_id = project_id
        project = self.services.guard.check_project(policy, self.person, project_id)
        bind_ids(project_id=project_id)
        return project

    def enter_course(self, policy: Policy) -> None:
        """Check that the person may do this in the course of the path. Raises ``NotFound``, ``Forbidden``."""
        assignment_id = self.request.path_params.get("assignment_id")
        if assignment_id is None:
            self.services.guard.check_course(policy, self.person, self.course_id)
            return
        assignment = self.services.hosted.courses.assignment(assignment_id) if self.services.hosted else None
        if assignment is None or self.course_id not in ("", assignment.course_id):
            raise no_such_assignment(assignment_id)
        self.course_id = assignment.course_id
        try:
            self.services.guard.check_course(policy, self.person, self.course_id)
        except NotFound:
            raise no_such_assignment(assignment_id) from None

    @property
    def assignment(self) -> Assignment:
        """The path's assignment, in the course that the person was let into. Raises ``NotFound``."""
        assignment_id = self.request.path_params["assignment_id"]
        assignment = self.hosted.courses.assignment(assignment_id)
        if assignment is None:
            raise no_such_assignment(assignment_id)
        return assignment

    async def unless_exam(self, work: Coroutine[Any, Any, Response]) -> Response:
        """Answer with what the work does, broken off when an exam of the person's begins. Raises ``Forbidden`` while one runs."""
        if self.services.hosted is None:
            return await work
        try:
            return await self.services.hosted.exam_break.unless_exam(self.person.id, work)
        except Forbidden:
            await self._read_out()
            raise

    async def _read_out(self) -> None:
        """Read the rest of a refused upload for a while: who still sends would see a broken connection, not the refusal."""
        with suppress(TimeoutError, ClientDisconnect, RuntimeError):  # the last: it has been read already
            async with asyncio.timeout(REFUSED_READ_SEC):
                async for _ in self.request.stream():
                    pass

    @property
    def view_only(self) -> bool:
        """Whether the person may look at the project and no more."""
        return self.services.guard.share_of(self.person, self.project_id) not in (Share.OWNER, Share.EDITOR)

    @property
    def coursework(self) -> Coursework:
        """What courses do with projects. Raises ``NotFound`` in local mode."""
        if self.services.coursework is None:
            raise NotFound("This server has one person and no courses: see AIMFORGE_MODE.")
        return self.services.coursework

    @property
    def hosted(self) -> HostedServices:
        """The services of a deployment with accounts. Raises ``NotFound`` in local mode."""
        if self.services.hosted is None:
            raise NotFound("This server has one person and no accounts: see AIMFORGE_MODE.")
        return self.services.hosted

    @property
    def address(self) -> str:
        """Network address of the client."""
        return self.services.addresses.of(self.request)

    @property
    def actor(self) -> Actor:
        """Who asks, for the audit log."""
        return Actor(self.person.id, self.address)

    def query_number(self, name: str, default: int, most: int) -> int:
        """Return a whole number of the query. Raises ``Invalid``."""
        given = self.request.query_params.get(name)
        if given is None:
            return default
        if not given.isascii() or not given.isdigit() or int(given) > most:
            raise Invalid(f"{name} must be a whole number up to {most}, not {given[:40]!r}.", field=name)
        return int(given)


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with JSON."""
    return Response(msgspec.json.encode(value), status, headers, JSON)
