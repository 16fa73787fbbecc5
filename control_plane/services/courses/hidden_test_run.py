"""The hidden tests of one submission: in a project that exists for that alone, without a way out, and is gone afterwards.

While its environment is made, the project may reach the package index, and nothing from then on. The submission is run first,
and the tests come when it is over: so its code runs before there is anything to read. All that
comes from the sandbox is bounded, and taken for what a hostile student could have sent.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from control_plane.domain.errors import AimforgeError, SandboxFailed, SandboxMisbehaved
from control_plane.domain.hidden_tests import MAX_MESSAGE, MAX_POINTS, TestResult
from control_plane.domain.project import ProjectRecord
from control_plane.domain.sandbox import sentence
from control_plane.ports import AgentAddress, AgentLink, ArchiveStore, Clock, JsonReader
from control_plane.services.agent_answers import bounded, raise_for_agent
from control_plane.services.sandboxes.sandboxes import Sandboxes
from control_plane.services.unreadable import UNREADABLE
from sandbox_image.wire.limits import MAX_ANSWER, MAX_EDGES, MAX_JSON_BODY, MAX_NODES
from sandbox_image.wire.runs import RunKind, RunRequest

FIRST_LOOK_SEC: Final = 0.05
LAST_LOOK_SEC: Final = 1.0
REASON_SEC: Final = 5.0
MAKING: Final = frozenset({"not_started", "creating", "installing"})
OVER: Final = frozenset({"succeeded", "failed", "timed_out", "cancelled", "lost"})
ZIP: Final = {"content-type": "application/zip"}
RAN: Final = frozenset({"code", "result"})


class _Environment(msgspec.Struct, frozen=True):
    status: str


class _Node(msgspec.Struct, frozen=True):
    id: str
    title: str = ""
    kind: str = "code"


class _Edge(msgspec.Struct, frozen=True):
    source: str
    target: str


class _LeftOut(msgspec.Struct, frozen=True):
    edge: _Edge
    reason: str = ""


class _Added(msgspec.Struct, frozen=True):
    nodes: list[_Node]
    edges: list[_Edge]
    left_out: list[_LeftOut]


class _Started(msgspec.Struct, frozen=True):
    run_id: str
    status: str = ""


class _Error(msgspec.Struct, frozen=True):
    type: str = ""
    message: str = ""


class _Mime(msgspec.Struct, frozen=True):
    json: msgspec.Raw = msgspec.field(name="application/json", default=msgspec.Raw(b"null"))


class _Output(msgspec.Struct, frozen=True):
    mime: _Mime = _Mime()


class _Returned(msgspec.Struct, frozen=True):
    points: msgspec.Raw = msgspec.Raw(b"null")
    message: msgspec.Raw = msgspec.Raw(b"null")


class _NodeResult(msgspec.Struct, frozen=True):
    status: str
    error: _Error | None = None
    output: _Output | None = None


class _RunResult(msgspec.Struct, frozen=True):
    status: str
    nodes: dict[str, _NodeResult] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the tests said, by the hidden node's id, and what went wrong in the submission itself, for people."""

    results: Mapping[str, TestResult]
    message: str = ""


class HiddenTestRun:
    """The steps, in a project that was made from the submission."""

    def __init__(
        self,
        link: AgentLink,
        reader: JsonReader,
        sandboxes: Sandboxes,
        archives: ArchiveStore,
        clock: Clock,
        node_timeout_sec: float,
    ) -> None:
        """``node_timeout_sec`` holds for each node that says nothing of its own."""
        self._link = link
        self._reader = reader
        self._sandboxes = sandboxes
        self._archives = archives
        self._clock = clock
        self._node_timeout_sec = node_timeout_sec

    async def wake(self, project: ProjectRecord) -> None:
        """Wait for the project's turn to have a sandbox. Raises what keeps it from starting."""
        await self._sandboxes.ensure_ready(project.id)

    async def install(self, project: ProjectRecord) -> None:
        """Wait until the submission's environment is made, or until that has failed, which its nodes will say."""
        # Nobody types here: without this, a reaper with little patience would pause it as soon as the last package is there.
        with self._sandboxes.using(project.id):
            address = await self._sandboxes.ensure_ready(project.id)
            delay = FIRST_LOOK_SEC
            while (await self._ask(address, "GET", "/environment", _Environment)).status in MAKING:
                await self._clock.sleep(delay)
                delay = min(delay * 1.5, LAST_LOOK_SEC)

    async def shut(self, project: ProjectRecord) -> None:
        """Close the project's way out before anything of it runs. Raises what keeps it open."""
        await self._sandboxes.moves.open_gate(self._sandboxes.entry(project.id))

    async def run(self, project: ProjectRecord, tests_id: str, tests: Sequence[str]) -> Told:
        """Run the submission, add the tests, run them. Waits for as long as it takes: the caller has a deadline.

        Raises what keeps the tests from being run at all.
        """
        address = await self._sandboxes.ensure_ready(project.id)
        try:
            return await self._steps(address, tests_id, tests)
        except SandboxFailed as error:
            raise await self._with_reason(address, error) from error

    async def _steps(self, address: AgentAddress, tests_id: str, tests: Sequence[str]) -> Told:
        with self._sandboxes.using(address.project_id):
            run_id = await self._run_flow(address)
            added = await self._add(address, tests_id)
            unconnected = {left.edge.target: left.reason for left in added.left_out}
            results: dict[str, TestResult] = {}
            for node in in_order(added):
                result = await self._run_test(address, node.id, unconnected.get(node.id, ""))
                if node.id in tests:
                    results[node.id] = result
            went_wrong = "" if all(r.passed for r in results.values()) else await self._explain(address, run_id)
        missing = {id_: TestResult(passed=False, message="It was not among the tests.") for id_ in tests}
        return Told(results=missing | results, message=went_wrong)

    async def _with_reason(self, address: AgentAddress, error: SandboxFailed) -> SandboxFailed:
        """Return why the sandbox ended, which the engine tells a moment after its connections broke."""
        try:
            async with asyncio.timeout(REASON_SEC):
                reason = await asyncio.shield(self._sandboxes.end_of(address))
        except TimeoutError:
            return error
        return SandboxFailed(f"The submission's sandbox ended. {sentence(reason)}", reason)

    async def _run_flow(self, address: AgentAddress) -> str:
        """Run the submission as a whole; return the run's id. How it ends does not matter: tests of what failed will fail.

        It is looked at, not followed: what it prints stays in the sandbox.
        """
        request = RunRequest(kind=RunKind.FLOW, timeout_sec=self._node_timeout_sec)
        started = await self._ask(address, "POST", "/runs", _Started, query="wait=false", body=request)
        delay = FIRST_LOOK_SEC
        while True:
            runs = await self._ask(address, "GET", "/runs", list[_Started], query="limit=10")
            mine = next((run for run in runs if run.run_id == started.run_id), None)
            if mine is None or mine.status in OVER:
                return started.run_id
            await self._clock.sleep(delay)
            delay = min(delay * 1.5, LAST_LOOK_SEC)

    async def _add(self, address: AgentAddress, tests_id: str) -> _Added:
        async with (
            aclosing(self._archives.read(tests_id)) as chunks,
            self._link.stream(address, "POST", "/project/import", query="mode=add", body=chunks, headers=ZIP) as answer,
        ):
            body = await bounded(answer.body(), MAX_JSON_BODY)
            if answer.status >= 400:
                raise_for_agent(answer.status, body)
        return await self._read(address, body, _Added)

    async def _run_test(self, address: AgentAddress, node_id: str, unconnected: str) -> TestResult:
        request = RunRequest(kind=RunKind.NODE, node_id=node_id, timeout_sec=self._node_timeout_sec, use_cache=False)
        # A test may have a longer limit of its own: the caller's deadline ends what never answers.
        run = await self._ask(address, "POST", "/runs", _RunResult, body=request, timeout_sec=24 * 3600.0)
        result = run.nodes.get(node_id)
        if result is None:
            return TestResult(passed=False, message="The sandbox told nothing of this test.")
        if result.status == "succeeded":
            return passed(result)
        error = result.error or _Error(type=result.status)
        said = f"{error.type}: {error.message}" if error.message else error.type or result.status
        return TestResult(passed=False, message=cut(f"{said} ({unconnected})" if unconnected else said))

    async def _explain(self, address: AgentAddress, run_id: str) -> str:
        """Return which nodes of the submission failed; nothing where the sandbox tells too much or nothing of it."""
        try:
            run = await self._ask(address, "GET", f"/runs/{run_id}", _RunResult)
        except AimforgeError:
            return ""
        failed = [node.error for node in run.nodes.values() if node.error is not None]
        first = f"{failed[0].type}: {failed[0].message}" if failed else ""
        return cut(f"{len(failed)} of the submission's nodes failed. {first}") if failed else ""

    async def _ask(
        self,
        address: AgentAddress,
        method: str,
        path: str,
        type_: Any,
        *,
        query: str = "",
        body: RunRequest | None = None,
        timeout_sec: float = 60.0,
    ) -> Any:
        answer = await self._link.request(
            address,
            method,
            path,
            query=query,
            body=msgspec.json.encode(body) if body is not None else b"",
            headers={"content-type": "application/json"} if body is not None else {},
            timeout_sec=timeout_sec,
            max_body=MAX_ANSWER,
        )
        if answer.status >= 400:
            raise_for_agent(answer.status, answer.body)
        return await self._read(address, answer.body, type_)

    async def _read(self, address: AgentAddress, body: bytes, type_: Any) -> Any:
        """Decode what an agent answered, once all that nobody looks at was left out. Raises ``SandboxMisbehaved``."""
        kept = await self._reader.read(address.project_id, looked_at, body, type_, refusal=SandboxMisbehaved)
        return decoded(kept, type_)


def looked_at(body: bytes, type_: Any) -> bytes:
    """Keep of an agent's answer what the type has, as a work of ``ports.JsonReader``. Raises ``SandboxMisbehaved``."""
    found: Any = decoded(body, type_)
    many: Any = () if isinstance(found, _Environment | _Started) else getattr(found, "nodes", found)
    if len(many) > MAX_NODES or (isinstance(found, _Added) and len(found.edges) + len(found.left_out) > 2 * MAX_EDGES):
        raise SandboxMisbehaved("The sandbox's answer about the tests tells of more than there can be.")
    return msgspec.json.encode(found)


def decoded(body: bytes, type_: Any) -> Any:
    """Decode what an agent answered. Raises ``SandboxMisbehaved``."""
    try:
        return msgspec.json.decode(body, type=type_)
    except UNREADABLE as error:
        raise SandboxMisbehaved("The sandbox's answer about the tests cannot be read.") from error


def in_order(added: _Added) -> list[_Node]:
    """Return the nodes to run, each after those among them that it needs."""
    nodes = {node.id: node for node in added.nodes if node.kind in RAN}
    needs: dict[str, set[str]] = {id_: set() for id_ in nodes}
    for edge in added.edges:
        if edge.source in nodes and edge.target in nodes:
            needs[edge.target].add(edge.source)
    order: list[_Node] = []
    while needs:
        free = [id_ for id_, before in needs.items() if not before] or [next(iter(needs))]
        for id_ in free:
            order.append(nodes[id_])
            del needs[id_]
        needs = {id_: before - set(free) for id_, before in needs.items()}
    return order


def passed(result: _NodeResult) -> TestResult:
    """Read what a test returned: of a mapping, ``points`` and ``message`` are told."""
    output = result.output or _Output()
    returned = valued(output.mime.json, _Returned) or _Returned()
    return TestResult(
        passed=True,
        points=points_of(valued(returned.points, int | float)),
        message=cut(valued(returned.message, str) or ""),
    )


def valued(raw: msgspec.Raw, type_: Any) -> Any:
    """Return a value of that type; None for what is none. Of a list, say, nothing is made for that."""
    try:
        return msgspec.json.decode(raw, type=type_)
    except UNREADABLE:
        return None


def points_of(value: Any) -> float | None:
    """Return a number of points, None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    points = float(value) if abs(value) <= MAX_POINTS else math.nan
    return points if math.isfinite(points) else None


def cut(text: str) -> str:
    """Return a text as a table shows it: bounded, in one line, without what cannot be shown."""
    line = "".join(character if character.isprintable() else " " for character in text[: 4 * MAX_MESSAGE])
    line = " ".join(line.split())
    return line if len(line) <= MAX_MESSAGE else f"{line[: MAX_MESSAGE - 1]}…"
