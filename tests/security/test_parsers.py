"""Whatever bytes a sandbox sends as JSON end in a value of the agreed type, or in a typed error.

Parsers of other bytes are held to the same beside their own tests: HTTP answers and WebSocket frames of agents in
``agent_link``, the proxy's requests and TLS hellos in ``egress``, the roles' frames in ``launcher``, archives and names in
the agent. ``docs/security-model.md`` lists them.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from control_plane.api.readings import parse, shaped
from control_plane.api.run_report import words
from control_plane.api.schemas import NewProject
from control_plane.domain.errors import AimforgeError
from control_plane.services.agent_answers import error_code, raise_for_agent
from control_plane.services.courses.hidden_test_run import decoded
from control_plane.services.events.event_checks import EventChecks
from control_plane.services.events.event_hub import EventHub
from control_plane.services.sandboxes.agent_health import check_health
from sandbox_image.wire.agent import Activity, Health, Usage
from sandbox_image.wire.errors import ErrorBody
from sandbox_image.wire.events import RunFinished
from sandbox_image.wire.project import Node, Position, Project
from sandbox_image.wire.runs import NodeResult, Output, RunKind, RunResult, RunStatus
from sandbox_image.wire.version import API_VERSION
from tests.fakes.agent_link import FakeAgentLink
from tests.fakes.clock import FakeClock
from tests.fakes.json_reader import FakeJsonReader

DEEP = b"[" * 200_000
"""Deeper than any stack."""
RESULT = RunResult(
    run_id="r",
    kind=RunKind.NODE,
    status=RunStatus.SUCCEEDED,
    created_at=1.0,
    nodes={"n": NodeResult(node_id="n", status=RunStatus.SUCCEEDED, output=Output(type="int", mime={}, size=1))},
)
PROJECT = Project(name="P", nodes=[Node(id="n", title="N", position=Position(x=0, y=0), file="nodes/n.py")])
EVENT = {
    "seq": 1,
    "at": 1.0,
    "type": "run_finished",
    "data": RunFinished(run_id="r", status=RunStatus.LOST, duration_ms=1),
}


def lines(data: bytes) -> None:
    """Pass data through the check of streamed events, in two pieces."""

    async def chunks() -> AsyncIterator[bytes]:
        yield data[: len(data) // 2]
        yield data[len(data) // 2 :]

    async def read() -> None:
        async for _ in EventChecks(FakeJsonReader()).checked_lines("p", chunks()):
            pass

    asyncio.run(read())


def frame(data: bytes) -> None:
    """Let the event hub take a frame of an agent."""
    hub = EventHub(FakeAgentLink(), EventChecks(FakeJsonReader()), FakeClock())
    asyncio.run(hub._take("p", hub._watched("p"), data))


@dataclass(frozen=True)
class Parser:
    read: Callable[[bytes], Any]
    good: bytes


def shape(type_: Any, good: Any) -> Parser:
    return Parser(lambda data: shaped(data, type_), msgspec.json.encode(good))


PARSERS = {
    "an answer with a run": shape(RunResult, RESULT),
    "an answer with a graph": shape(Project, PROJECT),
    "an answer with a usage": shape(Usage, Usage()),
    "an answer about hidden tests": Parser(lambda data: decoded(data, RunResult), msgspec.json.encode(RESULT)),
    "a health": Parser(lambda data: check_health(200, data), msgspec.json.encode(Health(api_version=API_VERSION))),
    "an error": Parser(
        lambda data: raise_for_agent(404, data), msgspec.json.encode(ErrorBody(error="not_found", message="x"))
    ),
    "what may be an error": Parser(error_code, msgspec.json.encode(ErrorBody(error="not_found", message="x"))),
    "streamed events": Parser(lines, msgspec.json.encode(EVENT) + b"\n"),
    "a frame of events": Parser(frame, msgspec.json.encode([EVENT])),
    "words of a run": Parser(words, msgspec.json.encode(EVENT)),
    "a client's body": Parser(lambda data: parse(data, NewProject), b'{"name": "x"}'),
}

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


def spoiled(good: bytes) -> st.SearchStrategy[bytes]:
    """Good bytes with a piece cut out, put in, or written over."""
    place = st.integers(0, len(good))
    return st.builds(
        lambda start, length, piece: good[:start] + piece + good[start + length :], place, place, st.binary(max_size=8)
    )


def nested(good: bytes) -> bytes:
    """Good bytes with a member that nobody asked for, nested deeper than the stack."""
    return good.replace(b"{", b'{"more":' + DEEP + b",", 1)


@pytest.mark.parametrize("name", PARSERS)
def test_any_bytes_end_in_a_value_or_a_typed_error(name: str):
    parser = PARSERS[name]

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()) | spoiled(parser.good))
    @example(DEEP)
    @example(nested(parser.good))
    @example(b'{"a":' * 100_000)
    @example(b"\xff\xfe")
    @example(b'"\\ud800"')
    @example(b"9" * 5000)
    def hold(data: bytes) -> None:
        said = refusal(parser, data)
        assert said is None or 0 < len(said) < 2000

    hold()
    # The control: what is as agreed is read.
    assert refusal(parser, parser.good) == ("x" if name == "an error" else None)


def refusal(parser: Parser, data: bytes) -> str | None:
    """What people are told of these bytes; None when they are read."""
    try:
        parser.read(data)
    except AimforgeError as error:
        return error.message
    return None


async def test_one_agent_that_answers_with_brackets_keeps_no_other_sandbox_awake():
    """The reaper looks at all sandboxes at once: a fault with one must not end the look."""
    from tests.fakes.world import POLICY, open_world

    async with open_world() as world:
        hostile, other = await world.ready("Hostile"), await world.ready("Other")
        world.link.agent(hostile).answer("GET", "/activity", nested(msgspec.json.encode(Activity(busy=[], idle_sec=0))))
        world.link.agent(other).answer("GET", "/activity", Activity(busy=[], idle_sec=1e6))
        await world.clock.advance(POLICY.idle_pause_sec + 1)
        await world.reaper.look()
        await world.clock.advance(1)
        assert {world.state(hostile).value, world.state(other).value} == {"paused"}
