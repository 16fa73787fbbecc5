"""A limit counts the time in which the sandbox was awake."""

import asyncio
import time

import pytest

from sandbox_image.agent.executor import awake_timer
from sandbox_image.agent.executor.awake_timer import AwakeTimer

DEADLINE = 60.0


async def test_it_calls_once_the_time_has_passed():
    called = asyncio.Event()
    began = time.monotonic()
    AwakeTimer(1.2, called.set)
    async with asyncio.timeout(DEADLINE):
        await called.wait()
    assert time.monotonic() - began >= 1.2


async def test_what_was_slept_through_does_not_count(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(awake_timer, "ASLEEP", 0.5)
    called = asyncio.Event()
    AwakeTimer(0.9, called.set)
    time.sleep(2)  # noqa: ASYNC251  as if all processes stood still
    for _ in range(10):
        await asyncio.sleep(0)
    assert not called.is_set()
    async with asyncio.timeout(DEADLINE):
        await called.wait()


async def test_one_that_is_cancelled_calls_nobody():
    called, control = asyncio.Event(), asyncio.Event()
    AwakeTimer(0.05, called.set).cancel()
    AwakeTimer(0.05, control.set)
    async with asyncio.timeout(DEADLINE):
        await control.wait()
    assert not called.is_set()
