"""What a node of a run got and gave: the pieces of ``NodeResult``, and values by port."""

from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sandbox_image.agent.executor import JsonInput, Outcome, Value
from sandbox_image.wire.limits import KIB, MAX_JSON_BODY
from sandbox_image.wire.project import Node
from sandbox_image.wire.runs import NodeResult, Output, RunError, RunResult, RunStatus

TAIL: Final = 16 * KIB
"""Characters of stdout and stderr that are left of each node when a run is too large for one answer."""

Given = Value | JsonInput


class Produced(Struct):
    """The values of a node's ports, with their digests where these are known already."""

    values: dict[str, Given]
    output: Output | None = None
    json_digest: str = ""
    """Digest of the value of an input node."""

    async def digest(self, port: str) -> str:
        """Return the content digest of a port's value. Raises ``OSError``."""
        value = self.values[port]
        return self.json_digest if isinstance(value, JsonInput) else await value.digest()

    def known_digest(self, port: str) -> str:
        """Return the content digest of a port's value, empty while it is being computed."""
        value = self.values[port]
        return self.json_digest if isinstance(value, JsonInput) else value.known_digest


def named_frames(error: RunError, nodes_by_file: dict[str, str]) -> RunError:
    """Return the error with the node of each frame filled in."""
    return replace(error, frames=[replace(frame, node=nodes_by_file.get(frame.file, "")) for frame in error.frames])


def ran(node: Node, outcome: Outcome, started_ms: float, reason: str, nodes_by_file: dict[str, str]) -> NodeResult:
    """Return the result of a node that ran."""
    return NodeResult(
        node_id=node.id,
        status=outcome.status,
        output=outcome.output,
        displays=outcome.displays,
        stdout=outcome.stdout,
        stderr=outcome.stderr,
        error=named_frames(outcome.error, nodes_by_file) if outcome.error else None,
        duration_ms=outcome.duration_ms,
        started_ms=started_ms,
        reason=reason,
    )


def failed(node_id: str, error: RunError, started_ms: float) -> NodeResult:
    """Return the result of a node that could not start."""
    return NodeResult(node_id=node_id, status=RunStatus.FAILED, error=error, started_ms=started_ms)


def skipped(node_id: str, reason: str) -> NodeResult:
    """Return the result of a node whose turn did not come."""
    return NodeResult(node_id=node_id, status=RunStatus.SKIPPED, reason=reason)


def encoded(result: RunResult) -> bytes:
    """Return a run as JSON within ``MAX_JSON_BODY``: what is too large is left out, step by step, and says so."""
    data = msgspec.json.encode(result)
    for smaller in (_short_text, _without_displays, _without_content):
        if len(data) <= MAX_JSON_BODY:
            return data
        result = replace(result, nodes={node: smaller(found) for node, found in result.nodes.items()})
        data = msgspec.json.encode(result)
    return data


def _short_text(result: NodeResult) -> NodeResult:
    def tail(text: str) -> str:
        return text if len(text) <= TAIL else f"… {len(text) - TAIL} characters left out …\n{text[-TAIL:]}"

    return replace(result, stdout=tail(result.stdout), stderr=tail(result.stderr))


def _without_displays(result: NodeResult) -> NodeResult:
    if not result.displays:
        return result
    note = f"{len(result.displays)} displays were left out: the run is too large for one answer. Its events have them."
    return replace(result, displays=[Output(type="note", mime={"text/plain": note}, truncated=True, note=note)])


def _without_content(result: NodeResult) -> NodeResult:
    output = result.output
    if output is not None:
        note = "The run is too large for one answer; run this node alone to see it."
        output = replace(output, mime={"text/plain": f"<{output.type}>"}, truncated=True, note=note)
    return replace(result, output=output, stdout="", stderr="", displays=[])
