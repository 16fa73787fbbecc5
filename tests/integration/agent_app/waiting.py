"""Waiting for a condition, with a deadline that only a hang reaches."""

import asyncio
from collections.abc import Callable

DEADLINE_SEC = 60.0


async def until(condition: Callable[[], object], what: str = "the condition") -> None:
    """Return once ``condition`` holds."""
    try:
        async with asyncio.timeout(DEADLINE_SEC):
            while not condition():  # noqa: ASYNC110 - what tests wait for has no event
                await asyncio.sleep(0.01)
    except TimeoutError as error:
        raise AssertionError(f"{what} never came") from error
