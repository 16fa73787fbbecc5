"""JSON of others is read where only its owner waits: the real process, with small limits."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import msgspec
import pytest

from control_plane.adapters.json_reader import reader as reader_module
from control_plane.adapters.json_reader.reader import AT_ONCE, ProcessJsonReader
from control_plane.api.readings import answer_shape, output_page, request_shape
from control_plane.api.schemas import NewProject
from control_plane.domain.errors import BadRequest, Invalid, NotFound, SandboxMisbehaved
from sandbox_image.wire.agent import Usage
from sandbox_image.wire.runs import Output, RunKind, RunResult, RunStatus
from tests.unit.control_plane.json_reader.works import burning, endless, own_pid, wide

LARGE = b" " * AT_ONCE


@pytest.fixture
async def reader() -> AsyncGenerator[ProcessJsonReader]:
    async with ProcessJsonReader() as running:
        yield running


async def pid_of(reader: ProcessJsonReader, owner: str = "ann") -> int:
    return int(await reader.read(owner, own_pid, LARGE + b" ", refusal=Invalid))


async def pid_started(reader: ProcessJsonReader) -> None:
    """Wait until the process is there."""
    async with asyncio.timeout(60):
        while reader._process is None:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.01)


async def test_what_is_short_is_read_here_and_the_rest_by_another_process(reader: ProcessJsonReader):
    assert int(await reader.read("ann", own_pid, LARGE, refusal=Invalid)) == os.getpid()
    other = await pid_of(reader)
    assert other != os.getpid()
    assert await pid_of(reader, "bob") == other


@pytest.mark.parametrize("size", [0, AT_ONCE])
async def test_errors_are_the_same_wherever_it_is_read(reader: ProcessJsonReader, size: int):
    space = b" " * size
    assert await reader.read("ann", request_shape, b'{"name": "x"}' + space, NewProject, refusal=Invalid) == b""
    with pytest.raises(Invalid, match="Expected `str`, got `int`"):
        await reader.read("ann", request_shape, b'{"name": 1}' + space, NewProject, refusal=Invalid)
    with pytest.raises(BadRequest, match="no JSON"):
        await reader.read("ann", request_shape, b"{" + space, NewProject, refusal=Invalid)
    run = msgspec.json.encode(RunResult(run_id="r", kind=RunKind.FLOW, status=RunStatus.SUCCEEDED, created_at=0))
    with pytest.raises(NotFound, match="has no node 'x'") as caught:
        await reader.read("p", output_page, run + space, "x", "", refusal=SandboxMisbehaved)
    assert caught.value.detail == {"node_id": "x"}
    with pytest.raises(SandboxMisbehaved, match="not as agreed"):
        await reader.read("p", answer_shape, b"[]" + space, Usage, refusal=SandboxMisbehaved)
    assert await reader.read("p", answer_shape, b"[]" + space, Usage, list[Output], refusal=SandboxMisbehaved) == b""
    with pytest.raises(SandboxMisbehaved):
        await reader.read("p", answer_shape, b"[" * 20_000 + space, list[Output], refusal=SandboxMisbehaved)


async def test_what_takes_too_much_memory_is_refused_and_the_next_is_read(reader: ProcessJsonReader):
    before = await pid_of(reader)
    with pytest.raises(SandboxMisbehaved, match="too much time or memory"):
        await reader.read("p", wide, LARGE + b" ", refusal=SandboxMisbehaved)
    assert await pid_of(reader) != before


@pytest.mark.parametrize(("limit", "work"), [("HANGS_SEC", endless), ("LONGEST_SEC", burning)])
async def test_what_takes_too_long_is_ended_and_the_next_is_read(
    reader: ProcessJsonReader, monkeypatch: pytest.MonkeyPatch, limit: str, work: Callable[[bytes], bytes]
):
    monkeypatch.setattr(reader_module, "REST", 0.0)
    with monkeypatch.context() as short:
        short.setattr(reader_module, limit, 1)
        before = await pid_of(reader)
        with pytest.raises(Invalid, match="too much time or memory"):
            await reader.read("ann", work, LARGE + b" ", refusal=Invalid)
    assert await pid_of(reader, "bob") != before
    assert not Path(f"/proc/{before}").exists()


async def test_a_process_that_was_killed_is_started_anew(reader: ProcessJsonReader):
    before = await pid_of(reader)
    os.kill(before, signal.SIGKILL)
    assert await pid_of(reader) != before


async def test_a_process_that_cannot_be_started_is_tried_again_for_the_next(
    reader: ProcessJsonReader, monkeypatch: pytest.MonkeyPatch
):
    async def fails(*_: object, **__: object) -> asyncio.subprocess.Process:
        raise BlockingIOError("Resource temporarily unavailable")

    with monkeypatch.context() as full:
        full.setattr(asyncio, "create_subprocess_exec", fails)
        with pytest.raises(Invalid, match="cannot be read at the moment"):
            await pid_of(reader)
    assert await pid_of(reader)


async def test_who_waits_when_the_reader_ends_is_let_go():
    async with ProcessJsonReader() as running:
        waiting = [
            asyncio.ensure_future(running.read(owner, endless, LARGE + b" ", refusal=Invalid))
            for owner in ("ann", "bob")
        ]
        await pid_started(running)
    done, _ = await asyncio.wait(waiting, timeout=60)
    assert len(done) == 2
    assert all(task.cancelled() for task in done)


async def test_one_who_asks_for_much_lets_the_others_go_first(
    reader: ProcessJsonReader, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reader_module, "NOT_WORTH_A_REST_SEC", 0.0)
    monkeypatch.setattr(reader_module, "REST", 1e6)
    order: list[str] = []

    async def read(owner: str, number: int) -> None:
        await pid_of(reader, owner)
        order.append(f"{owner}{number}")

    await pid_of(reader, "greedy")  # and rests for very long
    async with asyncio.TaskGroup() as group:
        greedy = [group.create_task(read("greedy", number)) for number in range(3)]
        await asyncio.sleep(0)
        async with asyncio.TaskGroup() as others:
            for owner in ("bob", "cid"):
                others.create_task(read(owner, 0))
        assert sorted(order) == ["bob0", "cid0"]
        for task in greedy:
            task.cancel()


async def test_owners_take_turns(reader: ProcessJsonReader, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reader_module, "NOT_WORTH_A_REST_SEC", 1e9)
    order: list[str] = []

    async def read(owner: str) -> None:
        await pid_of(reader, owner)
        order.append(owner)

    async with asyncio.TaskGroup() as group:
        for owner in ("ann", "ann", "ann", "bob", "cid"):
            group.create_task(read(owner))
    assert order == ["ann", "bob", "cid", "ann", "ann"]


async def test_who_no_longer_waits_keeps_nobody_waiting(reader: ProcessJsonReader):
    waiting = [asyncio.ensure_future(pid_of(reader)) for _ in range(3)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    assert await pid_of(reader, "bob")
    assert await pid_of(reader)


async def test_the_process_ends_with_its_reader():
    async with ProcessJsonReader() as running:
        pid = await pid_of(running)
    assert not Path(f"/proc/{pid}").exists()
