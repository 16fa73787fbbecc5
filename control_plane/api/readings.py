"""How JSON of others is read. What is large is read in a process of its own: by functions of bytes, which give bytes.

Those raise ``SandboxMisbehaved`` for an agent's answer that is not as agreed, ``request_shape`` what a client is told.
"""

from dataclasses import MISSING, fields
from functools import cache
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from control_plane.api.schemas import NodeRun
from control_plane.domain.errors import BadRequest, Invalid, NotFound, SandboxMisbehaved
from control_plane.services.unreadable import UNREADABLE
from sandbox_image.wire.events import NodeFinished
from sandbox_image.wire.project import Project
from sandbox_image.wire.runs import RunError, RunResult, RunStatus

T = TypeVar("T")
HTML: Final = "text/html"


class RunWords(msgspec.Struct):
    """What is told of a run besides its answer."""

    run_id: str
    status: RunStatus


@cache
def decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    """Return the decoder of a type; made once."""
    return msgspec.json.Decoder(type_)


def parse(body: bytes, type_: type[T]) -> T:
    """Decode a client's JSON. Raises ``BadRequest`` when it is none, ``Invalid`` when it does not have the type's shape."""
    try:
        return decoder(type_).decode(body)
    except msgspec.ValidationError as error:
        raise Invalid(f"The request's body is not as expected: {error}.") from error
    except UNREADABLE as error:
        raise BadRequest(f"The request's body is no JSON: {error}.") from error


def parse_as_written(body: bytes, type_: type[Any]) -> Any:
    """Decode a client's JSON as ``parse`` does, except that fields of any JSON stay as they were written: ``msgspec.Raw``."""
    decoded: Any = parse(body, as_written(type_))
    for field in fields(type_):
        raw = getattr(decoded, field.name)
        if isinstance(raw, msgspec.Raw) and field.type == dict[str, Any] and not bytes(raw).startswith(b"{"):
            raise Invalid(f"The request's body is not as expected: Expected `object` - at `$.{field.name}`.")
    return decoded


@cache
def as_written(type_: type[Any]) -> type[Any]:
    """Return the type that ``parse_as_written`` decodes by, of a dataclass."""
    found: list[tuple[str, Any, Any]] = []
    for field in fields(type_):
        hint, default = field.type, field.default
        if hint == dict[str, Any]:
            hint, default = msgspec.Raw, msgspec.Raw(b"{}")
        elif hint == Any | msgspec.UnsetType:
            hint = msgspec.Raw | msgspec.UnsetType
        found.append((field.name, hint, msgspec.field() if default is MISSING else msgspec.field(default=default)))
    return msgspec.defstruct(type_.__name__, found, kw_only=True)


def request_shape(body: bytes, type_: Any) -> bytes:
    """Check a client's JSON, as ``parse`` does."""
    parse(body, type_)
    return b""


def answer_shape(body: bytes, type_: Any, *or_types: Any) -> bytes:
    """Check that an agent's JSON has the shape of one of the types."""
    for each in (type_, *or_types)[:-1]:
        try:
            decoder(each).decode(body)
        except UNREADABLE:
            continue
        return b""
    shaped(body, (type_, *or_types)[-1])
    return b""


def named_project(body: bytes, project_id: str, name: str) -> bytes:
    """Give a graph the id and the name that its folder does not know."""
    return msgspec.json.encode(replace(shaped(body, Project), id=project_id, name=name))


def run_answer(body: bytes, node_id: str | None, end: RunError | None) -> bytes:
    """Return a run as clients get it, or of one node's run that node; before it, in a line, ``RunWords``.

    With ``end``, that is why what was lost is lost.
    """
    result: RunResult = shaped(body, RunResult)
    if end is not None:
        result = ended(result, end)
    words = msgspec.json.encode(RunWords(result.run_id, result.status))
    return words + b"\n" + msgspec.json.encode(as_asked(result, node_id))


def as_asked(result: RunResult, node_id: str | None) -> RunResult | NodeRun:
    """Return a run, or of one node's run that node."""
    return result if node_id is None else NodeRun.of(result, node_id)


def ended(result: RunResult, end: RunError) -> RunResult:
    """Say of a run that its agent ended as lost who or what ended the sandbox."""
    nodes = {
        node_id: replace(node, error=end) if node.status is RunStatus.LOST else node
        for node_id, node in result.nodes.items()
    }
    return replace(result, nodes=nodes, error=end)


def lost_node(data: bytes, end: RunError) -> bytes:
    """Say of a node that its agent ended as lost, in the data of its event, who or what ended the sandbox."""
    finished: NodeFinished = shaped(data, NodeFinished)
    return msgspec.json.encode(replace(finished, result=replace(finished.result, error=end)))


def output_page(body: bytes, node_id: str, display: str) -> bytes:
    """Return the HTML of a node's value in a run, or of its display of that number. Raises ``NotFound`` and ``Invalid``."""
    node = shaped(body, RunResult).nodes.get(node_id)
    if node is None:
        raise NotFound(f"The run has no node {node_id[:100]!r}.", node_id=node_id[:100])
    if display and not (display.isascii() and display.isdecimal() and len(display) <= 6):
        raise Invalid(f"{display[:20]!r} is no number of a display.", field="display")
    outputs = node.displays[int(display) :] if display else [node.output]
    html = outputs[0].mime.get(HTML) if outputs and outputs[0] is not None else None
    if html is None:
        raise NotFound(f"The node {node_id[:100]!r} returned no HTML in this run.", node_id=node_id[:100])
    return html.encode() if isinstance(html, str) else msgspec.json.encode(html)


def shaped(body: bytes, type_: Any) -> Any:
    """Decode an agent's answer."""
    try:
        return decoder(type_).decode(body)
    except UNREADABLE as error:
        raise SandboxMisbehaved(f"The sandbox's answer is not as agreed: {error}.") from error
