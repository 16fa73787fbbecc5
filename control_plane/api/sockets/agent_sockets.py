"""Sockets that lead to an agent: terminals and language servers.

::

    browser                    control plane                          agent
       │  GET, Upgrade              │                                   │
       ├───────────────────────────▶│ guard: who, Origin, policy        │
       │◀── 101 ────────────────────┤                                   │
       │                            │ sandbox ready? start or wake it   │
       │                            ├── GET, Upgrade, token ───────────▶│
       │◀═══════ messages ═════════▶│◀════════ messages ═══════════════▶│
       │◀── close 40xx, sentence ───┤◀── close, or the container ends ──┤
"""

from typing import Final
from urllib.parse import quote, urlencode

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from control_plane.api.guard import guarded_socket
from control_plane.api.sockets.relay import Relay, Rules, close, code_of
from control_plane.domain.access import Policy, Share
from control_plane.domain.errors import AimforgeError
from control_plane.domain.people import Person
from sandbox_image.sockets.serving import served_socket
from sandbox_image.wire.closing import CloseCode
from sandbox_image.wire.language import LanguageServerKind
from sandbox_image.wire.limits import MAX_LSP_MESSAGE, MAX_TERMINAL_INPUT, MAX_TERMINAL_OUTPUT
from sandbox_image.wire.terminals import OUTPUT_HEADER

TERMINAL: Final = Rules(max_message=MAX_TERMINAL_INPUT + 1, is_input=lambda message: isinstance(message, bytes))
EDITS: Final = (b'"textDocument/didChange"', b'"textDocument/completion"', b'"workspace/executeCommand"')


def is_edit(message: str | bytes) -> bool:
    """Tell an editor's user from its chatter. Some clients send JSON-RPC in binary frames."""
    head = message[:300]
    start = head.encode("utf-8", "replace") if isinstance(head, str) else head
    return any(edit in start for edit in EDITS)


LANGUAGE: Final = Rules(max_message=MAX_LSP_MESSAGE, is_input=is_edit)


async def terminal(websocket: WebSocket) -> None:
    """``WS /api/terminal/{project_id}/{terminal_id}?from=OFFSET``: frames as in ``wire/terminals.py``."""
    terminal_id = quote(websocket.path_params["terminal_id"], safe="")
    offset = websocket.query_params.get("from")
    query = urlencode({"from": offset}) if offset is not None else ""
    await serve(
        websocket,
        "terminal",
        f"/terminals/{terminal_id}/attach",
        query,
        TERMINAL,
        from_agent=MAX_TERMINAL_OUTPUT + OUTPUT_HEADER.size,
    )


async def language(websocket: WebSocket) -> None:
    """``WS /api/lsp/{kind}?project_id=``: one JSON-RPC message a text frame."""
    kind = websocket.path_params["kind"]
    if kind not in frozenset(LanguageServerKind):
        await websocket.accept()
        await close(websocket, CloseCode.NOT_FOUND, f"There is no language server {kind[:40]!r}: ask pyright or ruff.")
        return
    await serve(websocket, "lsp", f"/lsp/{kind}", "", LANGUAGE, from_agent=MAX_LSP_MESSAGE)


async def serve(websocket: WebSocket, kind: str, path: str, query: str, rules: Rules, *, from_agent: int) -> None:
    """Accept a socket that the guard let through, and relay it to ``path`` of its project's agent."""
    services = websocket.app.state.services
    person: Person = websocket.state.person
    project_id = websocket.path_params.get("project_id") or websocket.query_params["project_id"]
    share: Share = services.guard.share_of(person, project_id)
    view_only = share not in (Share.OWNER, Share.EDITOR)
    await websocket.accept()
    try:
        with services.open_sockets.register(person.id, project_id, kind, person.via, share) as registered:
            address = await services.sandboxes.ensure_ready(project_id)
            async with services.link.connect(
                address, path, query=query, user=person.name, view_only=view_only, max_message=from_agent
            ) as agent:
                code = await Relay(served_socket(websocket.scope), agent, address, services.sandboxes, rules).run(
                    registered.closing
                )
    except AimforgeError as error:
        await close(websocket, code_of(error), error.message)
    except WebSocketDisconnect:
        return
    else:
        await close(websocket, code)


def routes() -> list[WebSocketRoute]:
    """The routes of this module."""
    return [
        guarded_socket("/api/terminal/{project_id}/{terminal_id}", terminal, Policy.VIEW),
        guarded_socket("/api/lsp/{kind}", language, Policy.VIEW),
    ]
