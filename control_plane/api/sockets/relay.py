"""The relay: one WebSocket of a person joined with one of an agent.

Messages pass one at a time in each direction: the next is read when the last was taken, so each side's pace is the other's
and nothing is stored up. Both directions end together, and the person is always told why: by the agent's own code where
that is one an agent may give, else by how the sandbox ended, else by what was found here.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from control_plane.domain.errors import AimforgeError
from control_plane.domain.sandbox import CLOSE_CODES, EndReason
from control_plane.ports import AgentAddress, AgentSocket
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
        self, person: WebSocket, agent: AgentSocket, address: AgentAddress, lifecycle: Lifecycle, rules: Rules
    ) -> None:
        self._person = person
        self._agent = agent
        self._address = address
        self._lifecycle = lifecycle
        self._rules = rules

    async def run(self, closing: "asyncio.Future[CloseCode]") -> CloseCode:
        """Pass messages until an end; the code that the person's socket is to be closed with.

        ``closing`` ends it from outside, with its code.
        """
        async with asyncio.TaskGroup() as group:
            up = group.create_task(self._up())
            down = group.create_task(self._down())
            await asyncio.wait({up, down, closing}, return_when=asyncio.FIRST_COMPLETED)
            if closing.done():
                code = closing.result()
            elif up.done():
                code = up.result()
            else:
                code = down.result() or await self._code_of_agent()
            up.cancel()
            down.cancel()
        return code

    async def _up(self) -> CloseCode:
        """From the person to the agent, until the person leaves or breaks a rule."""
        rules, project_id = self._rules, self._address.project_id
        while True:
            event = await self._person.receive()
            if event["type"] == "websocket.disconnect":
                return CloseCode.NORMAL
            message = event.get("text")
            if message is None:
                message = event["bytes"]
                if not rules.binary:
                    return CloseCode.UNSUPPORTED_DATA
            elif not rules.text:
                return CloseCode.UNSUPPORTED_DATA
            if len(message) > rules.max_message:
                return CloseCode.MESSAGE_TOO_BIG
            if self._lifecycle.address_of(project_id) != self._address:
                try:
                    if await self._lifecycle.ensure_ready(project_id) != self._address:
                        return CloseCode.SANDBOX_REPLACED
                except AimforgeError:
                    return await self._code_of_agent()
            if rules.is_input(message):
                self._lifecycle.touch(project_id)
            await self._agent.send(message)

    async def _down(self) -> CloseCode | None:
        """From the agent to the person, until the agent's socket ends; a code if the person left while we sent."""
        send = self._person.send
        try:
            while (message := await self._agent.receive()) is not None:
                if isinstance(message, str):
                    await send({"type": "websocket.send", "text": message})
                else:
                    await send({"type": "websocket.send", "bytes": message})
        except WebSocketDisconnect:
            return CloseCode.NORMAL
        return None

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
