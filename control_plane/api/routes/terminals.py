"""Terminals of a project; their sockets are in ``api.sockets``."""

from typing import Final

from control_plane.api.operation import Operation
from control_plane.api.passing import passed
from control_plane.domain.access import Policy
from sandbox_image.wire.terminals import NewTerminal, Terminal, TerminalPatch

TAG: Final = "terminals"
PROJECT: Final = "/api/project/{project_id}"

OPERATIONS: Final[list[Operation]] = [
    passed(
        "list_terminals",
        "GET",
        PROJECT + "/terminals",
        "/terminals",
        Policy.VIEW,
        TAG,
        "List terminals",
        touches=False,
        answer=list[Terminal],
    ),
    passed(
        "open_terminal",
        "POST",
        PROJECT + "/terminals",
        "/terminals",
        Policy.EDIT,
        TAG,
        "Open a terminal",
        body=NewTerminal,
        answer=Terminal,
        status=201,
    ),
    passed(
        "rename_terminal",
        "PATCH",
        PROJECT + "/terminals/{terminal_id}",
        "/terminals/{terminal_id}",
        Policy.EDIT,
        TAG,
        "Rename a terminal",
        body=TerminalPatch,
        answer=Terminal,
    ),
    passed(
        "close_terminal",
        "DELETE",
        PROJECT + "/terminals/{terminal_id}",
        "/terminals/{terminal_id}",
        Policy.EDIT,
        TAG,
        "Close a terminal",
        status=204,
    ),
]
