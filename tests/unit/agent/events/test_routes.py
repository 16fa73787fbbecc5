import asyncio
import json

from starlette.types import Message

from sandbox_image.agent.app import application
from sandbox_image.agent.events import EventLog, routes
from sandbox_image.wire.closing import CloseCode
from sandbox_image.wire.events import NodeStream


class Client:
    """One end of a WebSocket in memory, whose reader can stall."""

    def __init__(self, log: EventLog, query: str = "") -> None:
        self._app = application(routes(log))
        self._scope = {
            "type": "websocket",
            "path": "/events",
            "query_string": query.encode(),
            "headers": [],
            "subprotocols": [],
        }
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._incoming.put_nowait({"type": "websocket.connect"})
        self.sent: asyncio.Queue[Message] = asyncio.Queue()
        self.reads = asyncio.Event()
        self.reads.set()

    async def _send(self, message: Message) -> None:
        self.sent.put_nowait(message)
        await self.reads.wait()

    async def run(self) -> None:
        await self._app(self._scope, self._incoming.get, self._send)

    def leave(self) -> None:
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def next(self) -> Message:
        return await asyncio.wait_for(self.sent.get(), 60)


def publish(log: EventLog, count: int) -> None:
    for _ in range(count):
        log.publish(NodeStream(run_id="r", node_id="n", stream="stdout", text="x"))


async def test_a_client_gets_events_until_it_leaves():
    log = EventLog()
    client = Client(log)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(client.run())
        assert (await client.next())["type"] == "websocket.accept"
        assert json.loads((await client.next())["text"]) == {"epoch": log.epoch, "seq": 0}
        publish(log, 2)
        assert [event["seq"] for event in json.loads((await client.next())["text"])] == [1, 2]
        client.leave()


async def test_a_client_that_stalls_is_cut_off_with_a_code_and_holds_up_nobody():
    log = EventLog(ring=4)
    slow, quick = Client(log), Client(log)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(slow.run())
        tasks.create_task(quick.run())
        for client in (slow, quick):
            assert [(await client.next())["type"] for _ in range(2)] == ["websocket.accept", "websocket.send"]
        slow.reads.clear()
        for number in range(1, 10):
            publish(log, 1)
            assert json.loads((await quick.next())["text"])[0]["seq"] == number
        slow.reads.set()
        messages = [await slow.next()]
        while messages[-1]["type"] != "websocket.close":
            messages.append(await slow.next())
        assert messages[-1]["code"] == CloseCode.SLOW_CONSUMER
        quick.leave()


async def test_a_place_that_is_no_number_is_refused():
    client = Client(EventLog(), "after=soon")
    await asyncio.wait_for(client.run(), 60)
    messages = [await client.next() for _ in range(2)]
    assert [message["type"] for message in messages] == ["websocket.accept", "websocket.close"]
    assert (messages[1]["code"], messages[1]["reason"][:26]) == (CloseCode.BAD_FRAME, "after must be a whole numb")
