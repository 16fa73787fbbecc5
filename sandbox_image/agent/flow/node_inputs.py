"""What reaches a node: from nodes of the same run, or from what earlier runs left."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from sandbox_image.agent.errors import AgentError
from sandbox_image.agent.executor import Executor, Input, JsonInput, KeyedInputs, PythonEnvironment
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.project import Edge, Node, NodeKind

from . import digests
from .cache import ResultCache
from .cause import Cause
from .constants import constant
from .keeper import Keeper
from .outside import Graph
from .own_modules import OwnModules
from .plan import Plan, edge_label, port_edges
from .results import Given, Produced


class MissingInput(Exception):
    """A node cannot run because something that it needs is not there. The message names it and says what to do."""


class Parts(Struct, frozen=True):
    """What runs are made of; the same for all runs of a project."""

    workspace: Path
    graph: Graph
    executor: Executor
    environment: PythonEnvironment
    cache: ResultCache
    keeper: Keeper
    files: digests.FileDigests
    modules: OwnModules


class Arrived(Struct, frozen=True):
    """A node's inputs: by port for the executor, by label for its cause."""

    by_port: Mapping[str, Input]
    by_label: Mapping[str, tuple[Produced, str]]


class Inputs:
    """Finds the inputs of nodes in one run. ``produced`` grows as nodes of the run succeed."""

    def __init__(self, plan: Plan, parts: Parts) -> None:
        self.produced: dict[str, Produced] = {}
        self._plan = plan
        self._parts = parts

    async def arrived(self, node: Node, input_data: Any | UnsetType = UNSET) -> Arrived:
        """Return what reaches the node; ``input_data``, if there is any, goes to its first port. Raises ``MissingInput``."""
        by_port: dict[str, Input] = {}
        by_label: dict[str, tuple[Produced, str]] = {}
        wired = port_edges(node, self._plan.graph.incoming[node.id])
        for index, port in enumerate(node.ports.inputs):
            if index == 0 and input_data is not UNSET:
                given = given_json(input_data)
                by_port[port.name] = given.values["output"]
                by_label[port.name] = (given, "output")
            elif port.name in wired:
                by_port[port.name] = await self._port(node, port.name, wired[port.name], by_label)
            elif (node.ports.merges and not node.legacy) or node.ports.merges:
                by_port[port.name] = JsonInput(None)
            elif port.required:
                raise MissingInput(
                    f"Nothing is connected to the input `{port.name}` of {node.title}. Connect a node to it."
                )
        return Arrived(by_port, by_label)

    async def _port(self, node: Node, port: str, edges: list[Edge], by_label: dict[str, tuple[Produced, str]]) -> Input:
        items: list[tuple[str, Given]] = []
        keys: set[str] = set()
        for edge in edges:
            source = self._plan.nodes[edge.source]
            produced = await self.of(source)
            value = produced.values.get(edge.source_port)
            if value is None:
                raise MissingInput(
                    f"{source.title} has no output `{edge.source_port}`. Connect another one of its outputs."
                )
            key = edge_label(node, edge, source)
            if key in keys:
                raise MissingInput(
                    f"Two connections give {node.title} a value called `{key}`. Rename a node, or draw one of them anew."
                )
            keys.add(key)
            by_label[port if len(edges) == 1 else f"{port} from {key}"] = (produced, edge.source_port)
            items.append((key, value))
        return items[0][1] if len(items) == 1 else KeyedInputs(items)

    async def of(self, source: Node) -> Produced:
        """Return what a node produced, in this run or before. Raises ``MissingInput``."""
        found = self.produced.get(source.id)
        if found is not None:
            return found
        if source.kind is NodeKind.INPUT:
            found = await self.constant(source)
        elif source.kind is NodeKind.RESULT and len(self._plan.graph.incoming[source.id]) == 1:
            edge = self._plan.graph.incoming[source.id][0]
            before = await self.of(self._plan.nodes[edge.source])
            found = passed_on(before, edge.source_port)
        else:
            found = await self._from_cache(source)
        self.produced[source.id] = found
        return found

    async def constant(self, node: Node) -> Produced:
        """Return the value of an input node. Raises ``MissingFile``."""
        values = self._plan.params.values
        given = {"value": values[node.id]} if node.id in values else {}
        if node.settings.get("input") == "file":
            value, digest = await asyncio.to_thread(constant, node, given, self._parts.files)
        else:
            value, digest = constant(node, given, self._parts.files)
        return Produced({"output": value}, json_digest=digest)

    async def _from_cache(self, source: Node) -> Produced:
        await self._parts.keeper.settled(source.id)
        result = self._parts.cache.last_result(source.id)
        if result is None:
            raise MissingInput(f"{source.title} has no cached result. Run it first, or run the flow from there.")
        values: dict[str, Given] = {stored.port: self._parts.cache.value(stored) for stored in result.values}
        return Produced(values, output=result.output)


def given_json(value: Any) -> Produced:
    """Return a JSON value as if a node had produced it."""
    return Produced({"output": JsonInput(value)}, json_digest=digests.of_json(["json", value]))


def passed_on(before: Produced, port: str) -> Produced:
    """Return what a result node with one edge gives: what it got. Raises ``MissingInput``."""
    value = before.values.get(port)
    if value is None:
        raise MissingInput(f"There is no output `{port}` any more. Connect another one.")
    return Produced({"output": value}, output=before.output, json_digest=before.json_digest)


class Causes:
    """Computes what a node's result depends on, as the project is now."""

    def __init__(self, plan: Plan, parts: Parts) -> None:
        self._plan = plan
        self._parts = parts
        self._environment = parts.environment.fingerprint
        self._made = parts.environment.status.usable

    def source(self, node: Node) -> str:
        """Return a code node's source. Raises ``SyntaxError`` when it is no text, ``AgentError`` when it is not there."""
        data = self._parts.graph.source(node)
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise SyntaxError(f"line {line}: the source is not UTF-8") from error

    def settings(self, node: Node) -> dict[str, Any]:
        """Return the settings to pass. Raises ``MissingInput`` for one that has neither value nor default."""
        given = {**node.settings, **self._plan.params.settings.get(node.id, {})}
        for setting in node.ports.settings:
            if setting.required and setting.name not in given:
                raise MissingInput(f"The setting `{setting.name}` of {node.title} has no value. Fill it in.")
        return {setting.name: given[setting.name] for setting in node.ports.settings if setting.name in given}

    async def of(self, node: Node, source: str, settings: Mapping[str, Any]) -> Cause:
        """Return the cause without its inputs."""
        paths = [*node.files, *self.own_modules(node, source)]
        found: dict[str, str] = {}
        if paths:
            found = await asyncio.to_thread(lambda: {path: self._parts.files.of(path) for path in paths})
        return Cause(
            code=digests.of_bytes(source.encode()),
            settings={name: digests.of_json(value) for name, value in settings.items()},
            files=found,
            environment=self._environment,
            outputs=[port.name for port in node.ports.outputs],
        )

    def as_run(self, cause: Cause) -> Cause:
        """Return the cause of what has run: a run that began while the environment was made knows it only now."""
        if not self._made:
            self._made, self._environment = True, self._parts.environment.fingerprint
        return msgspec.structs.replace(cause, environment=self._environment)

    def own_modules(self, node: Node, source: str) -> list[str]:
        """Return the modules of the workspace that a node imports: they are part of its code."""
        return self._parts.modules.of(node.file, source) if node.kind is NodeKind.CODE else []


def not_found(run_id: str) -> AgentError:
    """Return the refusal of an unknown run."""
    return AgentError(ErrorCode.NOT_FOUND, f"There is no run {run_id[:60]!r}; only the last ones are kept.")
