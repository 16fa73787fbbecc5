"""Agents that could not be connected to, for whoever finds out what became of them."""

import asyncio
from collections.abc import AsyncGenerator

from control_plane.ports import AgentAddress


class Unreached:
    """Addresses to look after, each once however often it was tried: as many as there are sandboxes, at most."""

    def __init__(self) -> None:
        self._addresses: dict[AgentAddress, None] = {}
        self._noted = asyncio.Event()

    def note(self, address: AgentAddress) -> None:
        """Note that nobody listens there."""
        self._addresses[address] = None
        self._noted.set()

    async def watch(self) -> AsyncGenerator[AgentAddress]:
        """Yield each address once it is noted. Ends only when cancelled."""
        while True:
            await self._noted.wait()
            self._noted.clear()
            while self._addresses:
                address = next(iter(self._addresses))
                del self._addresses[address]
                yield address
