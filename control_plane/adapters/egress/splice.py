"""Passes bytes between a sandbox and what it reached, counted, and no faster than it may."""

import asyncio
from contextlib import suppress
from typing import Final

from control_plane.adapters.egress.ledger import Account
from control_plane.adapters.egress.rate import Rate

IDLE_TIMEOUT: Final = 300.0
CHUNK: Final = 64 * 1024
LEAST_CHUNK: Final = 1024

Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def splice(account: Account, rate: Rate, here: Side, there: Side) -> None:
    """Pass bytes both ways until both sides have said all, or nothing was said for ``IDLE_TIMEOUT`` seconds."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, outward: bool) -> None:
        while data := await reader.read(piece(rate)):
            idle.reschedule(loop.time() + IDLE_TIMEOUT)
            if outward:
                account.sent += len(data)
            else:
                account.received += len(data)
            writer.write(data)
            await writer.drain()
            if rate.per_sec:
                await rate.take(len(data))
                idle.reschedule(loop.time() + IDLE_TIMEOUT)
        with suppress(OSError):
            writer.write_eof()

    loop = asyncio.get_running_loop()
    with suppress(TimeoutError, ExceptionGroup):
        async with asyncio.timeout(IDLE_TIMEOUT) as idle, asyncio.TaskGroup() as group:
            group.create_task(copy(here[0], there[1], outward=True))
            group.create_task(copy(there[0], here[1], outward=False))


def piece(rate: Rate) -> int:
    """How much is passed at once: at a low rate little, so that many connections take turns."""
    return min(CHUNK, max(LEAST_CHUNK, int(rate.per_sec) // 8)) if rate.per_sec else CHUNK
