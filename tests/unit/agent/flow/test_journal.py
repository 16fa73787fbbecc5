import asyncio

import msgspec

from sandbox_image.agent.flow.journal import Journal
from sandbox_image.wire.events import NodeFinished, NodeStatus
from sandbox_image.wire.limits import MAX_EVENT
from sandbox_image.wire.runs import NodeResult, RunStatus


def status(node: str) -> NodeStatus:
    return NodeStatus(run_id="r", node_id=node, status=RunStatus.RUNNING)


async def read(journal: Journal, after: int = 0, *, follow: bool = False) -> list[int]:
    lines = [line async for block in journal.follow(after, follow=follow) for line in block.splitlines()]
    return [msgspec.json.decode(line)["seq"] for line in lines]


async def test_events_are_numbered_from_one_and_read_from_any_number() -> None:
    journal = Journal()
    for node in "abc":
        journal.append(status(node))
    assert await read(journal) == [1, 2, 3]
    assert await read(journal, after=2) == [3]
    assert await read(journal, after=99) == []
    assert await read(Journal(journal.lines()[1:], closed=True)) == [2, 3]


async def test_followers_get_what_comes_until_the_end() -> None:
    journal = Journal()
    journal.append(status("a"))
    followers = [asyncio.ensure_future(read(journal, follow=True)) for _ in range(2)]
    await asyncio.sleep(0)
    journal.append(status("b"))
    await asyncio.sleep(0)
    journal.append(status("c"))
    journal.close()
    assert await asyncio.gather(*followers) == [[1, 2, 3], [1, 2, 3]]


async def test_an_event_that_is_too_large_is_reduced() -> None:
    journal = Journal()
    result = NodeResult(node_id="a", status=RunStatus.SUCCEEDED, stdout="x" * (MAX_EVENT + 1))
    journal.append(NodeFinished(run_id="r", result=result))
    assert len(journal.lines()[0]) < 1000


async def test_long_journals_come_in_blocks() -> None:
    journal = Journal()
    result = NodeResult(node_id="a", status=RunStatus.SUCCEEDED, stdout="x" * (MAX_EVENT - 1000))
    for _ in range(7):
        journal.append(NodeFinished(run_id="r", result=result))
    blocks = [block.count(b"\n") async for block in journal.follow(1, follow=False)]
    assert blocks == [3, 3]
    assert await read(journal, after=1) == [2, 3, 4, 5, 6, 7]
