"""WebSockets between a page and a server in the sandbox."""

import asyncio
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from sandbox_image.wire.closing import CLOSINGS, CloseCode

from .headers import handshake_to_server
from .upstream import CONNECT_SEC, nothing_listens

MAX_MESSAGE: Final = 16 * 1024 * 1024


async def serve_socket(port: int, target: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Pass messages both ways until one side ends, whose close code the other one gets."""
    # Imported here: few sandboxes are asked for it, and it is not small.
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidHandshake, InvalidMessage

    class OwnConnect(connect):
        def process_redirect(self, exc: Exception) -> Exception:
            """Never followed: it could lead to any host."""
            return exc

    await receive()
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in handshake_to_server(scope["headers"])
    ]
    agent = next((value for name, value in headers if name == "user-agent"), None)
    try:
        server = await OwnConnect(
            f"ws://127.0.0.1:{port}{target}",
            additional_headers=[(name, value) for name, value in headers if name not in {"origin", "user-agent"}],
            user_agent_header=agent,
            # A development server compares it with its own host.
            origin=f"http://localhost:{port}",  # type: ignore[arg-type]
            subprotocols=scope.get("subprotocols") or None,
            compression=None,
            proxy=None,
            max_size=MAX_MESSAGE,
            max_queue=4,
            open_timeout=CONNECT_SEC,
            ping_interval=None,
        )
    except (OSError, TimeoutError, InvalidHandshake, InvalidMessage):
        await send({"type": "websocket.accept"})
        reason = nothing_listens(port).message[:120]
        await send({"type": "websocket.close", "code": CloseCode.SANDBOX_UNAVAILABLE, "reason": reason})
        return
    async with server:
        await send({"type": "websocket.accept", "subprotocol": server.subprotocol})
        await _pass_both_ways(server, receive, send)


async def _pass_both_ways(server: Any, receive: Receive, send: Send) -> None:
    async with asyncio.TaskGroup() as tasks:
        directions = {tasks.create_task(_to_server(server, receive)), tasks.create_task(_to_page(server, send))}
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        for task in directions:
            task.cancel()


async def _to_server(server: Any, receive: Receive) -> None:
    from websockets.exceptions import ConnectionClosed

    while (message := await receive())["type"] == "websocket.receive":
        data = message.get("bytes")
        try:
            await server.send(message["text"] if data is None else data)
        except ConnectionClosed:
            # The other direction tells the page why.
            await asyncio.Event().wait()
    await server.close(_code(message.get("code")), message.get("reason") or "")


async def _to_page(server: Any, send: Send) -> None:
    from websockets.exceptions import ConnectionClosed

    try:
        while True:
            data = await server.recv()
            await send({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})
    except ConnectionClosed as closed:
        code = _code(closed.rcvd.code if closed.rcvd else CloseCode.SANDBOX_UNAVAILABLE)
        reason = closed.rcvd.reason if closed.rcvd else CLOSINGS[CloseCode.SANDBOX_UNAVAILABLE].sentence
        await send({"type": "websocket.close", "code": code, "reason": reason})
    except OSError:
        # The page has gone; the other direction ends.
        await asyncio.Event().wait()


def _code(code: int | None) -> int:
    """A code that may be sent: some only say how a connection ended."""
    return code if code is not None and code not in {1004, 1005, 1006, 1015} else CloseCode.NORMAL
