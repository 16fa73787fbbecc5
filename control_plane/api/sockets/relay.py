"""The relay: one WebSocket of a person joined with one of an agent.

Each message passes in the turn of the loop in which it came, and while one side does not read, the other is not read either: each
side's pace is the other's and nothing is stored up. Both directions end together, and the person is always told why: by the
agent's own code where that is one an agent may give, else by how the sandbox ended, else by what was found here.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.websockets import WebSocket, WebSocketState

from control_plane.domain.errors import AimforgeError
from control_plane.domain.sandbox import CLOSE_CODES, EndReason
from control_plane.ports import AgentAddress, AgentSocket
from sandbox_image.sockets.message_socket import MessageSocket
from sandbox_image.wire.closing import CLOSINGS, CloseCode
from sandbox_image.wire.errors import ErrorCode

AGENTS_OWN: Final = frozenset(
    {
        CloseCode.NORMAL,
        CloseCode.UNSUPPORTED_DATA,
        CloseCode.MESSAGE_TOO_BIG,
        CloseCode.NOT_FOUND,
        CloseCode.FORBIDDEN,
        CloseCode.SLOW_CONSUMER,
        CloseCode.BAD_FRAME,
        CloseCode.IDLE_TIMEOUT,
        CloseCode.RELOAD,
        CloseCode.TOO_MANY,
        CloseCode.SANDBOX_MISBEHAVED,
        CloseCode.TERMINAL_EXITED,
        CloseCode.TERMINAL_CLOSED,
        CloseCode.LANGUAGE_SERVER_GAVE_UP,
        CloseCode.LANGUAGE_SERVER_RESTARTED,
    }
)
"""Codes that are passed on when an agent gives them; an agent cannot claim what only we know, such as a revocation."""
CODE_OF_ERROR: Final[dict[ErrorCode, CloseCode]] = {
    ErrorCode.NOT_FOUND: CloseCode.NOT_FOUND,
    ErrorCode.FORBIDDEN: CloseCode.FORBIDDEN,
    ErrorCode.UNAUTHENTICATED: CloseCode.UNAUTHENTICATED,
    ErrorCode.SANDBOX_MISBEHAVED: CloseCode.SANDBOX_MISBEHAVED,
}
REASON_WITHIN: Final = 3.0
"""Seconds to wait for the engine's word on why a sandbox ended, after its socket broke."""


class Lifecycle(Protocol):
    """What the relay asks of the sandboxes."""

    async def ensure_ready(self, project_id: str) -> AgentAddress: ...
    def address_of(self, project_id: str) -> AgentAddress | None: ...
    def touch(self, project_id: str) -> None: ...
    def end_of(self, address: AgentAddress) -> "asyncio.Future[EndReason]": ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one kind of socket allows. ``is_input`` tells user input, which keeps a sandbox awake, from other messages."""

    max_message: int
    text: bool = True
    binary: bool = True
    is_input: Callable[[str | bytes], bool] = lambda _: True


class Relay:
    """Joins a person's socket, accepted, with an agent's, open, until one of them ends."""

    def __init__(
        self, person: MessageSocket, agent: AgentSocket, address: AgentAddress, lifecycle: Lifecycle, rules: Rules
    ) -> None:
        self._person = person
        self._agent = agent
        self._address = address
        self._lifecycle = lifecycle
        self._rules = rules
        self._ended: asyncio.Future[CloseCode | None] = asyncio.get_running_loop().create_future()
        self._waking: asyncio.Task[None] | None = None

    async def run(self, closing: "asyncio.Future[CloseCode]") -> CloseCode:
        """Pass messages until an end; the code that the person's socket is to be closed with.

        ``closing`` ends it from outside, with its code.
        """
        async with asyncio.TaskGroup() as self._group:
            self._person.hand_to(self._up, lambda: self._end(CloseCode.NORMAL), self._on_person_writable)
            self._agent.hand_to(self._down, lambda: self._end(None), self._on_agent_writable)
            await asyncio.wait({self._ended, closing}, return_when=asyncio.FIRST_COMPLETED)
            ended = self._ended.done()
            self._end(None)
            self._person.hold()
            self._agent.hold()
            if self._waking is not None:
                self._waking.cancel()
        if closing.done():
            return closing.result()
        return (ended and self._ended.result()) or await self._code_of_agent()

    def _end(self, code: CloseCode | None) -> None:
        """End; without a code, by the agent's."""
        if not self._ended.done():
            self._ended.set_result(code)

    def _up(self, message: str | bytes) -> None:
        """Pass a message from the person to the agent."""
        rules = self._rules
        if not (rules.text if isinstance(message, str) else rules.binary):
            self._refuse(CloseCode.UNSUPPORTED_DATA)
        elif len(message) > rules.max_message:
            self._refuse(CloseCode.MESSAGE_TOO_BIG)
        elif self._lifecycle.address_of(self._address.project_id) != self._address:
            self._person.hold()
            self._waking = self._group.create_task(self._wake(message))
        else:
            self._pass_up(message)

    def _refuse(self, code: CloseCode) -> None:
        self._person.hold()
        self._end(code)

    def _pass_up(self, message: str | bytes) -> None:
        if self._rules.is_input(message):
            self._lifecycle.touch(self._address.project_id)
        self._agent.write(message)
        if not self._agent.is_writable:
            self._person.hold()

    def _down(self, message: str | bytes) -> None:
        """Pass a message from the agent to the person."""
        self._person.write(message)
        if not self._person.is_writable:
            self._agent.hold()

    def _on_person_writable(self) -> None:
        if not self._ended.done():
            self._agent.release()

    def _on_agent_writable(self) -> None:
        if not self._ended.done() and self._waking is None:
            self._person.release()

    async def _wake(self, message: str | bytes) -> None:
        """Wake a sandbox that sleeps, and pass the message on that came for it."""
        try:
            ready = await self._lifecycle.ensure_ready(self._address.project_id)
        except AimforgeError:
            self._end(None)
            return
        if ready != self._address:
            self._end(CloseCode.SANDBOX_REPLACED)
            return
        self._waking = None
        self._pass_up(message)
        if self._agent.is_writable:
            self._person.release()

    async def _code_of_agent(self) -> CloseCode:
        """Why the agent's socket ended."""
        if self._agent.close_code in AGENTS_OWN:
            return CloseCode(self._agent.close_code)
        try:
            async with asyncio.timeout(REASON_WITHIN):
                return CLOSE_CODES[await asyncio.shield(self._lifecycle.end_of(self._address))]
        except TimeoutError:
            return CloseCode.SANDBOX_UNAVAILABLE


async def close(websocket: WebSocket, code: CloseCode, sentence: str | None = None) -> None:
    """Close a person's socket with a code and its sentence; harmless when they left already."""
    if websocket.application_state is WebSocketState.CONNECTED and websocket.client_state is WebSocketState.CONNECTED:
        reason = (sentence or CLOSINGS[code].sentence).encode()[:120].decode(errors="ignore")
        await websocket.close(int(code), reason)


def code_of(error: AimforgeError) -> CloseCode:
    """The close code for an error that kept a socket from being served."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, EndReason):
        return CLOSE_CODES[reason]
    return CODE_OF_ERROR.get(error.code, CloseCode.SANDBOX_UNAVAILABLE)
