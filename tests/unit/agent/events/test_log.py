import asyncio
import json

import pytest

from sandbox_image.agent.events import EventLog
from sandbox_image.agent.events.log import Lagging
from sandbox_image.wire.closing import CloseCode
from sandbox_image.wire.events import FilesChanged, NodeFinished, NodeStream, ProjectChanged
from sandbox_image.wire.limits import MAX_EVENT, MAX_EVENT_FRAME
from sandbox_image.wire.runs import NodeResult, RunStatus


def stream(text: str = "x") -> NodeStream:
    return NodeStream(run_id="r", node_id="n", stream="stdout", text=text)


async def test_events_are_numbered_and_coalesced_into_one_frame():
    log = EventLog()
    with log.subscribe() as subscription:
        log.publish(ProjectChanged(etag="a"), by="ada")
        log.publish(stream())
        events = json.loads(await subscription.next_frame())
    assert [(event["seq"], event["type"]) for event in events] == [(1, "project_changed"), (2, "node_stream")]
    assert events[0]["data"] == {"etag": "a", "by": "ada"}


async def test_a_waiting_subscriber_is_woken():
    log = EventLog()
    with log.subscribe() as subscription:
        waiting = asyncio.ensure_future(subscription.next_frame())
        await asyncio.sleep(0)
        log.publish(stream())
        assert json.loads(await asyncio.wait_for(waiting, 60))[0]["seq"] == 1


async def test_a_client_that_comes_back_misses_nothing():
    log = EventLog()
    for _ in range(5):
        log.publish(stream())
    with log.subscribe(after=2, epoch=log.epoch) as subscription:
        assert [event["seq"] for event in json.loads(await subscription.next_frame())] == [3, 4, 5]


@pytest.mark.parametrize(("after", "epoch"), [(1, None), (11, None), (10, "other")])
async def test_a_number_that_is_not_held_means_reload(after: int, epoch: str | None):
    log = EventLog(ring=4)
    for _ in range(10):
        log.publish(stream())
    log.subscribe(after=6, epoch=log.epoch)
    with pytest.raises(Lagging) as raised:
        log.subscribe(after=after, epoch=epoch or log.epoch)
    assert raised.value.code is CloseCode.RELOAD


async def test_a_slow_subscriber_is_cut_off_and_a_quick_one_is_not():
    log = EventLog(ring=4)
    with log.subscribe() as slow, log.subscribe() as quick:
        for number in range(1, 10):
            log.publish(stream())
            assert json.loads(await quick.next_frame())[0]["seq"] == number
        with pytest.raises(Lagging) as raised:
            await slow.next_frame()
    assert raised.value.code is CloseCode.SLOW_CONSUMER


async def test_the_ring_is_bounded_in_bytes():
    log = EventLog(ring_bytes=10_000)
    for _ in range(100):
        log.publish(stream("x" * 1000))
    with pytest.raises(Lagging):
        log.subscribe(after=80, epoch=log.epoch)
    log.subscribe(after=95, epoch=log.epoch)


async def test_frames_stay_below_their_limit():
    log = EventLog()
    with log.subscribe() as subscription:
        for _ in range(5):
            log.publish(stream("x" * (MAX_EVENT - 1000)))
        frames: list[bytes] = []
        while subscription.cursor < log.seq:
            frames.append(await subscription.next_frame())
    assert len(frames) > 1
    assert all(len(frame) <= MAX_EVENT_FRAME for frame in frames)
    assert sum(len(json.loads(frame)) for frame in frames) == 5


async def test_an_oversized_event_is_shrunk_to_what_identifies_it():
    log = EventLog()
    result = NodeResult(node_id="n", status=RunStatus.SUCCEEDED, stdout="x" * MAX_EVENT)
    with log.subscribe() as subscription:
        log.publish(NodeFinished(run_id="r", result=result))
        log.publish(FilesChanged(changed=["y" * 100] * 10_000))
        finished, files = json.loads(await subscription.next_frame())
    assert finished["data"]["result"]["status"] == "succeeded"
    assert finished["data"]["result"]["stdout"] == ""
    assert files["data"]["overflow"] is True
