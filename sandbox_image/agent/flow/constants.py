"""Nodes that need no process: what a person typed into an input node, and how it is shown."""

from typing import Any, Final

import msgspec

from sandbox_image.agent.executor import JsonInput
from sandbox_image.wire.limits import MAX_PREVIEW
from sandbox_image.wire.project import Node
from sandbox_image.wire.runs import Output

from . import digests

TYPES: Final[dict[type, str]] = {
    str: "str",
    int: "int",
    float: "float",
    bool: "bool",
    list: "list",
    dict: "dict",
    type(None): "NoneType",
}


class MissingFile(Exception):
    """An input node names a file that the workspace does not have."""


def constant(node: Node, given: dict[str, Any], files: digests.FileDigests) -> tuple[JsonInput, str]:
    """Return an input node's value and its digest. A file counts with its content. Raises ``MissingFile``. May block."""
    value = given["value"] if "value" in given else node.settings.get("value")
    digest = digests.of_json(value)
    if node.settings.get("input") == "file" and value:
        content = files.of(str(value))
        if not content:
            raise MissingFile(f"The workspace has no file {str(value)[:200]!r}, which {node.title} names.")
        digest = digests.of_json([value, content])
    return JsonInput(value), digest


def shown(value: Any) -> Output:
    """Return the representations of a JSON value."""
    encoded = msgspec.json.encode(value)
    text = repr(value if len(encoded) <= MAX_PREVIEW else str(value)[: MAX_PREVIEW // 4])[: MAX_PREVIEW // 4]
    mime: dict[str, Any] = {"text/plain": text}
    cut = len(encoded) > MAX_PREVIEW // 2
    if not cut:
        mime["application/json"] = value
    note = "the value is too large to be shown whole" if cut else ""
    return Output(type=_class_name(value), mime=mime, size=len(encoded), truncated=cut, note=note)


def _class_name(value: Any) -> str:
    return next((name for kind, name in TYPES.items() if isinstance(value, kind)), "object")
