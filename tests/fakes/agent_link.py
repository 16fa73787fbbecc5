"""An agent whose answers a test writes down, and two ways to it: in memory, and as an ASGI app behind a real socket."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from control_plane.adapters.agent_link.unreached import Unreached
from control_plane.domain.errors import SandboxFailed, SandboxMisbehaved, TimedOut
from control_plane.domain.sandbox import EndReason
from control_plane.ports import AgentAddress, AgentAnswer, AgentSocket, AgentStream
from sandbox_image.wire.agent import Activity, Health
from sandbox_image.wire.errors import ErrorBody
from sandbox_image.wire.limits import MAX_JSON_BODY

JSON = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as the agent got it."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    user: str = ""
    view_only: bool = False
    silence_sec: float = 0.0
    """How long a streamed answer may be silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the agent answers; ``chunks`` are sent one by one."""

    status: int = 200
    chunks: Sequence[bytes] = ()
    then: Callable[[], Awaitable[None]] | None = None
    """Happens after the last chunk of a streamed answer; an error that is raised there breaks it off."""
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)


class Peer:
    """The agent's end of a socket."""

    def __init__(self) -> None:
        self.to_client: asyncio.Queue[str | bytes | int] = asyncio.Queue()
        self.from_client: asyncio.Queue[str | bytes | None] = asyncio.Queue()

    def send(self, message: str | bytes) -> None:
        """Send to the client."""
        self.to_client.put_nowait(message)

    async def receive(self) -> str | bytes | None:
        """Wait for a message; None when the client closed."""
        return await self.from_client.get()

    def close(self, code: int) -> None:
        """Close with a code."""
        self.to_client.put_nowait(code)


Handler = Callable[[Asked], Awaitable[Reply]]
SocketHandler = Callable[[Peer, Asked], Awaitable[None]]


class FakeAgent:
    """Answers ``/health`` and ``/activity`` by itself, and everything else as it was told; the rest is 404."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.health = Health()
        self.activity = Activity(idle_sec=0.0)
        self._handlers: dict[tuple[str, str], Handler] = {}
        self._sockets: dict[str, SocketHandler] = {}

    def on(self, method: str, path: str, handler: Handler) -> None:
        """Answer by a function."""
        self._handlers[method, path] = handler

    def answer(self, method: str, path: str, value: Any, status: int = 200, **headers: str) -> None:
        """Answer with a value as JSON, or with bytes as they are."""
        body = value if isinstance(value, bytes) else msgspec.json.encode(value)
        reply = Reply(status=status, chunks=[body], headers=JSON | {k.replace("_", "-"): v for k, v in headers.items()})

        async def handler(_: Asked) -> Reply:
            return reply

        self._handlers[method, path] = handler

    def on_socket(self, path: str, handler: SocketHandler) -> None:
        """Serve a socket by a function, which ends it by ``close``."""
        self._sockets[path] = handler

    async def handle(self, asked: Asked) -> Reply:
        """Answer a request."""
        self.asked.append(asked)
        handler = self._handlers.get((asked.method, asked.path))
        if handler is not None:
            return await handler(asked)
        known = {("GET", "/health"): self.health, ("GET", "/activity"): self.activity}
        value = known.get((asked.method, asked.path))
        if value is not None:
            return Reply(chunks=[msgspec.json.encode(value)])
        missing = ErrorBody(error="not_found", message=f"There is no {asked.path} here.")
        return Reply(status=404, chunks=[msgspec.json.encode(missing)])

    def socket(self, path: str) -> SocketHandler:
        """Return who serves a socket."""
        if path not in self._sockets:
            raise SandboxMisbehaved(f"The sandbox refused the socket {path} with 404.")
        return self._sockets[path]


class FakeAnswer:
    """``ports.AgentStream``."""

    def __init__(self, reply: Reply) -> None:
        self.status = reply.status
        self.headers: Mapping[str, str] = reply.headers
        self._reply = reply

    async def body(self) -> AsyncIterator[bytes]:
        """The chunks, one by one."""
        for chunk in self._reply.chunks:
            await asyncio.sleep(0)
            yield chunk
        if self._reply.then is not None:
            await self._reply.then()


class FakeSocket:
    """``ports.AgentSocket``."""

    def __init__(self, peer: Peer) -> None:
        self.close_code = 1005
        self.close_reason = ""
        self.subprotocol = ""
        self._peer = peer
        self._closed = False
        self._handing: asyncio.Task[None] | None = None
        self._released = asyncio.Event()
        self._released.set()

    async def receive(self) -> str | bytes | None:
        """Wait for a message; None when the agent closed."""
        if self._closed:
            return None
        message = await self._peer.to_client.get()
        if isinstance(message, int):
            self.close_code = message
            self._closed = True
            return None
        return message

    async def send(self, message: str | bytes) -> None:
        """Send to the agent."""
        self._peer.from_client.put_nowait(message)

    @property
    def is_writable(self) -> bool:
        """Always: nothing is bounded in memory."""
        return True

    def write(self, message: str | bytes) -> None:
        """Send to the agent without waiting."""
        self._peer.from_client.put_nowait(message)

    def hand_to(
        self, take: Callable[[str | bytes], object], on_end: Callable[[], object], on_writable: Callable[[], object]
    ) -> None:
        """Hand over what comes, as ``MessageSocket`` does."""
        self._handing = asyncio.create_task(self._hand(take, on_end))

    async def _hand(self, take: Callable[[str | bytes], object], on_end: Callable[[], object]) -> None:
        while (message := await self.receive()) is not None:
            await self._released.wait()
            take(message)
        on_end()

    def hold(self) -> None:
        """Take nothing."""
        self._released.clear()

    def release(self) -> None:
        """Go on."""
        self._released.set()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close from our side."""
        self._closed = True
        if self._handing is not None:
            self._handing.cancel()
        self._peer.from_client.put_nowait(None)


class FakeAgentLink:
    """``ports.AgentLink`` to agents in memory: one for each project, made when first asked for."""

    def __init__(self) -> None:
        self._agents: dict[str, FakeAgent] = {}
        self.unreachable: set[str] = set()
        self._unreached = Unreached()
        self.on_new: Callable[[str, FakeAgent], None] = lambda _, __: None
        """Told of each agent before it is first asked."""

    def agent(self, project_id: str) -> FakeAgent:
        """Return a project's agent."""
        if project_id not in self._agents:
            self._agents[project_id] = FakeAgent()
            self.on_new(project_id, self._agents[project_id])
        return self._agents[project_id]

    def unreached(self) -> AsyncIterator[AgentAddress]:
        """Yield where nobody was."""
        return self._unreached.watch()

    def _reach(self, address: AgentAddress) -> FakeAgent:
        if address.project_id in self.unreachable:
            self._unreached.note(address)
            raise SandboxFailed("The sandbox cannot be reached: it ended or is being replaced.", EndReason.CRASHED)
        return self.agent(address.project_id)

    async def request(
        self,
        address: AgentAddress,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] = {},
        user: str = "",
        view_only: bool = False,
        timeout_sec: float = 30.0,
        max_body: int = MAX_JSON_BODY,
        admit: Callable[[int], Awaitable[None]] | None = None,
    ) -> AgentAnswer:
        """Ask, and return the whole answer."""
        asked = Asked(method=method, path=path, query=query, body=body, headers=headers, user=user, view_only=view_only)
        try:
            async with asyncio.timeout(timeout_sec):
                reply = await self._reach(address).handle(asked)
        except TimeoutError as error:
            raise TimedOut(f"The sandbox was silent for {timeout_sec:g} s.") from error
        answer = b"".join(reply.chunks)
        if len(answer) > max_body:
            raise SandboxMisbehaved(f"The sandbox's answer is larger than {max_body} bytes.")
        if admit is not None:
            await admit(len(answer))
        return AgentAnswer(status=reply.status, headers=reply.headers, body=answer)

    @asynccontextmanager
    async def stream(
        self,
        address: AgentAddress,
        method: str,
        path: str,
        *,
        query: str = "",
        body: AsyncIterator[bytes] | bytes = b"",
        headers: Mapping[str, str] = {},
        user: str = "",
        view_only: bool = False,
        idle_timeout_sec: float = 60.0,
    ) -> AsyncGenerator[AgentStream]:
        """Ask, and return the answer piece by piece."""
        agent = self._reach(address)
        sent = body if isinstance(body, bytes) else b"".join([chunk async for chunk in body])
        asked = Asked(
            method=method,
            path=path,
            query=query,
            body=sent,
            headers=headers,
            user=user,
            view_only=view_only,
            silence_sec=idle_timeout_sec,
        )
        yield FakeAnswer(await agent.handle(asked))

    @asynccontextmanager
    async def connect(
        self,
        address: AgentAddress,
        path: str,
        *,
        query: str = "",
        headers: Iterable[tuple[str, str]] = (),
        user: str = "",
        view_only: bool = False,
        max_message: int = 0,
        subprotocols: Sequence[str] = (),
    ) -> AsyncGenerator[AgentSocket]:
        """Open a socket; the agent's side runs until it ends or the block does."""
        peer = Peer()
        asked = Asked(method="WS", path=path, query=query, headers=dict(headers), user=user, view_only=view_only)
        agent = self._reach(address)
        agent.asked.append(asked)
        serving = asyncio.create_task(_serve(agent.socket(path), peer, asked))
        socket = FakeSocket(peer)
        try:
            yield socket
        finally:
            await socket.close()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


async def _serve(handler: SocketHandler, peer: Peer, asked: Asked) -> None:
    await handler(peer, asked)


def asgi(agent: FakeAgent) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Serve an agent of a test as an ASGI app, for a real link to talk to."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope, receive)
            reply = await agent.handle(await asked_of(request))
            await StreamingResponse(_each(reply.chunks), reply.status, dict(reply.headers))(scope, receive, send)
        elif scope["type"] == "websocket":
            await _serve_socket(agent, WebSocket(scope, receive, send))

    return app


async def asked_of(request: Request) -> Asked:
    """Read a real request."""
    return Asked(
        method=request.method,
        path=request.url.path,
        query=request.url.query,
        body=await request.body(),
        headers=dict(request.headers),
        user=request.headers.get("x-aimforge-user", ""),
        view_only=request.headers.get("x-aimforge-mode") == "view",
    )


async def _each(chunks: Sequence[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _serve_socket(agent: FakeAgent, websocket: WebSocket) -> None:
    await websocket.accept()
    peer = Peer()
    asked = Asked(method="WS", path=websocket.url.path, query=websocket.url.query)

    async def to_client() -> None:
        while not isinstance(message := await peer.to_client.get(), int):
            await (websocket.send_text(message) if isinstance(message, str) else websocket.send_bytes(message))
        await websocket.close(message)

    async def from_client() -> None:
        try:
            while (event := await websocket.receive())["type"] == "websocket.receive":
                peer.from_client.put_nowait(event["text"] if event.get("text") is not None else event["bytes"])
        except WebSocketDisconnect:
            pass
        peer.from_client.put_nowait(None)

    async with asyncio.TaskGroup() as group:
        reading = group.create_task(from_client())
        serving = group.create_task(_serve(agent.socket(asked.path), peer, asked))
        await to_client()
        reading.cancel()
        serving.cancel()
