"""Events: in order, none lost, none that a sandbox may not send, and no viewer slowed by another."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from control_plane.domain.people import LOCAL_PERSON, Person
from control_plane.services.events import event_stream
from control_plane.services.events.event_stream import EventStream, ReloadNeeded, SlowConsumer, Subscription
from sandbox_image.wire import events
from tests.fakes.agent_link import Asked, Peer
from tests.fakes.clock import settle
from tests.fakes.world import World, open_world

BOB = Person(id="bob", name="Bob")


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world() as opened:
        yield opened


class Agent:
    """The agent's end of the event stream: remembers how it was asked, and sends what the test says."""

    def __init__(self, world: World, project_id: str, epoch: str = "a1") -> None:
        self.epoch = epoch
        self.queries: list[str] = []
        self.peer: Peer | None = None
        self.seq = 0
        world.link.agent(project_id).on_socket("/events", self.serve)

    async def serve(self, peer: Peer, asked: Asked) -> None:
        self.queries.append(asked.query)
        self.peer = peer
        peer.send(json.dumps({"epoch": self.epoch, "seq": self.seq}))
        await peer.receive()

    def send(self, type_: str, data: dict[str, Any], seq: int | None = None) -> None:
        assert self.peer is not None
        self.seq = self.seq + 1 if seq is None else seq
        self.peer.send(json.dumps([{"seq": self.seq, "at": 5.0, "type": type_, "data": data}]))

    def close(self, code: int) -> None:
        assert self.peer is not None
        self.peer.close(code)


async def take(subscription: Subscription, count: int) -> list[dict[str, Any]]:
    got: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        while len(got) < count:
            got += json.loads(await subscription.next_frame())
    return got


def types(got: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in got]


async def test_agents_events_are_joined_with_ours_under_our_numbers(world: World):
    project_id = await world.ready()
    agent = Agent(world, project_id)
    async with world.hub.subscribe(project_id, person=LOCAL_PERSON) as viewer:
        await settle()
        agent.send("files_changed", {"changed": ["a.csv"]})
        await settle()
        world.hub.publish(project_id, events.EgressDenied(host="example.com", port=443, reason="not allowed"))
        got = await take(viewer, 3)
        hello = json.loads(viewer.first)
        assert types(got) == ["presence", "files_changed", "egress_denied"]
        assert [event["seq"] for event in got] == [hello["seq"] + n for n in (1, 2, 3)]
        assert got[0]["data"] == {"people": [{"id": "local", "name": "You"}]}
        assert agent.queries == ["after=0"]


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("sandbox", {"state": "ready"}),
        ("presence", {"people": []}),
        ("egress_denied", {"host": "h", "port": 1, "reason": ""}),
        ("no_such_type", {}),
        ("files_changed", {"changed": "not a list"}),
        ("run_finished", {"run_id": 5}),
    ],
)
async def test_what_a_sandbox_may_not_send_is_dropped_and_the_rest_goes_on(world: World, type_: str, data: Any):
    project_id = await world.ready()
    agent = Agent(world, project_id)
    async with world.hub.subscribe(project_id, person=LOCAL_PERSON) as viewer:
        await settle()
        agent.send(type_, data)
        agent.send("files_changed", {"changed": ["good"]})
        got = await take(viewer, 2)
        assert types(got) == ["presence", "files_changed"]
        assert got[1]["data"] == {"changed": ["good"]}


async def test_a_lost_connection_to_the_agent_loses_and_repeats_nothing(world: World):
    project_id = await world.ready()
    agent = Agent(world, project_id)
    async with world.hub.subscribe(project_id, person=LOCAL_PERSON) as viewer:
        await settle()
        agent.send("files_changed", {"changed": ["1"]})
        await settle()
        agent.close(1001)
        await world.clock.advance(10)
        assert agent.queries[-1] == "after=1&epoch=a1"
        agent.send("files_changed", {"changed": ["1"]}, seq=1)
        agent.send("files_changed", {"changed": ["2"]}, seq=2)
        got = await take(viewer, 3)
        assert [event["data"].get("changed") for event in got] == [None, ["1"], ["2"]]


async def test_garbage_for_a_frame_ends_the_connection_and_following_goes_on(world: World):
    project_id = await world.ready()
    agent = Agent(world, project_id)
    async with world.hub.subscribe(project_id, person=LOCAL_PERSON) as viewer:
        await settle()
        assert agent.peer is not None
        agent.peer.send("{not json")
        await world.clock.advance(10)
        assert len(agent.queries) == 2
        agent.send("files_changed", {})
        assert types(await take(viewer, 2)) == ["presence", "files_changed"]


async def test_when_the_agent_lost_events_viewers_are_told_to_reload(world: World):
    project_id = await world.ready()
    agent = Agent(world, project_id)
    async with world.hub.subscribe(project_id, person=LOCAL_PERSON) as viewer:
        await settle()
        epoch = json.loads(viewer.first)["epoch"]
        agent.close(4012)
        await settle()
        with pytest.raises(ReloadNeeded):
            await take(viewer, 99)
    with pytest.raises(ReloadNeeded):
        async with world.hub.subscribe(project_id, person=LOCAL_PERSON, after=1, epoch=epoch):
            pass


async def test_a_new_generation_is_read_from_its_beginning(world: World):
    project_id = await world.ready()
    agent = Agent(world, project_id)
    async with world.hub.subscribe(project_id, person=LOCAL_PERSON) as viewer:
        await settle()
        agent.send("files_changed", {"changed": ["old"]})
        await settle()
        agent.close(1006)
        await world.sandboxes.restart(project_id)
        agent.epoch, agent.seq = "a2", 0
        await world.clock.advance(10)
        assert agent.queries[-1] == "after=0"
        agent.send("files_changed", {"changed": ["new"]})
        changed: list[list[str]] = []
        while len(changed) < 2:
            got = await take(viewer, 1)
            changed += [event["data"]["changed"] for event in got if event["type"] == "files_changed"]
        assert changed == [["old"], ["new"]]


async def test_a_viewer_that_comes_back_gets_what_it_missed():
    stream = EventStream()
    async with stream.subscribe(LOCAL_PERSON, None, "") as viewer:
        epoch = json.loads(viewer.first)["epoch"]
    for host in ("a", "b", "c"):
        stream.publish(1.0, events.EgressDenied(host=host, port=1, reason=""))
    async with stream.subscribe(LOCAL_PERSON, 1, epoch) as viewer:
        stream.publish(1.0, events.EgressDenied(host="d", port=1, reason=""))
        got = await take(viewer, 3)
    assert [(event["seq"], event["data"]["host"]) for event in got] == [(2, "b"), (3, "c"), (4, "d")]


@pytest.mark.parametrize(("after", "epoch"), [(5, None), (0, "other"), (-1, None)])
async def test_numbers_that_are_not_held_ask_for_a_reload(after: int, epoch: str | None):
    stream = EventStream()
    stream.publish(1.0, events.Presence())
    with pytest.raises(ReloadNeeded):
        async with stream.subscribe(LOCAL_PERSON, after, epoch or stream.epoch):
            pass
    async with stream.subscribe(LOCAL_PERSON, 1, stream.epoch):
        pass


async def test_the_ring_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(event_stream, "EVENT_RING", 10)
    stream = EventStream()
    for _ in range(25):
        stream.publish(1.0, events.Presence())
    with pytest.raises(ReloadNeeded):
        async with stream.subscribe(LOCAL_PERSON, 14, stream.epoch):
            pass
    async with stream.subscribe(LOCAL_PERSON, 15, stream.epoch) as viewer:
        assert len(await take(viewer, 10)) == 10


async def test_a_slow_viewer_is_cut_off_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(event_stream, "QUEUE_BYTES", 5000)
    stream = EventStream()
    async with stream.subscribe(LOCAL_PERSON, None, "") as slow, stream.subscribe(BOB, None, "") as fast:
        for _ in range(100):
            stream.publish(1.0, events.Presence())
            assert types(await take(fast, 1)) == ["presence"]
        with pytest.raises(SlowConsumer):
            await slow.next_frame()


async def test_who_watches_is_told_as_they_come_and_go(world: World):
    project = await world.make()
    async with world.hub.subscribe(project.id, person=LOCAL_PERSON) as viewer:
        async with world.hub.subscribe(project.id, person=BOB):
            assert {person.id for person in world.hub.people(project.id)} == {"local", "bob"}
        got = await take(viewer, 3)
    assert [len(event["data"]["people"]) for event in got] == [1, 2, 1]


async def test_a_fault_of_ours_with_one_project_leaves_the_others_alone(world: World):
    broken, fine = await world.ready("broken"), await world.ready("fine")

    def connect(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    agent = Agent(world, fine)
    real = world.link.connect
    async with world.hub.subscribe(fine, person=LOCAL_PERSON) as viewer:
        await settle()
        world.link.connect = connect  # pyright: ignore[reportAttributeAccessIssue]
        async with world.hub.subscribe(broken, person=LOCAL_PERSON):
            await settle()
        world.link.connect = real
        agent.send("files_changed", {})
        assert types(await take(viewer, 2)) == ["presence", "files_changed"]
