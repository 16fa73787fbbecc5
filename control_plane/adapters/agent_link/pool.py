"""Connections to agents, kept for the next request. Most recently used first, so that the rest grow old and go."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from control_plane.adapters.agent_link.exchange import Exchange, ExchangeState
from control_plane.ports import AgentAddress

KEEP: Final = 8
"""Idle connections per agent."""
MAX_IDLE: Final = 20.0
"""Seconds; the agent closes its side after 75, so a kept connection is not one that is being closed."""
CONNECT_TIMEOUT: Final = 5.0


class Pool:
    """Idle connections by agent. ``path`` tells where an agent listens."""

    def __init__(self, path: Callable[[AgentAddress], str]) -> None:
        self._path = path
        self._idle: dict[AgentAddress, list[Exchange]] = {}

    async def take(self, address: AgentAddress, *, fresh: bool = False) -> Exchange:
        """An idle connection to the agent, or a new one. Raises ``OSError``, ``TimeoutError``."""
        loop = asyncio.get_running_loop()
        idle = self._idle.get(address, [])
        while idle and not fresh:
            exchange = idle.pop()
            if exchange.state is ExchangeState.IDLE and loop.time() - exchange.idle_since < MAX_IDLE:
                return exchange
            exchange.close()
        async with asyncio.timeout(CONNECT_TIMEOUT):
            _, exchange = await loop.create_unix_connection(
                lambda: Exchange(partial(self._lost, address)), self._path(address)
            )
        return exchange

    def give_back(self, address: AgentAddress, exchange: Exchange) -> None:
        """Keep the connection if its exchange is over, else close it."""
        idle = self._idle.get(address, [])
        if len(idle) >= KEEP or not exchange.reusable():
            exchange.close()
            return
        exchange.idle_since = asyncio.get_running_loop().time()
        idle.append(exchange)
        self._idle[address] = idle

    def close(self) -> None:
        """Close all idle connections."""
        for exchange in [exchange for idle in self._idle.values() for exchange in idle]:
            exchange.close()
        self._idle.clear()

    def __len__(self) -> int:
        """How many idle connections are kept."""
        return sum(map(len, self._idle.values()))

    def _lost(self, address: AgentAddress, exchange: Exchange) -> None:
        """Let go of a connection that ended: an agent that is gone never comes again under its address."""
        idle = self._idle.get(address, [])
        if exchange in idle:
            idle.remove(exchange)
        if not idle:
            self._idle.pop(address, None)
