"""The allow-list proxy. Each sandbox has a socket of its own, so whose request it is needs no credentials.

A name is looked up once, here, and the connection goes to the very address that was checked: a name that answers
differently the second time (DNS rebinding) gains nothing. Inside a TLS tunnel the server name must be the one that CONNECT
named, so that an allowed host on a shared address opens no door to its neighbours.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import structlog

from control_plane.adapters.egress.client_hello import NotTls, server_name
from control_plane.adapters.egress.request import MAX_HEAD, BadRequest, ProxyRequest, parse
from control_plane.domain.egress import EgressPolicy, canonical_name, is_public
from control_plane.ports import EventSink
from sandbox_image.wire.events import EgressDenied

log = structlog.stdlib.get_logger()

HEAD_TIMEOUT: Final = 15.0
CONNECT_TIMEOUT: Final = 15.0
IDLE_TIMEOUT: Final = 300.0
MAX_CONNECTIONS: Final = 64
"""At once, for each sandbox."""
CHUNK: Final = 64 * 1024
MAX_HELLO: Final = 16 * 1024

Resolve = Callable[[str, int], Awaitable[list[str]]]


class Refused(Exception):
    """A connection that is not allowed; the sentence is shown to the user, ``status`` goes into the answer."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


@dataclass(slots=True)
class Gate:
    """The way out of one sandbox."""

    server: asyncio.Server
    policy: EgressPolicy
    path: Path
    tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    sent: int = 0
    received: int = 0


async def resolve(name: str, port: int) -> list[str]:
    """The addresses of a name, by the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class EgressProxy:
    """All gates of this process. Use as an async context manager."""

    def __init__(self, sink: EventSink, resolve: Resolve = resolve) -> None:
        self._sink = sink
        self._resolve = resolve
        self._gates: dict[str, Gate] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for project_id in list(self._gates):
            await self.close(project_id)

    async def open(self, project_id: str, path: Path, policy: EgressPolicy) -> None:
        """Listen at ``path`` for a sandbox; the socket of an earlier process there is replaced."""
        await self.close(project_id)
        path.unlink(missing_ok=True)  # noqa: ASYNC240  one entry of a local folder of ours

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # asyncio's streams log a cancelled handler as a fault; ours are cancelled when a gate closes, as they should be.
            with suppress(asyncio.CancelledError):
                await self._serve(project_id, reader, writer)

        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(str(path))
        os.chmod(path, 0o666)  # noqa: S103, PTH101  the sandbox has a uid of its own; the folder keeps others out
        server = await asyncio.start_unix_server(serve, sock=listening, limit=MAX_HEAD)
        self._gates[project_id] = Gate(server, policy, path)

    async def close(self, project_id: str) -> None:
        """Stop listening for a sandbox, and end its connections."""
        gate = self._gates.pop(project_id, None)
        if gate is None:
            return
        gate.server.close()
        for task in gate.tasks:
            task.cancel()
        await asyncio.gather(*gate.tasks, return_exceptions=True)

    def is_open(self, project_id: str, path: Path) -> bool:
        """Tell whether a gate listens at ``path``, which may have been removed under it."""
        gate = self._gates.get(project_id)
        return gate is not None and gate.path == path and path.is_socket()

    def set_policy(self, project_id: str, policy: EgressPolicy) -> None:
        """Change what a sandbox may reach; connections that are open stay."""
        if (gate := self._gates.get(project_id)) is not None:
            gate.policy = policy

    def traffic(self, project_id: str) -> tuple[int, int]:
        """Bytes that a sandbox sent and received through its gate."""
        gate = self._gates.get(project_id)
        return (gate.sent, gate.received) if gate is not None else (0, 0)

    async def _serve(self, project_id: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gate, task = self._gates.get(project_id), asyncio.current_task()
        if gate is None or task is None or len(gate.tasks) >= 2 * MAX_CONNECTIONS:
            writer.close()
            return
        gate.tasks.add(task)
        try:
            await self._pass(project_id, gate, reader, writer)
        except Refused as refused:
            writer.write(refusal(refused))
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(5):
                    await writer.drain()
        except (OSError, TimeoutError) as error:
            log.debug("egress_ended", project_id=project_id, error=repr(error))
        finally:
            gate.tasks.discard(task)
            writer.close()

    async def _pass(
        self, project_id: str, gate: Gate, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if len(gate.tasks) > MAX_CONNECTIONS:
            with suppress(TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                async with asyncio.timeout(1):  # an answer to a request that was not read is lost in a reset
                    await reader.readuntil(b"\r\n\r\n")
            raise Refused(429, f"More than {MAX_CONNECTIONS} connections at once are not allowed.")
        try:
            async with asyncio.timeout(HEAD_TIMEOUT):
                request = parse(await reader.readuntil(b"\r\n\r\n"))
        except (BadRequest, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError) as error:
            raise Refused(
                400, f"This is a proxy for HTTP and CONNECT; the request could not be read: {error}"
            ) from error
        try:
            addresses = await self._addresses(gate, request)
        except Refused as refused:
            log.info("egress_denied", project_id=project_id, host=request.name[:255], port=request.port)
            self._sink.publish(
                project_id, EgressDenied(host=request.name[:255], port=request.port, reason=refused.sentence)
            )
            raise
        there_reader, there_writer = await dial(addresses, request.port, request.name)
        try:
            if request.tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                first = await self._checked_hello(project_id, request, reader)
            else:
                first = request.forward
            there_writer.write(first)
            gate.sent += len(first)
            await splice(gate, (reader, writer), (there_reader, there_writer))
        finally:
            there_writer.close()

    async def _addresses(self, gate: Gate, request: ProxyRequest) -> list[str]:
        """Check the name, look it up, check what was found."""
        name = canonical_name(request.name)
        if name is None:
            raise Refused(403, f"{request.name[:100]!r} is an address or no name; sandboxes reach hosts by name only.")
        allowed = gate.policy.find(name, request.port)
        if allowed is None:
            raise Refused(
                403,
                f"This sandbox may not reach {name}:{request.port}. Ask whoever runs the server to allow it "
                "(AIMFORGE_EGRESS_HOSTS).",
            )
        request.name = name
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                addresses = await self._resolve(name, request.port)
        except (OSError, TimeoutError, UnicodeError) as error:
            raise Refused(502, f"The name {name} could not be looked up.") from error
        usable = [address for address in addresses if allowed.private or is_public(address)]
        if not usable:
            raise Refused(403, f"{name} lies on an address of an internal network, which is not allowed for it.")
        return usable

    async def _checked_hello(self, project_id: str, request: ProxyRequest, reader: asyncio.StreamReader) -> bytes:
        """Read a tunnel's first bytes; in TLS they must ask for the name that was allowed."""
        first = b""
        async with asyncio.timeout(HEAD_TIMEOUT):
            while len(first) < MAX_HELLO:
                piece = await reader.read(CHUNK)
                first += piece
                try:
                    name = server_name(first)
                except IndexError:
                    if piece:
                        continue
                    return first
                except NotTls:
                    name = request.name if request.port != 443 else "(no TLS)"
                if name is None or canonical_name(name) == request.name:
                    return first
                reason = f"Inside the tunnel to {request.name} another name was asked for: {name[:100]!r}."
                self._sink.publish(project_id, EgressDenied(host=name[:255], port=request.port, reason=reason))
                raise ConnectionAbortedError(reason)
        raise ConnectionAbortedError("a TLS hello that does not end")


def refusal(refused: Refused) -> bytes:
    """The answer to a connection that is not allowed. The reason phrase carries the sentence: curl, pip and git show it."""
    sentence = "".join(c if " " <= c <= "~" else "?" for c in refused.sentence)
    body = sentence.encode() + b"\n"
    return (
        f"HTTP/1.1 {refused.status} aimforge egress: {sentence}\r\n"
        f"X-Aimforge-Egress: {sentence}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    ).encode() + body


async def dial(addresses: list[str], port: int, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the first of the addresses that answers. Raises ``Refused``."""
    for address in addresses:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_TIMEOUT):
                return await asyncio.open_connection(address, port)
    raise Refused(502, f"{name}:{port} does not answer.")


Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def splice(gate: Gate, here: Side, there: Side) -> None:
    """Pass bytes both ways until both sides have said all, or nothing was said for ``IDLE_TIMEOUT`` seconds."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, outward: bool) -> None:
        while True:
            data = await reader.read(CHUNK)
            idle.reschedule(loop.time() + IDLE_TIMEOUT)
            if not data:
                break
            if outward:
                gate.sent += len(data)
            else:
                gate.received += len(data)
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()

    loop = asyncio.get_running_loop()
    with suppress(TimeoutError, ExceptionGroup):
        async with asyncio.timeout(IDLE_TIMEOUT) as idle, asyncio.TaskGroup() as group:
            group.create_task(copy(here[0], there[1], outward=True))
            group.create_task(copy(there[0], here[1], outward=False))
