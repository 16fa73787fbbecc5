"""A relay between a browser's side, served by uvicorn as the control plane is, and an agent's, both of which a test plays."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
import websockets
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.server import ServerConnection, unix_serve

from control_plane.adapters.agent_link.link import UnixAgentLink
from control_plane.api.sockets.relay import Relay, Rules, close
from control_plane.domain.sandbox import EndReason
from control_plane.ports import AgentAddress
from control_plane.services.open_sockets import OpenSockets
from sandbox_image.sockets.serving import ServingProtocol, served_socket

ADDRESS = AgentAddress(project_id="p", generation=1)
AgentHandler = Callable[[ServerConnection], Awaitable[None]]


class Sockets:
    """Where the one agent listens."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def agent_path(self, address: AgentAddress) -> str:
        return str(self.path / "agent.sock")

    def token(self, address: AgentAddress) -> str:
        return "secret"


class Lifecycle:
    """A sandbox's life, steered by the test."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[EndReason] = asyncio.get_running_loop().create_future()
        self.touched = 0
        self.paused = False
        self.woken = 0
        self._awake = asyncio.Event()
        self._awake.set()

    def hold_waking(self) -> asyncio.Event:
        """Let a sandbox wake once the event is set."""
        self._awake.clear()
        return self._awake

    async def ensure_ready(self, project_id: str) -> AgentAddress:
        self.woken += 1
        await self._awake.wait()
        self.paused = False
        return ADDRESS

    def address_of(self, project_id: str) -> AgentAddress | None:
        return None if self.paused else ADDRESS

    def touch(self, project_id: str) -> None:
        self.touched += 1

    def end_of(self, address: AgentAddress) -> "asyncio.Future[EndReason]":
        return self.ended


class Stage:
    """A browser's side, the relay, and an agent."""

    def __init__(self, server: uvicorn.Server, port: int, lifecycle: Lifecycle, open_sockets: OpenSockets) -> None:
        self.url = f"ws://127.0.0.1:{port}/x"
        self.port = port
        self.lifecycle = lifecycle
        self.open_sockets = open_sockets
        self.asked = asyncio.Event()
        """Set when a browser asked for ``/late``, which is accepted once ``accept`` is set."""
        self.accept = asyncio.Event()
        self._server = server

    @property
    def connections(self) -> list[ServingProtocol]:
        """The open connections of browsers."""
        open_now = self._server.server_state.connections
        return [one for one in open_now if isinstance(one, ServingProtocol)]

    def browser(self) -> websockets.connect:
        return websockets.connect(self.url, compression=None, max_size=None)


RULES = Rules(max_message=2_000_000, is_input=lambda message: message != "ack")


@asynccontextmanager
async def stage(path: Path, handler: AgentHandler, rules: Rules = RULES, ping: float = 20.0) -> AsyncGenerator[Stage]:
    lifecycle, sockets = Lifecycle(), OpenSockets()
    link = UnixAgentLink(Sockets(path))

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        with sockets.register("ann", "p", "test") as registered:
            async with link.connect(ADDRESS, "/x", max_message=rules.max_message) as agent:
                code = await Relay(served_socket(websocket.scope), agent, ADDRESS, lifecycle, rules).run(
                    registered.closing
                )
        await close(websocket, code)

    asked, accept = asyncio.Event(), asyncio.Event()

    async def late(websocket: WebSocket) -> None:
        asked.set()
        await accept.wait()
        await endpoint(websocket)

    async def refuse(websocket: WebSocket) -> None:
        await websocket.send_denial_response(PlainTextResponse("not you", 403))

    config = uvicorn.Config(
        Starlette(
            routes=[
                WebSocketRoute("/refused", refuse),
                WebSocketRoute("/late", late),
                WebSocketRoute("/{path:path}", endpoint),
            ]
        ),
        ws=ServingProtocol,
        ws_ping_interval=ping,
        ws_ping_timeout=ping,
        ws_per_message_deflate=False,
        log_config=None,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    async with unix_serve(handler, str(path / "agent.sock"), compression=None, max_size=None):
        serving = asyncio.create_task(server.serve([listening]))
        there = Stage(server, listening.getsockname()[1], lifecycle, sockets)
        there.asked, there.accept = asked, accept
        yield there
        server.should_exit = True
        await serving


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)
