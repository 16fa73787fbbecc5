"""Operations: each HTTP route of the API, with its policy and all that its documentation needs.

A route can only be made from an ``Operation``, and an ``Operation`` cannot be made without a policy. The guard runs before
anything of the request is read.
"""

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from control_plane.api.dependencies import HELD, JSON, Call, Services
from control_plane.domain.access import CLOSED_IN_EXAM, COURSE_POLICIES, PROJECT_POLICIES, Policy
from control_plane.domain.audit import AuditAction
from control_plane.services.large_bodies import FREE
from control_plane.services.tracing import bind_ids
from sandbox_image.wire.errors import ErrorBody

Endpoint = Callable[[Call], Coroutine[Any, Any, Response]]
NDJSON: Final = "application/x-ndjson"
ZIP: Final = "application/zip"
BYTES: Final = "application/octet-stream"


RUNS: Final = {"execute_node": "node", "execute_flow": "flow"}
"""Operations that are counted as runs, and what kind."""
TYPE_MARK: Final = "x-type"
DOCUMENTED_TYPES: Final[dict[str, Any]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method on one path. ``body`` and ``answer`` are types of JSON bodies, or media types of others.

    A policy about a project takes the project from the path, else from the query; with ``project_in_body`` the endpoint
    itself calls ``Call.project`` once it has read which one is meant. A policy about a course takes it from the path's
    ``course_id``, else from its ``assignment_id``.
    """

    id: str
    method: str
    path: str
    policy: Policy
    tag: str
    summary: str
    endpoint: Endpoint
    description: str = ""
    body: Any = None
    answer: Any = None
    status: int = 200
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """Further media types of the answer."""
    or_answer: Any = None
    """The type that the JSON answer has instead, where a parameter of the query decides."""
    example: Any = None
    answer_example: Any = None
    project_in_body: bool = False
    audit: AuditAction | None = None
    """What is written down each time that it is done."""
    hidden: bool = False
    harmless_in_exam: Callable[[Request], bool] = lambda _: False
    """Of an operation that is closed in an exam: whether this request brings nothing in after all."""

    @property
    def path_parameters(self) -> list[str]:
        """Names of the path's parameters."""
        return re.findall(r"{(\w+)(?::\w+)?}", self.path)


class OperationRoute(APIRoute):
    """A route that knows its operation, and so its policy."""

    operation: Operation

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request to the end of its answer, with what it holds until then."""
        services: Services = scope["app"].state.services
        scope[HELD] = held = services.large_bodies.hold()
        try:
            await super().handle(scope, receive, in_pieces(send))
        finally:
            held.release()

    @property
    def policy(self) -> Policy:
        """What the route asks of its caller."""
        return self.operation.policy


def in_pieces(send: Send) -> Send:
    """Return a ``send`` that waits until a client has read a large body, all but the last piece: the server would keep it."""

    async def sending(message: Message) -> None:
        body: bytes = message.get("body", b"")
        if len(body) <= FREE:
            await send(message)
            return
        for begin in range(0, len(body), FREE):
            more = begin + FREE < len(body) or message.get("more_body", False)
            await send({"type": message["type"], "body": body[begin : begin + FREE], "more_body": more})

    return sending


def register(app: FastAPI, operation: Operation) -> None:
    """Add an operation's route to the app."""
    policy, endpoint = operation.policy, operation.endpoint
    by_path = "project_id" in operation.path_parameters
    about_project = policy in PROJECT_POLICIES and not operation.project_in_body
    if policy in COURSE_POLICIES and not {"course_id", "assignment_id"} & set(operation.path_parameters):
        message = f"{operation.id} is about a course: its path has to name the course or an assignment."
        raise ValueError(message)

    async def guarded(request: Request) -> Response:
        services: Services = request.app.state.services
        project_id: str | None = None
        if about_project:
            source = request.path_params if by_path else request.query_params
            project_id = source.get("project_id", "")
        call = Call(request, services, services.guard.authorize(request, policy, project_id))
        if project_id is not None:
            call.project_id = project_id
            bind_ids(project_id=project_id)
        if policy in COURSE_POLICIES:
            call.enter_course(policy)
        if operation.id in CLOSED_IN_EXAM and not operation.harmless_in_exam(request):
            response = await call.unless_exam(endpoint(call))
        else:
            response = await endpoint(call)
        if operation.audit is not None and response.status_code < 300:
            services.audit.record(operation.audit, call.actor, project_id=call.project_id)
        if operation.id in RUNS:
            services.metrics.runs[RUNS[operation.id]] += 1
        return response

    route = OperationRoute(
        operation.path,
        guarded,
        methods=[operation.method],
        response_model=None,
        response_class=Response,
        status_code=operation.status,
        tags=[operation.tag],
        summary=operation.summary,
        description=operation.description,
        operation_id=operation.id,
        name=operation.id,
        include_in_schema=not operation.hidden,
        openapi_extra=documented(operation),
    )
    route.operation = operation
    app.router.routes.append(route)


def documented(operation: Operation) -> dict[str, Any]:
    """Return what the OpenAPI document says of an operation besides what FastAPI knows."""
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in operation.path_parameters
    ]
    by_query = operation.policy in PROJECT_POLICIES and not operation.project_in_body
    if by_query and "project_id" not in operation.path_parameters:
        parameters.append({"name": "project_id", "in": "query", "required": True, "schema": {"type": "string"}})
    parameters += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in operation.query]
    parameters += [{"name": name, "in": "header", "schema": {"type": "string"}} for name in operation.headers]
    content: dict[str, Any] = media(operation.answer, operation.answer_example) if operation.answer is not None else {}
    if operation.or_answer is not None:
        content[JSON]["schema"] = {"oneOf": [mark(operation.answer), mark(operation.or_answer)]}
    for further in operation.also:
        content |= media(further)
    success: dict[str, Any] = {"description": "Done."}
    if content:
        success["content"] = content
    responses = {str(operation.status): success, "default": error_response()}
    extra: dict[str, Any] = {"parameters": parameters, "responses": responses}
    if operation.body is not None:
        extra["requestBody"] = {"required": True, "content": media(operation.body, operation.example)}
    extra["x-policy"] = operation.policy.value
    if operation.policy is Policy.PUBLIC:
        extra["security"] = []
    return extra


def media(type_: Any, example: Any = None) -> dict[str, Any]:
    """Describe a body: JSON of a type, or bytes of a media type."""
    if isinstance(type_, str):
        schema: dict[str, Any] = {"type": "string"} | ({} if type_.startswith("text/") else {"format": "binary"})
        return {type_: {"schema": schema}}
    described: dict[str, Any] = {"schema": mark(type_)}
    if example is not None:
        described["example"] = example
    return {JSON: described}


def mark(type_: Any) -> dict[str, str]:
    """Stand in for a type's schema until ``api.document`` builds them all at once, so that they can share components."""
    DOCUMENTED_TYPES[repr(type_)] = type_
    return {TYPE_MARK: repr(type_)}


def error_response() -> dict[str, Any]:
    """Describe the answer to whatever went wrong."""
    return {
        "description": "What went wrong, for people and for programs.",
        "content": {
            JSON: {
                "schema": mark(ErrorBody),
                "example": {
                    "error": "not_found",
                    "message": "There is no project 'abc'.",
                    "detail": {"project_id": "abc"},
                },
            }
        },
    }
