"""The guard: every HTTP and WebSocket request passes it before anything else looks at it.

For HTTP, ``api.operation`` calls it with the policy that the operation names. For sockets::

    async def endpoint(websocket: WebSocket) -> None:
        person = await authorize_websocket(websocket, Policy.EDIT, project_id)   # before accept
        await websocket.accept()

    routes = [guarded_socket("/api/project/{project_id}/events", endpoint, Policy.VIEW)]

``guarded_socket`` does both: it authorizes by the path's ``project_id`` (or the query's), puts the person into
``websocket.state.person``, and only then calls the endpoint. Every refusal is an ``AimforgeError``; raised before
``accept`` it becomes an HTTP answer with the error's status and body.

What is checked, in this order:

1. ``Host`` is one of ours, so a foreign name that resolves to loopback (DNS rebinding) gets nowhere.
2. ``Origin``, where there is one, is the origin asked, or one that the settings allow.
3. Who: ``Authorization: Bearer``, else the session cookie. With a cookie, whatever is not a plain read over HTTP needs
   an ``Origin`` as well.
4. The policy, by ``domain.access``.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

from starlette.requests import HTTPConnection
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from control_plane.domain.access import (
    PROJECT_POLICIES,
    Policy,
    Share,
    check_course,
    check_project,
    check_role,
    no_such_course,
    no_such_project,
    share_of,
)
from control_plane.domain.courses import CourseRole
from control_plane.domain.errors import Forbidden, Unauthenticated
from control_plane.domain.people import Person
from control_plane.domain.project import ProjectRecord
from control_plane.services.people.people import People
from control_plane.services.tracing import bind_ids

SESSION_COOKIE: Final = "aimforge_session"
SECURE_SESSION_COOKIE: Final = "__Host-aimforge_session"
"""The session's cookie over TLS: browsers take it from this very host only, and send it nowhere else."""
READS: Final = frozenset({"GET", "HEAD"})
ANYBODY: Final = Person(id="", name="")
"""Stands for the caller of a public route."""


class Projects(Protocol):
    """What the guard asks of the project service; answered from memory."""

    def find(self, project_id: str) -> ProjectRecord | None: ...


class Grants(Protocol):
    """What the guard asks about shares; answered from memory."""

    def granted(self, project_id: str, person_id: str) -> Share: ...


class NoGrants:
    """Where there is one person, nothing is shared."""

    def granted(self, project_id: str, person_id: str) -> Share:
        """Return that nothing was given."""
        return Share.NONE


class CourseLookup(Protocol):
    """What the guard asks about courses; answered from memory."""

    def exists(self, course_id: str) -> bool: ...
    def role_in(self, course_id: str, person_id: str) -> CourseRole | None:
        """Return what the list of members says of a person."""
        ...


class NoCourses:
    """Where there is one person, there are no courses."""

    def exists(self, course_id: str) -> bool:
        """Return that there is none."""
        return False

    def role_in(self, course_id: str, person_id: str) -> CourseRole | None:
        """Return that nobody is in it."""
        return None


class Guard:
    """Checks requests. Holds no state besides its configuration, touches no database, and never waits."""

    def __init__(
        self,
        people: People,
        projects: Projects,
        *,
        hosts: frozenset[str],
        origins: frozenset[str] = frozenset(),
        grants: Grants | None = None,
        courses: CourseLookup | None = None,
        cookie: str = SESSION_COOKIE,
        metrics_token: str = "",
    ) -> None:
        """``hosts`` are names without port; one that starts with a dot allows all names below it."""
        self.cookie = cookie
        self._people = people
        self._projects = projects
        self._grants = grants or NoGrants()
        self._courses = courses or NoCourses()
        self._metrics_token = metrics_token
        self._names = frozenset(name for name in hosts if not name.startswith("."))
        self._suffixes = tuple(name for name in hosts if name.startswith("."))
        self._origins = origins

    def authorize(self, connection: HTTPConnection, policy: Policy, project_id: str | None = None) -> Person:
        """Return who asks, if they may. Raises ``Unauthenticated``, ``Forbidden``, ``NotFound``."""
        headers = connection.headers
        host = headers.get("host", "")
        self._check_host(host)
        origin = headers.get("origin")
        if origin is not None:
            self._check_origin(origin, host)
        if policy is Policy.PUBLIC:
            return ANYBODY
        if policy is Policy.METRICS and self._holds_metrics_token(headers):
            return ANYBODY
        person = self._identify(connection, headers, has_origin=origin is not None)
        check_role(policy, person, writes=not _is_plain_read(connection) and connection.scope["type"] == "http")
        if project_id is not None:
            self.check_project(policy, person, project_id)
        return person

    def check_project(self, policy: Policy, person: Person, project_id: str) -> ProjectRecord:
        """Return the project if the person may do this in it. Raises ``NotFound``, ``Forbidden``."""
        project = self._projects.find(project_id)
        if project is None:
            raise no_such_project(project_id)
        check_project(policy, person, project, self._grants.granted(project_id, person.id))
        return project

    def check_course(self, policy: Policy, person: Person, course_id: str) -> None:
        """Raise ``NotFound`` or ``Forbidden`` unless the person may do this in the course."""
        if not self._courses.exists(course_id):
            raise no_such_course(course_id)
        check_course(policy, person, course_id, self._courses.role_in(course_id, person.id))

    def share_of(self, person: Person, project_id: str) -> Share:
        """Tell what the person is in a project."""
        project = self._projects.find(project_id)
        if project is None:
            return Share.NONE
        return share_of(person, project, self._grants.granted(project_id, person.id))

    def viewer(self, project_id: str, person_id: str, via: str) -> Person:
        """Return a person who came earlier, if they may still see the project. Raises ``Unauthenticated``, ``NotFound``."""
        person = self._people.current(person_id, via)
        if person is None:
            raise Unauthenticated(self._people.sign_in)
        self.check_project(Policy.VIEW, person, project_id)
        return person

    def _holds_metrics_token(self, headers: Mapping[str, str]) -> bool:
        given = headers.get("authorization", "").removeprefix("Bearer ").encode("utf-8", "surrogateescape")
        return bool(self._metrics_token) and hmac.compare_digest(given, self._metrics_token.encode())

    def _identify(self, connection: HTTPConnection, headers: Mapping[str, str], *, has_origin: bool) -> Person:
        authorization = headers.get("authorization")
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            person = self._people.by_token(token.strip()) if scheme.lower() == "bearer" else None
            if person is None:
                raise Unauthenticated("The token is not valid here. " + self._people.sign_in)
            return person
        session = connection.cookies.get(self.cookie)
        person = self._people.by_session(session) if session else None
        if person is None:
            raise Unauthenticated(self._people.sign_in)
        if not has_origin and not _is_plain_read(connection):
            raise Forbidden("A session needs the Origin header here; programs use a bearer token instead.")
        return person

    def _check_host(self, host: str) -> None:
        name = _host_name(host)
        if name not in self._names and not name.endswith(self._suffixes or ("\0",)):
            raise Forbidden(f"This server does not answer to the name {name[:80]!r}: add it to AIMFORGE_ALLOWED_HOSTS.")

    def _check_origin(self, origin: str, host: str) -> None:
        scheme, separator, rest = origin.partition("://")
        if separator and scheme in ("http", "https") and rest == host:
            return
        if origin not in self._origins:
            raise Forbidden(f"Pages of {origin[:80]!r} may not use this server: see AIMFORGE_ALLOWED_ORIGINS.")


def _is_plain_read(connection: HTTPConnection) -> bool:
    return connection.scope["type"] == "http" and connection.scope["method"] in READS


def _host_name(host: str) -> str:
    """Return the name in a Host header, lower case, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


async def authorize_websocket(websocket: WebSocket, policy: Policy, project_id: str | None) -> Person:
    """Return who opens this socket, if they may. Call it before ``accept``. Raises like ``Guard.authorize``."""
    guard: Guard = websocket.app.state.services.guard
    return guard.authorize(websocket, policy, project_id)


class GuardedWebSocketRoute(WebSocketRoute):
    """A socket's route that knows its policy."""

    policy: Policy


def guarded_socket(path: str, endpoint: Callable[[WebSocket], Awaitable[None]], policy: Policy) -> WebSocketRoute:
    """Build the route of a socket that is authorized before the endpoint runs.

    The project is the path's ``project_id``, else the query's; a policy about projects without one is refused.
    """

    async def guarded(websocket: WebSocket) -> None:
        project_id = websocket.path_params.get("project_id") or websocket.query_params.get("project_id")
        if project_id is None and policy in PROJECT_POLICIES:
            project_id = ""
        websocket.state.person = await authorize_websocket(websocket, policy, project_id)
        bind_ids(project_id=project_id or "")
        await endpoint(websocket)

    route = GuardedWebSocketRoute(path, guarded, name=getattr(endpoint, "__name__", path))
    route.policy = policy
    return route
