"""A real executor over this interpreter's own environment, and a project that lives in a dictionary."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.executor import Executor, NodeJob, Outcome
from sandbox_image.agent.flow.runs import Runs
from sandbox_image.agent.flow.signature import read_ports
from sandbox_image.wire.environment import VenvState, VenvStatus
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.project import Edge, Node, NodeKind, Port, Ports, Position, Project
from sandbox_image.wire.runs import NodeResult, Output, RunKind, RunRequest, RunResult


class Environment:
    """The environment that the tests run in; ``change`` pretends that a package came or went."""

    def __init__(self) -> None:
        self.python = Path(sys.prefix) / "bin" / "python"
        self.fingerprint = "1"
        self.status = VenvStatus(status=VenvState.COMPLETED, usable=True)
        self._callbacks: list[Callable[[], None]] = []

    async def ready(self) -> None:
        return None

    def on_change(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def change(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        for callback in self._callbacks:
            callback()


@dataclass
class Heard:
    """Collects what a run shows."""

    streams: list[tuple[str, str, int]] = field(default_factory=list[tuple[str, str, int]])
    displays: list[Output] = field(default_factory=list[Output])
    first: asyncio.Event = field(default_factory=asyncio.Event)

    def stream(self, name: str, text: str, offset: int) -> None:
        self.streams.append((name, text, offset))
        self.first.set()

    def display(self, output: Output) -> None:
        self.displays.append(output)


class Bench:
    """An executor with short cuts for tests."""

    def __init__(self, executor: Executor, environment: Environment, workspace: Path) -> None:
        self.executor = executor
        self.environment = environment
        self.workspace = workspace

    async def run(self, source: str, heard: Heard | None = None, **job: Any) -> Outcome:
        job = {"file": "nodes/a.py", **job}
        return await self.executor.execution(NodeJob(source=source, **job), heard or Heard()).run()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    environment = Environment()
    async with Executor(environment, tmp_path) as executor:
        yield Bench(executor, environment, tmp_path)


class Graph:
    """A project in memory, which the flow engine reads as it reads the project store."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.sources: dict[str, bytes] = {}
        self.edges: list[Edge] = []

    def code_node(self, name: str, source: str, **fields: Any) -> None:
        self.sources[name] = source.encode()
        ports = read_ports(source, legacy=fields.get("legacy", False))
        self._add(name, file=f"nodes/{name}.py", ports=ports, **fields)

    def input_node(self, name: str, value: Any, kind: str = "text") -> None:
        settings = {"input": kind, "value": value}
        self._add(name, kind=NodeKind.INPUT, settings=settings, ports=Ports(outputs=[Port(name="output")]))

    def result_node(self, name: str) -> None:
        ports = Ports(inputs=[Port(name="input_data")], outputs=[Port(name="output")], merges=True)
        self._add(name, kind=NodeKind.RESULT, ports=ports)

    def link(self, source: str, target: str, source_port: str = "output", target_port: str = "") -> None:
        edge_id = f"{source}.{source_port}-{target}.{target_port}"
        edge = Edge(id=edge_id, source=source, target=target, source_port=source_port, target_port=target_port)
        self.edges.append(edge)

    def read(self) -> tuple[Project, str]:
        return Project(name="p", nodes=list(self.nodes.values()), edges=list(self.edges)), "etag"

    def source(self, node: Node) -> bytes:
        if node.id not in self.sources:
            raise AgentError(ErrorCode.NOT_FOUND, f"no source of {node.id}")
        return self.sources[node.id]

    def _add(self, name: str, **fields: Any) -> None:
        self.nodes[name] = Node(id=name, title=name.title(), position=Position(x=0, y=0), **fields)


class Published:
    """The project's events."""

    def __init__(self) -> None:
        self.data: list[Any] = []

    def publish(self, data: Any, by: str = "") -> None:
        self.data.append(data)


class FlowBench:
    """A flow engine over a graph in memory, with short cuts for tests."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.graph = Graph()
        self.published = Published()
        self.runs = self.engine()

    def engine(self, **options: Any) -> Runs:
        """A new life of the engine over the same folder."""
        environment, workspace = self.bench.environment, self.bench.workspace
        return Runs(self.graph, self.bench.executor, environment, self.published, workspace, **options)

    async def flow(self, **request: Any) -> RunResult:
        run = self.runs.start(RunRequest(kind=RunKind.FLOW, **request))
        await run.done.wait()
        return run.result()

    async def node(self, node_id: str, **request: Any) -> NodeResult:
        run = self.runs.start(RunRequest(kind=RunKind.NODE, node_id=node_id, **request))
        await run.done.wait()
        return run.result().nodes[node_id]


@pytest.fixture
async def flows(bench: Bench) -> AsyncIterator[FlowBench]:
    found = FlowBench(bench)
    async with found.runs:
        yield found


def plain_json(result: NodeResult | Outcome) -> Any:
    """The JSON representation of what a node returned."""
    assert result.output is not None, result.error
    return result.output.mime["application/json"]


async def gone(pid: int) -> None:
    """Wait until a process has ended; a zombie that its parent has not yet collected has."""
    async with asyncio.timeout(60):
        while True:
            try:
                if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                    return
            except (FileNotFoundError, ProcessLookupError):
                return
            await asyncio.sleep(0.01)
