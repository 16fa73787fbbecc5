"""Passing requests on to a project's agent, and its answers back.

What comes from a sandbox is hostile: JSON must have the shape that the operation promises, bytes are only ever offered as
a download, and no header passes but the few that are named here.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import structlog
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from control_plane.api.dependencies import JSON, Call
from control_plane.api.operation import BYTES, NDJSON, ZIP, Operation
from control_plane.api.readings import answer_shape, request_shape
from control_plane.domain.access import Policy
from control_plane.domain.errors import AimforgeError, BadRequest, Conflict, Invalid, SandboxMisbehaved, TooLarge
from control_plane.ports import AgentAddress, AgentStream
from control_plane.services.agent_answers import raise_for_agent
from sandbox_image.wire.limits import MAX_ANSWER, MAX_CODE, MAX_JSON_BODY, MAX_UPLOAD

log = structlog.stdlib.get_logger()

TO_AGENT: Final = ("if-match", "if-none-match", "range", "if-range")
FROM_AGENT: Final = ("etag", "graph-etag-before", "graph-etag", "content-range", "accept-ranges", "content-length")
TEXT: Final = frozenset({"text/plain", "text/x-python"})
DOWNLOAD: Final = {
    "content-disposition": "attachment",
    "content-security-policy": "sandbox; default-src 'none'",
    "cache-control": "private, no-cache",
}
"""Bytes of a workspace are never shown by the browser on our origin."""
QUIET_SEC: Final = 60.0
QUIET_RUN_SEC: Final = 24 * 3600.0
"""A run says nothing while its nodes do not; how long they may take is the agent's business, which ends what takes too long."""
GOOD: Final = frozenset({200, 201, 202, 204, 206, 304})


Watch = Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]
"""Sees the lines of events on their way, once they are checked, and passes them on."""


def unwatched(lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass lines on as they are."""
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """How an operation is passed on. ``path`` is the agent's, with the names of the operation's path parameters."""

    path: str
    timeout_sec: float = 60.0
    touches: bool = True
    """Whether asking counts as use; polling must not keep a sandbox awake."""
    wakes: bool = True
    """Whether a sandbox that is not ready is made so; otherwise the answer is a conflict."""
    watch: Callable[[Call, AgentAddress], Watch] = lambda _, __: unwatched
    """Makes what watches the lines of one streamed answer."""


async def find_agent(call: Call, how: Passing) -> AgentAddress:
    """Return the agent of the call's project. Raises ``Conflict`` where the sandbox is not to be woken for this."""
    sandboxes = call.services.sandboxes
    if how.wakes:
        return await sandboxes.ensure_ready(call.project_id, touch=how.touches)
    address = sandboxes.address_of(call.project_id)
    if address is None:
        raise Conflict("The sandbox is not running; it starts with your next action.", project_id=call.project_id)
    return address


def agent_path(call: Call, how: Passing) -> str:
    """Fill the agent's path with the request's parameters."""
    parameters = {name: quote(value, safe="") for name, value in call.request.path_params.items()}
    return how.path.format_map(parameters)


def agent_query(call: Call, names: tuple[str, ...]) -> str:
    """Pass on the query parameters that the operation has, and no others."""
    given = call.request.query_params
    return urlencode([(name, given[name]) for name in names if name in given])


def agent_headers(call: Call) -> dict[str, str]:
    """Pass on the headers that conditions and ranges are made of."""
    given = call.request.headers
    return {name: given[name] for name in TO_AGENT if name in given}


def our_headers(headers: Any) -> dict[str, str]:
    """Keep the headers of an agent's answer that are harmless; ``content-length`` only where a body is streamed."""
    return {name: headers[name] for name in FROM_AGENT if name in headers}


async def pass_json(call: Call, operation: Operation, how: Passing) -> Response:
    """Pass on a request whose answer is bounded: JSON, text or nothing."""
    body, headers = b"", agent_headers(call)
    if isinstance(operation.body, str):
        body = await call.body(MAX_CODE)
        headers["content-type"] = operation.body
    elif operation.body is not None:
        body = await call.body()
        await check_request(call, body, operation.body)
        headers["content-type"] = JSON
    address = await find_agent(call, how)
    got = await call.services.link.request(
        address,
        operation.method,
        agent_path(call, how),
        query=agent_query(call, operation.query),
        body=body,
        headers=headers,
        user=call.person.name,
        view_only=call.view_only,
        timeout_sec=how.timeout_sec,
        max_body=MAX_ANSWER,
        admit=call.admit_answer,
    )
    if got.status not in GOOD:
        raise_for_agent(got.status, got.body)
    kept = our_headers(got.headers)
    kept.pop("content-length", None)
    if got.status in (204, 304) or operation.answer is None:
        return Response(status_code=204 if operation.answer is None else got.status, headers=kept)
    if isinstance(operation.answer, str):
        return Response(got.body, got.status, kept | DOWNLOAD, f"{operation.answer}; charset=utf-8")
    await check_answer(call, got.body, operation.answer)
    return Response(got.body, got.status, kept, JSON)


async def check_request(call: Call, body: bytes, type_: Any) -> None:
    """Raise ``BadRequest`` or ``Invalid`` unless a client's JSON has the shape of the type."""
    await call.services.reader.read(call.person.id, request_shape, body, type_, refusal=Invalid)


async def check_answer(call: Call, body: bytes, *types: Any) -> None:
    """Raise ``SandboxMisbehaved`` unless an agent's answer has the shape of one of the types."""
    await call.services.reader.read(call.project_id, answer_shape, body, *types, refusal=SandboxMisbehaved)


def json_types(operation: Operation) -> list[Any]:
    """Return the types that an operation's JSON answer may have."""
    given = (operation.answer, operation.or_answer)
    return [type_ for type_ in given if type_ is not None and not isinstance(type_, str)]


async def pass_stream(call: Call, operation: Operation, how: Passing) -> Response:
    """Pass on a request whose body or answer is as large as it likes: piece by piece, both ways."""
    headers = agent_headers(call)
    if NDJSON in (operation.answer, *operation.also):
        headers["accept"] = NDJSON
    body: AsyncIterator[bytes] | bytes = b""
    if operation.body is not None:
        body = bounded(call)
        headers["content-type"] = str(operation.body)
    address = await find_agent(call, how)
    return await relay(
        call,
        address,
        operation.method,
        agent_path(call, how),
        agent_query(call, operation.query),
        body,
        headers,
        watch=how.watch(call, address),
        types=json_types(operation),
    )


async def relay(
    call: Call,
    address: AgentAddress,
    method: str,
    path: str,
    query: str,
    body: AsyncIterator[bytes] | bytes,
    headers: dict[str, str],
    watch: Watch = unwatched,
    types: Sequence[Any] = (),
) -> Response:
    """Send a request and answer with what the agent streams back. The sandbox counts as in use until the end.

    An answer of JSON has one of the ``types``.
    """
    services = call.services
    stack = AsyncExitStack()
    try:
        stack.enter_context(services.sandboxes.using(call.project_id))
        got = await stack.enter_async_context(
            services.link.stream(
                address,
                method,
                path,
                query=query,
                body=body,
                headers=headers,
                user=call.person.name,
                view_only=call.view_only,
                idle_timeout_sec=QUIET_RUN_SEC if headers.get("accept") == NDJSON else QUIET_SEC,
            )
        )
        if got.status not in GOOD:
            raise_for_agent(got.status, await collect(call, got))
        kind = got.headers.get("content-type", "").partition(";")[0].strip()
        if kind == JSON:
            content = await collect(call, got)
            if types:
                await check_answer(call, content, *types)
            await stack.aclose()
            return Response(content, got.status, pick(got, "etag"), JSON)
    except BaseException:
        await stack.aclose()
        raise
    if kind == NDJSON:
        lines = services.event_checks.checked_lines(call.project_id, got.body())
        return Relayed(stack, watch(lines), got.status, {"cache-control": "no-store"}, NDJSON)
    media_type = ZIP if kind == ZIP else BYTES
    return Relayed(stack, got.body(), got.status, our_headers(got.headers) | DOWNLOAD, media_type)


def pick(got: AgentStream, *names: str) -> dict[str, str]:
    """Return some of an answer's headers."""
    return {name: got.headers[name] for name in names if name in got.headers}


class Relayed(StreamingResponse):
    """Streams what an agent sends, and lets go of the agent at the end, also when the client went before the first byte."""

    def __init__(
        self, stack: AsyncExitStack, chunks: AsyncIterator[bytes], status: int, headers: dict[str, str], media_type: str
    ) -> None:
        super().__init__(chunks, status, headers, media_type)
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._stack:
            try:
                await super().__call__(scope, receive, send)
            except AimforgeError as error:
                # Its status has been sent: all that is left is to break off, which the client sees.
                log.warning("stream_broken_off", message=error.message)


async def collect(call: Call, got: AgentStream) -> bytes:
    """Read a streamed answer that must be small. Raises ``SandboxMisbehaved``."""
    parts: list[bytes] = []
    size = 0
    async for chunk in got.body():
        size += len(chunk)
        if size > MAX_JSON_BODY:
            raise SandboxMisbehaved("The sandbox's answer is too large.")
        parts.append(chunk)
        await call.admit_answer(size)
    return b"".join(parts)


async def bounded(call: Call) -> AsyncIterator[bytes]:
    """Stream an upload. Raises ``TooLarge``, and ``BadRequest`` when its length is no number."""
    declared = call.request.headers.get("content-length")
    if declared is not None and not declared.isdigit():
        raise BadRequest("The Content-Length of the request is no number.")
    size = int(declared or 0)
    if size > MAX_UPLOAD:
        raise TooLarge(f"At most {MAX_UPLOAD} bytes can be uploaded at once.", limit=MAX_UPLOAD)
    size = 0
    async for chunk in call.request.stream():
        size += len(chunk)
        if size > MAX_UPLOAD:
            raise TooLarge(f"At most {MAX_UPLOAD} bytes can be uploaded at once.", limit=MAX_UPLOAD)
        if chunk:
            yield chunk


def passed(
    id_: str,
    method: str,
    path: str,
    agent: str,
    policy: Policy,
    tag: str,
    summary: str,
    *,
    stream: bool = False,
    timeout_sec: float = 60.0,
    touches: bool = True,
    wakes: bool = True,
    watch: Callable[[Call, AgentAddress], Watch] = lambda _, __: unwatched,
    **more: Any,
) -> Operation:
    """Make an operation that is passed on to the agent as it is; ``more`` are further fields of ``Operation``."""
    how = Passing(path=agent, timeout_sec=timeout_sec, touches=touches, wakes=wakes, watch=watch)
    do = pass_stream if stream else pass_json

    async def endpoint(call: Call) -> Response:
        return await do(call, operation, how)

    operation = Operation(
        id=id_, method=method, path=path, policy=policy, tag=tag, summary=summary, endpoint=endpoint, **more
    )
    return operation
