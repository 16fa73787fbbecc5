"""Gives the nodes of a whole new graph their files: kept with the title, renamed with it, made for new nodes."""

from collections.abc import Mapping

from msgspec.structs import replace

from sandbox_image.wire.project import Node, NodeKind, Ports

from .names import Taken, checked_name, file_for


def placed(nodes: list[Node], old: Mapping[str, Node], taken: Taken) -> list[Node]:
    """``nodes`` with checked titles and the files they shall have. What a client says of files and ports is ignored.

    No file is given to a node that any other node has now, so that renaming in any order overwrites nothing.
    """
    result: list[Node] = []
    for node in nodes:
        title = checked_name(node.title, "title")
        file = ""
        if node.kind is NodeKind.CODE:
            before = old.get(node.id)
            if before is not None and before.file and before.title == title:
                file = before.file
            else:
                file = file_for(title, taken)
        result.append(replace(node, title=title, file=file, ports=Ports()))
    return result
