"""Very many events that came at once let the others have their turns."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from time import monotonic

import msgspec

from control_plane.services.events.event_checks import EventChecks
from control_plane.services.events.event_hub import EventHub
from control_plane.services.events.slices import SLICE_SEC, Slices
from sandbox_image.wire.events import TYPE_NAMES, NodeStream
from tests.fakes.agent_link import FakeAgentLink
from tests.fakes.clock import FakeClock
from tests.fakes.json_reader import FakeJsonReader

DATA = NodeStream(run_id="r", node_id="n", stream="stdout", text="x")
EVENTS = [{"seq": seq, "at": 1.0, "type": TYPE_NAMES[NodeStream], "data": DATA} for seq in range(1, 20_001)]


async def turns_during(work: Awaitable[None]) -> int:
    """How often somebody else had the loop while the work was done."""
    turns, task = 0, asyncio.ensure_future(work)
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    await task
    return turns


async def test_long_work_is_done_in_slices_and_short_work_at_once():
    async def burn(seconds: float) -> None:
        began, slices = monotonic(), Slices()
        while monotonic() - began < seconds:
            await slices.turn()

    assert await turns_during(burn(20 * SLICE_SEC)) > 5
    assert await turns_during(burn(0.0)) <= 3


async def test_a_frame_of_events_is_taken_in_slices():
    hub = EventHub(FakeAgentLink(), EventChecks(FakeJsonReader()), FakeClock())
    watched = hub._watched("p")
    assert await turns_during(hub._take("p", watched, msgspec.json.encode(EVENTS))) > 5
    assert watched.agent_seq == len(EVENTS)


async def test_lines_of_events_are_checked_in_slices():
    async def chunks() -> AsyncIterator[bytes]:
        yield b"".join(msgspec.json.encode(event) + b"\n" for event in EVENTS)

    async def read() -> None:
        async for _ in EventChecks(FakeJsonReader()).checked_lines("p", chunks()):
            pass

    assert await turns_during(read()) > 5
