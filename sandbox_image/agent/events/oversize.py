"""What an event is cut down to when it is larger than the wire allows."""

from typing import Any

from msgspec.structs import replace

from sandbox_image.wire.events import FilesChanged, NodeDisplay, NodeFinished
from sandbox_image.wire.runs import NodeResult, Output

_NOTE = "Too large for the event stream; read the run's result instead."


def shrink(data: Any) -> Any | None:
    """A smaller event that still says what happened, or None where there is none.

    A finished node's text came before as stream events, and its outputs can be read with the run.
    """
    if isinstance(data, FilesChanged):
        return FilesChanged(overflow=True)
    if isinstance(data, NodeDisplay):
        return replace(data, output=_without_content(data.output))
    if isinstance(data, NodeFinished):
        return replace(data, result=_outline(data.result))
    return None


def _outline(result: NodeResult) -> NodeResult:
    output = _without_content(result.output) if result.output else None
    error = replace(result.error, message=result.error.message[:4096]) if result.error else None
    return replace(result, stdout="", stderr="", displays=[], output=output, error=error)


def _without_content(output: Output) -> Output:
    return replace(output, mime={"text/plain": _NOTE}, truncated=True, note=_NOTE)
