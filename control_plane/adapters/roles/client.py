"""The side of a role that asks: a connection a call, so that hanging up calls the call off, and calls never wait in line."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from control_plane.adapters.roles.answers import Answer, Failed, raised
from control_plane.adapters.roles.framing import LONGEST_ANSWER, BrokenFrame, frame, read_frame
from control_plane.domain.errors import EngineUnavailable
from control_plane.services.unreadable import UNREADABLE

CONNECT_TIMEOUT_SEC: Final = 5.0


class RoleClient:
    """Asks the role that listens at ``path``; ``name`` is what people call it. Raises what the role answered with.

    A role that does not answer is ``EngineUnavailable``: for the services, it is the way to the engine.
    """

    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self._name = name

    async def ask(self, request: Any, answer: Any, timeout_sec: float) -> Any:
        """Ask once and return the answer, checked to be of type ``answer``."""
        try:
            async with asyncio.timeout(timeout_sec), self._connection(request) as reader:
                return await self._next(reader, answer)
        except TimeoutError as error:
            raise EngineUnavailable(f"The {self._name} took too long to answer. Try again in a moment.") from error

    async def listen(self, request: Any, answer: Any) -> AsyncGenerator[Any]:
        """Ask, and yield answers of type ``answer`` as they come. Raises ``EngineUnavailable`` when the role hangs up."""
        async with self._connection(request) as reader:
            while True:
                yield await self._next(reader, answer)

    @asynccontextmanager
    async def _connection(self, request: Any) -> AsyncGenerator[asyncio.StreamReader]:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SEC):
                reader, writer = await asyncio.open_unix_connection(self._path)
        except (OSError, TimeoutError) as error:
            raise self._absent(error) from error
        try:
            writer.write(frame(msgspec.json.encode(request)))
            yield reader
        except (OSError, BrokenFrame, *UNREADABLE) as error:
            raise self._absent(error) from error
        finally:
            writer.close()

    async def _next(self, reader: asyncio.StreamReader, kind: Any) -> Any:
        data = await read_frame(reader, LONGEST_ANSWER)
        if data is None:
            raise EngineUnavailable(f"The {self._name} hung up. Try again in a moment.")
        answer = msgspec.json.decode(data, type=Answer)
        if isinstance(answer, Failed):
            raise raised(answer)
        return msgspec.json.decode(answer.value, type=kind)

    def _absent(self, error: Exception) -> EngineUnavailable:
        return EngineUnavailable(
            f"The {self._name} at {self._path} does not answer ({error}). Start it: aimforge {self._name}"
        )
