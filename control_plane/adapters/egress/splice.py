"""Passes bytes between a sandbox and what it reached, counted, and no faster than it may."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from control_plane.adapters.egress.ledger import Account
from control_plane.adapters.egress.rate import Rate

IDLE_TIMEOUT: Final = 300.0
OPENING_TIMEOUT: Final = 15.0
CHUNK: Final = 64 * 1024
LEAST_CHUNK: Final = 1024

Opening = Callable[[], Awaitable[bytes]]
Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def splice(account: Account, rate: Rate, here: Side, there: Side, opening: Opening | None = None) -> None:
    """Pass bytes both ways until both sides have said all, or nothing was said for ``IDLE_TIMEOUT`` seconds.

    ``opening`` gets the first bytes for outside, and ends all by an error. It has ``OPENING_TIMEOUT`` seconds, unless the
    other side speaks first, as servers of mail and of databases do.
    """

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, outward: bool) -> None:
        data = await opening() if outward and opening is not None else b""
        while data or (data := await reader.read(piece(rate))):
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
            data = b""
        with suppress(OSError):
            writer.write_eof()

    loop = asyncio.get_running_loop()
    with suppress(TimeoutError, ExceptionGroup):
        async with (
            asyncio.timeout(IDLE_TIMEOUT if opening is None else OPENING_TIMEOUT) as idle,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(copy(here[0], there[1], outward=True))
            group.create_task(copy(there[0], here[1], outward=False))


def piece(rate: Rate) -> int:
    """How much is passed at once: at a low rate little, so that many connections take turns."""
    return min(CHUNK, max(LEAST_CHUNK, int(rate.per_sec) // 8)) if rate.per_sec else CHUNK
