"""The allow-list proxy. Each sandbox has a socket of its own, so whose request it is needs no credentials.

A name is looked up once, here, and the connection goes to the very address that was checked: a name that answers
differently the second time (DNS rebinding) gains nothing. Inside a TLS tunnel the server name must be the one that CONNECT
named, so that an allowed host on a shared address opens no door to its neighbours. Redirects are not followed here: where one
leads is a request of its own.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Self

import structlog

from control_plane.adapters.egress.client_hello import NotTls, Pieces, server_name
from control_plane.adapters.egress.ledger import Account, Ledger
from control_plane.adapters.egress.rate import Rate
from control_plane.adapters.egress.request import MAX_HEAD, BadRequest, ProxyRequest, parse
from control_plane.adapters.egress.splice import CHUNK, splice
from control_plane.domain.egress import EgressPolicy, canonical_name
from control_plane.ports import EventSink
from sandbox_image.wire.events import EgressDenied

log = structlog.stdlib.get_logger()

HEAD_TIMEOUT: Final = 15.0
CONNECT_TIMEOUT: Final = 15.0
MAX_CONNECTIONS: Final = 64
"""At once, for each sandbox."""
REQUESTS_PER_SEC: Final = 200.0
"""Of one sandbox; further ones wait, so that one that asks without end does not keep the others from being served."""
TOLD_PER_SEC: Final = 20.0
"""Refusals of one sandbox that its viewers are told of; all are in the ledger."""
LOOKUPS_AT_ONCE: Final = 4
"""Of one sandbox. A name server that does not answer holds a thread for half a minute, and whose it is a sandbox may choose."""
LOOKUPS: Final = ThreadPoolExecutor(64, "egress-lookup")
MAX_HELLO: Final = 16 * 1024
NOT_ALLOWED: Final = 403

Resolve = Callable[[str, int], Awaitable[list[str]]]


class Refused(Exception):
    """A connection that is not allowed; the sentence is shown to the user, ``status`` goes into the answer."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Passage:
    """Where an open connection leads."""

    name: str
    port: int
    address: str

    def allowed_by(self, policy: EgressPolicy) -> bool:
        """Tell whether the policy allows it."""
        allowed = policy.find(self.name, self.port)
        return allowed is not None and allowed.may_lie_on(self.address)


@dataclass(slots=True)
class Gate:
    """The way out of one sandbox."""

    server: asyncio.Server
    policy: EgressPolicy
    path: Path
    account: Account
    rate: Rate
    requests: Rate = field(default_factory=lambda: Rate(REQUESTS_PER_SEC))
    told: Rate = field(default_factory=lambda: Rate(TOLD_PER_SEC))
    tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    lookups: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LOOKUPS_AT_ONCE))
    passages: dict[asyncio.Task[None], Passage] = field(default_factory=dict[asyncio.Task[None], Passage])


async def resolve(name: str, port: int) -> list[str]:
    """The addresses of a name, by the system's resolver, in threads of its own: others must not wait for slow name servers."""
    ask = partial(socket.getaddrinfo, name, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(LOOKUPS, ask)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class EgressProxy:
    """All gates of this process. Use as an async context manager."""

    def __init__(self, sink: EventSink, resolve: Resolve = resolve) -> None:
        self.ledger = Ledger()
        """What went through, and what was refused."""
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
        account = self.ledger.account(project_id)
        self._gates[project_id] = Gate(server, policy, path, account, Rate(policy.bytes_per_sec))

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
        """Change what a sandbox may reach, and how fast; connections that it may no longer have are cut."""
        gate = self._gates.get(project_id)
        if gate is None:
            return
        gate.policy = policy
        gate.rate.per_sec = policy.bytes_per_sec
        for task, passage in list(gate.passages.items()):
            if not passage.allowed_by(policy):
                reason = f"The connection to {passage.name}:{passage.port} was cut. {policy.advice}".strip()
                self._deny(project_id, gate, passage.name, passage.port, reason)
                task.cancel()

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
        except asyncio.CancelledError:
            writer.transport.abort()  # it is cut: what is on its way does not arrive
            raise
        finally:
            gate.tasks.discard(task)
            gate.passages.pop(task, None)
            writer.close()

    def _deny(self, project_id: str, gate: Gate, host: str, port: int, reason: str) -> None:
        """Write a refusal down, and tell whoever watches the project, who need not hear of each of thousands."""
        host = host[:255]
        noted = self.ledger.note(project_id, host, port, allowed=False, reason=reason)
        if noted.times == 1:
            log.info("egress_denied", project_id=project_id, host=host, port=port)
        if not gate.told.wait_sec():
            gate.told.spend(1)
            self._sink.publish(project_id, EgressDenied(host=host, port=port, reason=reason))

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
        await gate.requests.take(1)
        try:
            addresses = await self._addresses(gate, request)
            (there_reader, there_writer), address = await dial(addresses, request.port, request.name)
        except Refused as refused:
            if refused.status == NOT_ALLOWED:
                self._deny(project_id, gate, request.name, request.port, refused.sentence)
            else:
                self.ledger.note(project_id, request.name, request.port, allowed=True, reason=refused.sentence)
            raise
        try:
            self._admit(project_id, gate, Passage(request.name, request.port, address))
            here, there = (reader, writer), (there_reader, there_writer)
            if request.tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                opening = partial(self._checked_hello, project_id, gate, request, reader)
                await splice(gate.account, gate.rate, here, there, opening)
            else:
                there_writer.write(request.forward)
                gate.account.sent += len(request.forward)
                await gate.rate.take(len(request.forward))
                await splice(gate.account, gate.rate, here, there)
        except asyncio.CancelledError:
            there_writer.transport.abort()
            raise
        finally:
            there_writer.close()

    def _admit(self, project_id: str, gate: Gate, passage: Passage) -> None:
        """Note where the connection leads, so that it can be cut. Raises ``Refused`` if it was forbidden meanwhile."""
        if not passage.allowed_by(gate.policy):
            refused = Refused(NOT_ALLOWED, not_allowed(passage.name, passage.port, gate.policy))
            self._deny(project_id, gate, passage.name, passage.port, refused.sentence)
            raise refused
        task = asyncio.current_task()
        assert task is not None
        gate.passages[task] = passage
        self.ledger.note(project_id, passage.name, passage.port, allowed=True)

    async def _addresses(self, gate: Gate, request: ProxyRequest) -> list[str]:
        """Check the name, look it up, check what was found."""
        name = canonical_name(request.name)
        if name is None:
            raise Refused(
                NOT_ALLOWED, f"{request.name[:100]!r} is an address or no name; sandboxes reach hosts by name only."
            )
        allowed = gate.policy.find(name, request.port)
        if allowed is None:
            raise Refused(NOT_ALLOWED, not_allowed(name, request.port, gate.policy))
        request.name = name
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                addresses = await self._look_up(gate, name, request.port)
        except (OSError, TimeoutError, UnicodeError) as error:
            raise Refused(502, f"The name {name} could not be looked up.") from error
        usable = [address for address in addresses if allowed.may_lie_on(address)]
        if not usable:
            raise Refused(
                NOT_ALLOWED, f"{name} lies on an address of an internal network, which is not allowed for it."
            )
        return usable

    async def _look_up(self, gate: Gate, name: str, port: int) -> list[str]:
        """Look a name up in its turn. A look-up that nobody waits for any more goes on, and keeps its place until it ends."""
        await gate.lookups.acquire()
        task = asyncio.ensure_future(self._resolve(name, port))
        task.add_done_callback(lambda _: gate.lookups.release())
        return await asyncio.shield(task)

    async def _checked_hello(
        self, project_id: str, gate: Gate, request: ProxyRequest, reader: asyncio.StreamReader
    ) -> bytes:
        """Read a tunnel's first bytes; in TLS they must ask for the name that was allowed."""
        first, pieces = b"", Pieces()
        while len(first) < MAX_HELLO:
            piece = await reader.read(CHUNK)
            if not piece:
                return first
            first += piece
            if not pieces.add(piece):
                continue
            try:
                name = server_name(first)
            except IndexError:
                name = "(a broken hello)"
            except NotTls:
                name = request.name if request.port != 443 else "(no TLS)"
            if name is None or canonical_name(name) == request.name:
                return first
            reason = f"Inside the tunnel to {request.name} another name was asked for: {name[:100]!r}."
            self._deny(project_id, gate, name, request.port, reason)
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


def not_allowed(name: str, port: int, policy: EgressPolicy) -> str:
    """Say that a host may not be reached, and what to do."""
    return f"This sandbox may not reach {name}:{port}. {policy.advice}".strip()


Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def dial(addresses: list[str], port: int, name: str) -> tuple[Side, str]:
    """Connect to the first of the addresses that answers; return which. Raises ``Refused``."""
    for address in addresses:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_TIMEOUT):
                return await asyncio.open_connection(address, port), address
    raise Refused(502, f"{name}:{port} does not answer.")
