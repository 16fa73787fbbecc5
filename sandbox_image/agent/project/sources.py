"""The source files of code nodes: where they lie, how they are written, and where they go when their node goes."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_CODE
from sandbox_image.wire.project import Node

from .flow_file import NODE_FOLDER
from .folder import STATE_FOLDER, Folder, Signature
from .names import Taken

TRASH: Final = f"{STATE_FOLDER}/trash"
EMPTY_SOURCE: Final = b"def main(input_data):\n    return input_data\n"


class Sources:
    """Reads and writes the files of nodes."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def read(self, node: Node) -> bytes:
        """A node's source. Raises NOT_FOUND when somebody deleted the file."""
        try:
            return self._folder.read(node.file, MAX_CODE)[0]
        except FileNotFoundError as error:
            message = f"{node.file}, the source of {node.title!r}, is missing. Save the node to write it anew."
            raise AgentError(ErrorCode.NOT_FOUND, message, path=node.file) from error

    def etag(self, node: Node) -> str:
        """The entity tag of a node's source, empty when the file is missing."""
        try:
            return code_etag(self._folder.read(node.file, MAX_CODE)[0])
        except FileNotFoundError:
            return ""

    def write(self, node: Node, source: bytes) -> None:
        """Replace a node's source."""
        self._folder.write(node.file, source)

    def place(self, nodes: Iterable[Node], new: Mapping[str, bytes], old: Mapping[str, Node]) -> dict[str, Signature]:
        """Write the sources of new nodes and move those whose file got another name. Returns the new files by node."""
        written: dict[str, Signature] = {}
        for node in nodes:
            if node.id in new:
                written[node.id] = self._folder.write(node.file, new[node.id])
            elif node.file and node.file != old[node.id].file:
                self._folder.move(old[node.id].file, node.file)
        return written

    def discard(self, node: Node) -> None:
        """Move the source of a deleted node to the trash, from where an undo takes it back."""
        if node.file:
            self._folder.make(TRASH)
            self._folder.move(node.file, f"{TRASH}/{node.id}.py")

    def initial(self, node_id: str, given: str | None) -> bytes:
        """The source of a new node: the given one, else the one it had before it was deleted, else an empty ``main``."""
        if given is not None:
            return checked_source(given)
        try:
            return self._folder.read(f"{TRASH}/{node_id}.py", MAX_CODE)[0]
        except FileNotFoundError:
            return EMPTY_SOURCE

    def occupied(self, nodes: Iterable[Node]) -> Taken:
        """Paths that a new source must not have: those of nodes, and files that lie there without a node."""
        return Taken(
            [*(node.file for node in nodes), *(f"{NODE_FOLDER}/{name}" for name in self._folder.names(NODE_FOLDER))]
        )


def checked_source(source: str | bytes) -> bytes:
    """A source as bytes. Raises TOO_LARGE, and INVALID with the line for one that is no UTF-8."""
    try:
        data = source.encode() if isinstance(source, str) else source
        data.decode()
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        before = source[:start]
        line = (before.count("\n") if isinstance(before, str) else before.count(b"\n")) + 1
        raise AgentError(
            ErrorCode.INVALID, f"The source is not UTF-8 in line {line}.", field="code", line=line
        ) from error
    if len(data) > MAX_CODE:
        message = f"The source has {len(data)} bytes; the limit is {MAX_CODE}. Move data into files."
        raise AgentError(ErrorCode.TOO_LARGE, message, limit=MAX_CODE)
    return data


def code_etag(source: bytes) -> str:
    """The entity tag of a source, quotes included."""
    return f'"{hashlib.sha256(source).hexdigest()[:24]}"'
